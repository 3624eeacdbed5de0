"""/v1/agenda: open dates and commitments, by the day on which they are due."""

from collections.abc import Iterator, Mapping
from datetime import date
from functools import partial
from typing import Any

import orjson
from flask import Blueprint, Response
from psycopg import Connection

from schemas.agenda import GROUPS, AgendaQuerySchema, AgendaSchema
from service import clock, store
from service.cursors import cursor_errors, decode_cursor, encode_cursor, fingerprint, invalid_cursor
from service.db.migrations import first_applied_at
from service.errors import NotFound
from service.events.agenda import describe_item, group_ranges
from service.exports.export import FileFormat, write_rows
from service.exports.ical import CalendarEntry, calendar
from service.exports.table_columns import AGENDA
from service.http.auth import requires
from service.http.content_negotiation import CSV, ICAL, PAGES, Format
from service.http.context import settings
from service.http.file_response import send_file
from service.http.operation import JSON, operation
from service.http.pages import page_size, url_with
from service.http.representation import refuse_parameters, requested_format
from service.http.search_budget import connect_within, require_few_words
from service.search.filters.parser import filter_key, filter_of
from service.search.find import Search
from service.store.events.agenda import DueItem, DueRange
from service.strict_json import render
from service.views.feeds import feed_of, respond_conditionally

agenda = Blueprint("agenda", __name__, url_prefix="/v1")

#: The formats of the agenda.
FORMATS = (PAGES, CSV, ICAL)


@agenda.get("/agenda")
@requires("events:read")
@operation(query=AgendaQuerySchema, returns=(200, AgendaSchema), formats=FORMATS)
def get_agenda(query: dict[str, Any]) -> Response:
    """Read the agenda.

    Expected dates and deadlines that no other date resolves, and pending commitments, of the events that match. They
    are overdue, due this month, later, or on no day. A date is due on the last day that it can mean. Policies that were
    called off (cancelled, withdrawn, superseded, expired, denied) have no open items.
    """
    return _answer(requested_format(query, FORMATS), query)


@agenda.get("/agenda.<suffix>")
@requires("events:read")
@operation(query=AgendaQuerySchema, returns=(200, AgendaSchema), also=[NotFound], formats=FORMATS)
def export_agenda(suffix: str, query: dict[str, Any]) -> Response:
    """Read the agenda in the format that the path ends in.

    The same as `GET /v1/agenda` with `format`. `csv` has all items, `ics` is a calendar of the dates, up to 200 of each
    group; `json` is the agenda itself.
    """
    return _answer(requested_format(query, FORMATS, suffix), query)


def _answer(form: Format, query: dict[str, Any]) -> Response:
    today: date = query["today"] or clock.now().date()
    names = (query["group"],) if query["group"] else GROUPS
    ranges = {name: days for name, days in group_ranges(today).items() if name in names}
    search = Search(filter_of(query))
    if form is CSV:
        refuse_parameters(query, ("cursor", "limit"), "An export has all items. Omit `cursor` and `limit`.")
        require_few_words(search.filter)
        stream = partial(_stream, search=search, ranges=ranges, today=today)
        return send_file(
            form, "policytrail-agenda", stream, partial(write_rows, FileFormat("csv", bom=query["bom"]), AGENDA)
        )
    refuse_parameters(query, ("bom",), "Only CSV has a byte order mark. Omit `bom`.")
    if form is ICAL:
        refuse_parameters(query, ("cursor",), "A calendar has no pages. Omit `cursor`.")
        return _calendar(query, search, ranges)
    return _pages(query, search, ranges, today)


def _pages(query: dict[str, Any], search: Search, ranges: Mapping[str, DueRange], today: date) -> Response:
    """Return a page of each group. The next page of a group has a URL of its own, which keeps today."""
    cursor, limit = query["cursor"], page_size(query)
    if cursor and len(ranges) > 1:
        raise invalid_cursor()
    key = filter_key(search.filter)
    after = decode_cursor(cursor, fingerprint("agenda", key, today, query["group"]), 3) if cursor else None
    with connect_within(search.filter) as conn:
        condition = search.condition(conn)
        with cursor_errors(after):
            pages = store.events.agenda.page_agenda(conn, condition, ranges, after, limit + 1)
    document: dict[str, Any] = {"today": today.isoformat()} | dict.fromkeys(GROUPS)
    for name, items in pages.items():
        bound_to = fingerprint("agenda", key, today, name)
        end = encode_cursor(bound_to, items[limit - 1].place) if len(items) > limit else None
        following = url_with(today=today.isoformat(), group=name, cursor=end) if end else None
        document[name] = {"items": [_item_document(item, today) for item in items[:limit]], "next": following}
    return Response(render(document), content_type=JSON, headers={"Cache-Control": "private, no-cache"})


def _item_document(item: DueItem, today: date) -> dict[str, Any]:
    return describe_item(orjson.loads(item.document), item.item, item.due, today)


def _stream(
    conn: Connection, search: Search, ranges: Mapping[str, DueRange], today: date
) -> Iterator[list[dict[str, Any]]]:
    """Yield every matching item, group by group, in batches."""
    condition = search.condition(conn)
    for name, days in ranges.items():
        for batch in store.events.agenda.stream_agenda(conn, condition, days):
            yield [_item_document(item, today) | {"group": name} for item in batch]


def _calendar(query: dict[str, Any], search: Search, ranges: Mapping[str, DueRange]) -> Response:
    """Return a calendar of the dates: `limit` of each group, or as many as the largest page has."""
    limit = page_size(query) if query["limit"] else settings().max_page_size
    with connect_within(search.filter) as conn:
        pages = store.events.agenda.page_agenda(conn, search.condition(conn), ranges, None, limit)
        began_at = first_applied_at(conn)
    entries = [entry for items in pages.values() for item in items for entry in _entry(item)]
    body = calendar(feed_of(None, began_at, "Policytrail agenda"), entries)
    return respond_conditionally(body, ICAL, (record for record, _ in entries))


def _entry(item: DueItem) -> Iterator[CalendarEntry]:
    """Yield the calendar entry of an item that is a date."""
    part, _, id_ = item.item.partition("/")
    if part == "dates":
        record = orjson.loads(item.document)
        yield record, next(entry for entry in record["dates"] if entry["id"] == id_)
