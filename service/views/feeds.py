"""Feeds of the newest events that match: Atom, JSON Feed and iCalendar."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import orjson
from flask import Response, request
from werkzeug.http import http_date, parse_date

from service import clock
from service.db.migrations import first_applied_at
from service.events.normalize import timestamp
from service.exports.atom import atom
from service.exports.feed_metadata import Feed, Record
from service.exports.ical import calendar, date_entries
from service.exports.jsonfeed import jsonfeed
from service.http.auth import may_read_deleted
from service.http.conditional import content_tag
from service.http.content_negotiation import ATOM, ICAL, JSONFEED, Format
from service.http.context import reading, settings
from service.http.operation import respond
from service.http.pages import page_links, page_size, page_urls
from service.http.representation import PAGE_EXTRAS, refuse_parameters
from service.http.search_budget import connect_for
from service.search.find import find_page, page_request, search_of
from service.store.events.ordering import Order

#: The last written first, so that a client that polls finds them there.
NEWEST = (Order("updated_at", descending=True),)

#: Parameters of the form of a feed, not of its events.
_OF_FORM = frozenset({"format", "cursor", "limit", "sort", "pretty", "bom", "today"})

_WRITERS: Mapping[Format, Callable[[Feed, Sequence[Record]], bytes]] = {
    ATOM: atom,
    JSONFEED: jsonfeed,
    ICAL: lambda feed, records: calendar(feed, date_entries(records)),
}


def answer_feed(form: Format, query: Mapping[str, Any]) -> Response:
    """Return the page of the feed that a query leads to, as EventQuerySchema loaded it."""
    refuse_parameters(query, ("fields", "bom"), f"Not supported by {form.name}. Omit it, or choose another `format`.")
    refuse_parameters(query, PAGE_EXTRAS, "Only JSON pages support this. Omit it, or use `format=json`.")
    # Calendar clients read one page only, so it is the largest.
    limit = settings().max_page_size if form is ICAL and not query["limit"] else page_size(query)
    search = search_of(query, NEWEST, with_deleted=may_read_deleted())
    feed_request = page_request(search, query, limit, kind="feed")
    with connect_for(feed_request.search.filter) as connect:
        page = find_page(connect, feed_request)
    with reading() as conn:
        began_at = first_applied_at(conn)
    records = [orjson.loads(document) for document in page.documents]
    body = _WRITERS[form](feed_of(page.next, began_at), records)
    response = respond_conditionally(body, form, records)
    response.headers["Link"] = page_links(page.next)
    return response


def feed_of(cursor: str | None, began_at: datetime, title: str = "Policytrail") -> Feed:
    """Return the metadata of the feed at the request's URL; `cursor` leads to its next page."""
    first, following = page_urls(cursor)
    host = settings().public_url.rstrip("/") or request.host_url.rstrip("/")
    filters = [f"{name}={value}" for name, value in request.args.items() if name not in _OF_FORM]
    path = request.full_path.removesuffix("?")
    return Feed(
        title=title + (f": {', '.join(filters)}" if filters else ""),
        service=host + request.root_path,
        address=host + request.root_path + path,
        first=host + first,
        next=host + following if following else None,
        began_at=timestamp(began_at),
    )


def respond_conditionally(body: bytes, form: Format, records: Iterable[Record]) -> Response:
    """Return `body`, which shows the `records`, with its validators; 304 if the client has it.

    Last-Modified counts seconds. The last write is rounded up, but never into the future, so that a later write in the
    same second counts as new. A deletion changes the ETag only.
    """
    newest = max((datetime.fromisoformat(record["updated_at"]) for record in records), default=None)
    now = clock.now().replace(microsecond=0)
    modified = min(now, newest.replace(microsecond=0) + timedelta(seconds=1)) if newest else None
    since = parse_date(request.headers.get("If-Modified-Since"))
    response = respond(body, content_tag(body), media_type=form.content_type)
    if newest and since and newest <= since and "If-None-Match" not in request.headers:
        response = Response(status=304, headers=response.headers)
    if modified:
        response.headers["Last-Modified"] = http_date(modified)
    return response
