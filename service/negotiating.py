"""In which form a client wants an answer: its media type, indented or not, gzipped or not."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl

from werkzeug.datastructures import Accept, MIMEAccept
from werkzeug.http import parse_accept_header

from service.errors import Fault, NotAcceptable

JSON = "application/json"

#: What a record can be answered as, the preferred one first. Further formats are added here.
FORMATS = (JSON,)

#: Values of `pretty` that ask for it: `?pretty` alone will do.
_YES = ("", "true")

#: Headers remembered with what they ask for. Clients send few different ones, but may send any.
_REMEMBERED = 256


@dataclass(frozen=True)
class Codings:
    """Which content codings a client takes: gzip, and the bytes as they are."""

    gzip: bool
    identity: bool


def require_acceptable(environ: Mapping[str, Any]) -> None:
    """Pass a request whose Accept takes one of FORMATS, and whose Accept-Encoding takes a coding that we have."""
    accept = environ.get("HTTP_ACCEPT")
    if accept is not None and accept != "*/*" and format_for(accept) is None:
        detail = f"This is answered as {' or '.join(FORMATS)}; Accept takes none of it."
        raise NotAcceptable(detail, [Fault(detail, header="Accept")])
    codings = codings_for(environ.get("HTTP_ACCEPT_ENCODING"))
    if not (codings.gzip or codings.identity):
        detail = "This is answered with gzip or without coding; Accept-Encoding takes neither."
        raise NotAcceptable(detail, [Fault(detail, header="Accept-Encoding")])


@lru_cache(_REMEMBERED)
def format_for(accept: str) -> str | None:
    """The one of FORMATS that `accept` likes best; None where it excludes them all. Parameters do not matter."""
    if not accept.strip():
        return FORMATS[0]
    liked = parse_accept_header(accept, MIMEAccept)
    return MIMEAccept([(kind.partition(";")[0], quality) for kind, quality in liked]).best_match(FORMATS)


@lru_cache(_REMEMBERED)
def codings_for(accept_encoding: str | None) -> Codings:
    """The codings that `accept_encoding` takes; gzip only where it is not liked less than none at all."""
    liked = parse_accept_header(accept_encoding, Accept)
    gzip, identity = liked.quality("gzip"), liked.quality("identity")
    named = "identity" in liked.values()
    return Codings(
        gzip=gzip > 0 and (not named or gzip >= identity), identity=identity > 0 or liked.find("identity") < 0
    )


def wants_pretty(environ: Mapping[str, Any]) -> bool:
    """Whether JSON is to be indented: `?pretty` says so, or a browser asks and `pretty` does not say otherwise."""
    query: str = environ["QUERY_STRING"]
    if "pretty" in query:
        said = dict(parse_qsl(query, keep_blank_values=True)).get("pretty")
        if said is not None:
            return said in _YES
    return "text/html" in environ.get("HTTP_ACCEPT", "")


def form_of(fields: Iterable[str] | None, *, pretty: bool) -> str:
    """A short name for the form of a representation, for its ETag: "" for the whole record as it is stored."""
    return _form(frozenset(fields) if fields else None, pretty) if fields or pretty else ""


@lru_cache(_REMEMBERED)
def _form(fields: frozenset[str] | None, pretty: bool) -> str:  # noqa: FBT001 (a key of the cache)
    said = ",".join(sorted(fields)) if fields else "*"
    return hashlib.sha256(f"{said} {pretty}".encode()).hexdigest()[:6]
