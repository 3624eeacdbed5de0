"""Content negotiation: media type, indentation, gzip, and the preferences of Prefer (RFC 7240)."""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl

from werkzeug.datastructures import Accept, MIMEAccept
from werkzeug.http import parse_accept_header

from service.errors import NotAcceptable

JSON = "application/json"

PREFER, PREFERENCE_APPLIED = "Prefer", "Preference-Applied"


@dataclass(frozen=True, eq=False)
class Format:
    """A format of responses: its `format=` name, the suffix of its addresses, its names in Accept, its Content-Type."""

    name: str
    suffix: str
    media_types: tuple[str, ...]
    content_type: str
    #: A file of all matches, or a feed of the newest. JSON is neither: it has pages.
    is_whole: bool = False
    is_feed: bool = False


PAGES = Format("json", "json", (JSON,), JSON)
NDJSON = Format(
    "ndjson",
    "ndjson",
    ("application/x-ndjson", "application/ndjson", "application/jsonl"),
    "application/x-ndjson",
    is_whole=True,
)
CSV = Format("csv", "csv", ("text/csv",), "text/csv; charset=utf-8; header=present", is_whole=True)
PARQUET = Format(
    "parquet", "parquet", ("application/vnd.apache.parquet",), "application/vnd.apache.parquet", is_whole=True
)
ATOM = Format("atom", "atom", ("application/atom+xml",), "application/atom+xml; charset=utf-8", is_feed=True)
JSONFEED = Format("jsonfeed", "jsonfeed", ("application/feed+json",), "application/feed+json", is_feed=True)
ICAL = Format("ical", "ics", ("text/calendar",), "text/calendar; charset=utf-8", is_feed=True)
EVENT_STREAM = Format("sse", "sse", ("text/event-stream",), "text/event-stream; charset=utf-8")

#: The formats of events, the preferred one first; and of other records.
FORMATS = (PAGES, NDJSON, CSV, PARQUET, ATOM, JSONFEED, ICAL)
ONLY_JSON = (PAGES,)
#: The formats of a posted search: nobody can subscribe to a POST.
FILES = (PAGES, NDJSON, CSV, PARQUET)

#: The values of `pretty` that turn it on: `?pretty` alone will do.
_YES = ("", "true")

#: The size of each cache of parsed headers. Clients send few different ones, but may send any.
_REMEMBERED = 256

# Possessive throughout: a match is never tried again in another way, so no header takes long.
_NAME = r"[!#$%&'*+.^_`|~0-9A-Za-z-]++"
_QUOTED = r'"(?:[^"\\]|\\.)*+"'
_VALUE = rf"\s*+(?:=\s*+(?:{_NAME}|{_QUOTED})?+)?+\s*+"

#: A name with its value, then parameters, which no preference of this service has.
_PREFERENCE = re.compile(
    rf"(?P<name>{_NAME})\s*+(?:=\s*+(?P<value>{_NAME}|{_QUOTED})?+)?+\s*+"
    rf"(?:;\s*+(?:{_NAME}{_VALUE})?+)*+(?:,|\Z)\s*+"
)
#: A preference that cannot be parsed, up to the next one; a quote that never ends takes the rest.
_NEXT = re.compile(rf"(?:{_QUOTED}?+|[^,])*+,?\s*+")


@dataclass(frozen=True)
class Codings:
    """The content codings that a client accepts."""

    gzip: bool
    identity: bool


def require_acceptable(environ: Mapping[str, Any], formats: Sequence[Format] = ONLY_JSON) -> None:
    """Refuse a request whose Accept excludes all `formats`, or whose Accept-Encoding excludes gzip and identity."""
    accept = environ.get("HTTP_ACCEPT")
    if accept is not None and accept != "*/*" and format_for(accept, tuple(formats)) is None:
        names = " or ".join(format_.media_types[0] for format_ in formats)
        raise NotAcceptable.at(f"Accept must allow {names}.", header="Accept")
    require_coding(environ)


def require_coding(environ: Mapping[str, Any]) -> None:
    """Refuse a request whose Accept-Encoding excludes gzip and identity."""
    codings = codings_for(environ.get("HTTP_ACCEPT_ENCODING"))
    if not (codings.gzip or codings.identity):
        raise NotAcceptable.at("Accept-Encoding must allow gzip or identity.", header="Accept-Encoding")


@lru_cache(_REMEMBERED)
def format_for(accept: str, formats: tuple[Format, ...] = ONLY_JSON) -> Format | None:
    """Return the format that `accept` prefers; None if it excludes all `formats`. Media type parameters do not count.

    Of equally preferred ones the more exactly named wins, then the earlier in `formats`.
    """
    if not accept.strip():
        return formats[0]
    ranges = parse_accept_header(accept, MIMEAccept)
    names = {name: format_ for format_ in formats for name in format_.media_types}
    best = MIMEAccept([(kind.partition(";")[0], quality) for kind, quality in ranges]).best_match(names)
    return names[best] if best else None


@lru_cache(_REMEMBERED)
def codings_for(accept_encoding: str | None) -> Codings:
    """Return the codings that `accept_encoding` allows; gzip only if identity is not preferred to it."""
    codings = parse_accept_header(accept_encoding, Accept)
    gzip, identity = codings.quality("gzip"), codings.quality("identity")
    names_identity = "identity" in codings.values()
    return Codings(
        gzip=gzip > 0 and (not names_identity or gzip >= identity),
        identity=identity > 0 or codings.find("identity") < 0,
    )


def wants_pretty(environ: Mapping[str, Any]) -> bool:
    """Return whether to indent JSON: by `?pretty`, or for a browser unless `pretty` is false."""
    query: str = environ["QUERY_STRING"]
    if "pretty" in query:
        value = dict(parse_qsl(query, keep_blank_values=True)).get("pretty")
        if value is not None:
            return value in _YES
    return "text/html" in environ.get("HTTP_ACCEPT", "")


def form_of(fields: Iterable[str] | None, *, pretty: bool) -> str:
    """Return a short digest of a representation's form, for its ETag: "" for the whole record as it is stored."""
    return _form(frozenset(fields) if fields else None, pretty) if fields or pretty else ""


@lru_cache(_REMEMBERED)
def _form(fields: frozenset[str] | None, pretty: bool) -> str:  # noqa: FBT001 (a key of the cache)
    names = ",".join(sorted(fields)) if fields else "*"
    return hashlib.sha256(f"{names} {pretty}".encode()).hexdigest()[:6]


def preferences(header: str | None) -> dict[str, str]:
    """Return the preferences by name in lower case, "" for one without a value; the first of a name counts.

    A preference that cannot be parsed is skipped, as the RFC requires.
    """
    values: dict[str, str] = {}
    rest = (header or "").strip()
    while rest:
        match = _PREFERENCE.match(rest)
        if match:
            values.setdefault(match["name"].lower(), _unquoted(match["value"] or ""))
        rest = rest[(match or _NEXT.match(rest)).end() :]  # type: ignore[union-attr]  # _NEXT matches anything
    return values


def _unquoted(value: str) -> str:
    return re.sub(r"\\(.)", r"\1", value[1:-1]) if value.startswith('"') else value
