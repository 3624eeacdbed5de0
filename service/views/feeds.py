"""The newest events that a filter selects, as a feed: Atom, JSON Feed or iCalendar."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from flask import Response, request
from werkzeug.http import http_date, parse_date

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
from service.search.find import find_page, page_request, search_of
from service.store.events.ordering import Order

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
    # Readers of a calendar know no pages, hence as many as may be.
    limit = settings().max_page_size if form is ICAL and not query["limit"] else page_size(query)
    feed_request = page_request(search_of(query, NEWEST), query, limit, kind="feed")
    with reading() as conn:
        found = find_page(conn, feed_request)
    records = [orjson.loads(document) for document in found.documents]
    first, follow = addresses(found.next)
    body = _WRITERS[form](feed_of(follow), records)
    newest = max((record["updated_at"] for record in records), default=None)
    response = answer_known(body, form, datetime.fromisoformat(newest) if newest else None)
    response.headers["Link"] = f'<{first}>; rel="first"' + (f', <{follow}>; rel="next"' if follow else "")
    return response


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
