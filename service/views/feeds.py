"""The newest events that a filter selects, as a feed: Atom, JSON Feed or iCalendar."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from flask import Response, request
from psycopg import DataError
from werkzeug.http import http_date, parse_date

from service import store
from service.cursors import decode_cursor, encode_cursor, fingerprint, unusable
from service.exports.atom import atom
from service.exports.feed_metadata import Feed, Record
from service.exports.ical import calendar, every_date
from service.exports.jsonfeed import jsonfeed
from service.http.conditional import content_tag
from service.http.content_negotiation import ATOM, ICAL, JSONFEED, Format
from service.http.context import reading, settings
from service.http.operation import respond
from service.http.pages import addresses, page_size
from service.http.representation import OF_PAGES, refuse
from service.search.filters.expand import compile_filter
from service.search.filters.parser import filter_key, filter_of
from service.search.filters.sql import condition_of
from service.store.events.ordering import Order
from service.views.event_list import order_of, require_past

#: What was last written comes first, so that who asks again finds it there.
NEWEST = (Order("updated_at", descending=True),)

#: Parameters that say how a feed looks, not what is in it.
_OF_FORM = frozenset({"format", "cursor", "limit", "sort", "pretty", "bom", "today"})

_WRITERS: Mapping[Format, Callable[[Feed, Sequence[Record]], bytes]] = {
    ATOM: atom,
    JSONFEED: jsonfeed,
    ICAL: lambda feed, records: calendar(feed, every_date(records)),
}


def answer_feed(form: Format, query: Mapping[str, Any]) -> Response:
    """The page of the feed that `query` asks for, as EventQuerySchema loaded it."""
    refuse(query, ("fields", "bom"), f"Not for {form.name}: a feed says what its form knows.")
    refuse(query, OF_PAGES, "Only pages of JSON say this.")
    require_past(query["as_of"])
    # Readers of a calendar know no pages, hence as many as may be.
    records, cursor = _page(query, settings().max_page_size if form is ICAL else 0)
    first, follow = addresses(cursor)
    body = _WRITERS[form](feed_of(follow), records)
    newest = max((record["updated_at"] for record in records), default=None)
    response = answer_known(body, form, datetime.fromisoformat(newest) if newest else None)
    response.headers["Link"] = f'<{first}>; rel="first"' + (f', <{follow}>; rel="next"' if follow else "")
    return response


def _page(query: Mapping[str, Any], usual: int) -> tuple[list[Record], str | None]:
    """The events of one page, parsed, and the cursor of the next; `usual` of them when it is not said, if not 0."""
    order, asked, as_of = order_of(query, NEWEST), filter_of(query), query["as_of"]
    limit = usual if usual and not query["limit"] else page_size(query)
    bound_to = fingerprint("feed", filter_key(asked), [vars(one) for one in order], as_of)
    after = decode_cursor(query["cursor"], bound_to, len(order) + 1) if query["cursor"] else None
    with reading() as conn:
        condition = condition_of(compile_filter(conn, asked), past=as_of is not None)
        try:
            found = store.events.listing.page_events(conn, condition, order, after, limit, as_of=as_of)
        except DataError as error:  # as in listing.py
            raise (unusable() if after else error) from error
    return [orjson.loads(document) for document in found.documents], (
        encode_cursor(bound_to, found.end) if found.end else None
    )


def feed_of(follow: str | None, title: str = "Policytrail") -> Feed:
    """What the feed at this address says of itself; `follow` is the address of its next page."""
    first, _ = addresses(None)
    host = settings().public_url.rstrip("/") or request.host_url.rstrip("/")
    said = [f"{name}={value}" for name, value in request.args.items() if name not in _OF_FORM]
    path = request.full_path.removesuffix("?")
    return Feed(
        title=title + (f": {', '.join(said)}" if said else ""),
        service=host + request.root_path,
        address=host + request.root_path + path,
        first=host + first,
        next=host + follow if follow else None,
    )


def answer_known(body: bytes, form: Format, newest: datetime | None) -> Response:
    """`body` with its validators; 304 where the reader has it. `newest` is when what it shows was last written.

    Last-Modified counts seconds: it is rounded up, but never into the future, so that what is written later in the same
    second is not taken for known. What is deleted shows in the ETag alone.
    """
    now = datetime.now(UTC).replace(microsecond=0)
    modified = min(now, newest.replace(microsecond=0) + timedelta(seconds=1)) if newest else None
    since = parse_date(request.headers.get("If-Modified-Since"))
    response = respond(body, content_tag(body), media_type=form.content_type)
    if newest and since and newest <= since and "If-None-Match" not in request.headers:
        response = Response(status=304, headers=response.headers)
    if modified:
        response.headers["Last-Modified"] = http_date(modified)
    return response
