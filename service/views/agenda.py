"""/v1/agenda: what is still to come, by when it is due."""

from calendar import monthrange
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

import orjson
from flask import Blueprint, Response
from psycopg import Connection

from schemas.agenda import GROUPS, AgendaQuerySchema, AgendaSchema
from service import store
from service.cursors import cursor_errors, decode_cursor, encode_cursor, fingerprint, invalid_cursor
from service.errors import NotFound
from service.events.agenda import described
from service.exports.export import Form, tabled
from service.exports.ical import Entry, calendar
from service.exports.table_columns import AGENDA
from service.http.auth import requires
from service.http.content_negotiation import CSV, ICAL, PAGES, Format
from service.http.context import reading, settings
from service.http.file_response import send_file
from service.http.operation import JSON, operation
from service.http.pages import address_with, page_size
from service.http.representation import asked_format, refuse
from service.search.filter import Filter
from service.search.filters.parser import filter_key, filter_of
from service.search.find import Search
from service.store.events.agenda import Due, Span
from service.strict_json import render
from service.views.feeds import answer_known, feed_of

agenda = Blueprint("agenda", __name__, url_prefix="/v1")

#: What the agenda can be answered as.
FORMATS = (PAGES, CSV, ICAL)


@agenda.get("/agenda")
@requires("events:read")
@operation(query=AgendaQuerySchema, returns=(200, AgendaSchema), formats=FORMATS)
def get_agenda(query: dict[str, Any]) -> Response:
    """Read what is still to come.

    Expected dates and deadlines that no other date resolves, and pending commitments, of the events that the filters
    select: overdue, due this month, later, or on no day. A date is due on the last day that it can mean. Policies that
    were called off (cancelled, withdrawn, superseded, expired, denied) have nothing to come.
    """
    return _answer(asked_format(query, FORMATS), query)


@agenda.get("/agenda.<suffix>")
@requires("events:read")
@operation(query=AgendaQuerySchema, returns=(200, AgendaSchema), also=[NotFound], formats=FORMATS)
def export_agenda(suffix: str, query: dict[str, Any]) -> Response:
    """Read what is still to come in the form that the address ends in.

    The same as `GET /v1/agenda` with `format`: `csv` holds all of it, `ics` is a calendar of the dates, up to 200 of
    each group; `json` is the agenda itself.
    """
    return _answer(asked_format(query, FORMATS, suffix), query)


def _answer(form: Format, query: dict[str, Any]) -> Response:
    today: date = query["today"] or datetime.now(UTC).date()
    names = (query["group"],) if query["group"] else GROUPS
    spans = {name: span for name, span in spans_of(today).items() if name in names}
    asked = filter_of(query)
    if form is CSV:
        refuse(query, ("cursor", "limit"), "An export has no pages: it holds all that match.")
        read = partial(_all, asked=asked, spans=spans, today=today)
        return send_file(form, "policytrail-agenda", read, partial(tabled, Form("csv", bom=query["bom"]), AGENDA))
    refuse(query, ("bom",), "Only CSV has a byte order mark.")
    if form is ICAL:
        refuse(query, ("cursor",), "A calendar has no pages.")
        return _calendar(query, asked, spans)
    return _pages(query, asked, spans, today)


#: No day.
_NEVER = Span(first=date.max, last=date.min)


def spans_of(today: date) -> Mapping[str, Span]:
    """The days of each group, seen from `today`."""
    end = today.replace(day=monthrange(today.year, today.month)[1])
    day = timedelta(1)
    return {
        "overdue": Span(last=today - day, latest_first=True) if today > date.min else _NEVER,
        "this_month": Span(first=today, last=end),
        "later": Span(first=end + day) if end < date.max else _NEVER,
        "undated": Span(undated=True),
    }


def _pages(query: dict[str, Any], asked: Filter, spans: Mapping[str, Span], today: date) -> Response:
    """A page of each group. Each goes on at an address of its own, which keeps today."""
    cursor, limit = query["cursor"], page_size(query)
    if cursor and len(spans) > 1:
        raise invalid_cursor()
    bound_to = fingerprint("agenda", filter_key(asked), today, query["group"])
    after = decode_cursor(cursor, bound_to, 3) if cursor else None
    with reading() as conn:
        condition = Search(asked).condition(conn)
        with cursor_errors(after):
            found = store.events.agenda.page_agenda(conn, condition, spans, after, limit + 1)
    told: dict[str, Any] = {"today": today.isoformat()} | dict.fromkeys(GROUPS)
    for name, items in found.items():
        bound_to = fingerprint("agenda", filter_key(asked), today, name)
        end = encode_cursor(bound_to, items[limit - 1].place) if len(items) > limit else None
        follow = address_with(today=today.isoformat(), group=name, cursor=end) if end else None
        told[name] = {"items": [_item(due, today) for due in items[:limit]], "next": follow}
    return Response(render(told), content_type=JSON, headers={"Cache-Control": "private, no-cache"})


def _item(due: Due, today: date) -> dict[str, Any]:
    return described(orjson.loads(due.document), due.item, due.due, today)


def _all(conn: Connection, asked: Filter, spans: Mapping[str, Span], today: date) -> Iterator[list[dict[str, Any]]]:
    """Everything that matches, group by group, in batches."""
    condition = Search(asked).condition(conn)
    for name, span in spans.items():
        for batch in store.events.agenda.stream_agenda(conn, condition, span):
            yield [_item(due, today) | {"group": name} for due in batch]


def _calendar(query: dict[str, Any], asked: Filter, spans: Mapping[str, Span]) -> Response:
    """A calendar of what has a date: as many of each group as a page holds, the most where it is not said."""
    limit = page_size(query) if query["limit"] else settings().max_page_size
    with reading() as conn:
        condition = Search(asked).condition(conn)
        found = store.events.agenda.page_agenda(conn, condition, spans, None, limit)
    entries = [entry for items in found.values() for due in items for entry in _entry(due)]
    newest = max((record["updated_at"] for record, _ in entries), default=None)
    return answer_known(
        calendar(feed_of(None, "Policytrail agenda"), entries), ICAL, datetime.fromisoformat(newest) if newest else None
    )


def _entry(due: Due) -> Iterator[Entry]:
    """The date that the item is, if it is one."""
    part, _, id_ = due.item.partition("/")
    if part == "dates":
        record = orjson.loads(due.document)
        yield record, next(entry for entry in record["dates"] if entry["id"] == id_)
