"""/v1/figures: the figures of all events, each with its event, subject and source."""

from collections.abc import Iterable, Iterator
from functools import partial
from itertools import islice
from typing import Any

import orjson
from flask import Blueprint, Response
from psycopg import Connection

from schemas.figures import FigurePageSchema, FigureQuerySchema
from service import store
from service.cursors import cursor_errors, decode_cursor, encode_cursor, fingerprint, invalid_cursor
from service.errors import NotFound
from service.events.figures import figure_filter_of, flat_figures, sums_of
from service.exports.export import FileFormat, require_writable, write_rows
from service.exports.table_columns import FIGURES
from service.http.auth import requires
from service.http.content_negotiation import FILES, PAGES, Format
from service.http.file_response import send_file
from service.http.operation import operation
from service.http.pages import page_response, page_size
from service.http.representation import refuse_parameters, requested_format
from service.http.search_budget import connect_within, require_few_words
from service.search.filter import FigureFilter, Filter
from service.search.filters.parser import filter_key, filter_of
from service.search.find import BY_DATE, Search
from service.search.index.features import foremost_date
from service.store.condition import Condition
from service.strict_json import render

figures = Blueprint("figures", __name__, url_prefix="/v1")

#: The position behind a figure, and the figure. A position is the event before its own, and the next figure's index.
Positioned = tuple[list[str], dict[str, Any]]


@figures.get("/figures")
@requires("events:read")
@operation(query=FigureQuerySchema, returns=(200, FigurePageSchema), formats=FILES)
def list_figures(query: dict[str, Any]) -> Response:
    """List figures across events.

    The filters select events, and the `figure_` filters select their figures, too. The figures of the newest events, by
    the main date, come first. `sums` adds up the figures with the same measure, currency or unit, type of value and
    type of period.
    """
    return _answer(requested_format(query, FILES), query)


@figures.get("/figures.<suffix>")
@requires("events:read")
@operation(query=FigureQuerySchema, returns=(200, FigurePageSchema), also=[NotFound], formats=FILES)
def export_figures(suffix: str, query: dict[str, Any]) -> Response:
    """List figures in the format that the path ends in.

    The same as `GET /v1/figures` with `format`. `ndjson`, `csv` and `parquet` have all matching figures of one instant;
    `json` is the list.
    """
    return _answer(requested_format(query, FILES, suffix), query)


def _answer(form: Format, query: dict[str, Any]) -> Response:
    if form is PAGES:
        refuse_parameters(query, ("bom",), "Only CSV has a byte order mark. Omit `bom`.")
        return _page(query)
    refuse_parameters(query, ("cursor",), "An export has no pages. Omit `cursor`.")
    refuse_parameters(query, ("limit",), "An export has all matching figures. Omit `limit`.")
    refuse_parameters(query, ("sums",), "Only JSON pages have sums. Omit `sums`, or use `format=json`.")
    file_form = FileFormat(form.name, bom=query["bom"])
    require_writable(file_form)
    event_filter = filter_of(query)
    require_few_words(event_filter)
    stream, write = partial(_stream, filter=event_filter), partial(write_rows, file_form, FIGURES)
    return send_file(form, "policytrail-figures", stream, write)


def _stream(conn: Connection, filter: Filter) -> Iterator[list[dict[str, Any]]]:
    """Yield every matching figure, in batches."""
    condition = store.events.figures.with_figures(Search(filter).condition(conn))
    for documents in store.events.export.stream_documents(conn, condition):
        records = map(orjson.loads, documents)
        yield [figure for record in records for _, figure in flat_figures(record, figure_filter_of(filter))]


def _page(query: dict[str, Any]) -> Response:
    event_filter, limit = filter_of(query), page_size(query)
    bound_to = fingerprint("figures", filter_key(event_filter))
    event, begin = _position(query["cursor"], bound_to)
    figure_filter = figure_filter_of(event_filter)
    with connect_within(event_filter) as conn:
        condition = Search(event_filter).condition(conn)
        having = store.events.figures.with_figures(condition)
        with cursor_errors(event):
            # Each has a matching figure, but all those of the first can be on the page before.
            events = store.events.listing.page_events(conn, having, BY_DATE, event, limit + 2)
        sums = _sums(conn, condition, figure_filter) if query["sums"] else None
    rows = list(islice(_figures(events.documents, figure_filter, event, begin), limit + 1))
    cursor = encode_cursor(bound_to, rows[limit - 1][0]) if len(rows) > limit else None
    return page_response([render(figure) for _, figure in rows[:limit]], cursor, sums=sums)


def _position(cursor: str | None, bound_to: str) -> tuple[list[str] | None, int]:
    """Return the event that the page follows, and the index of its first figure in the next event."""
    if not cursor:
        return None, 0
    day, event, begin = decode_cursor(cursor, bound_to, 3)
    if not begin.isdecimal():
        raise invalid_cursor()
    return [day, event] if event else None, int(begin)


def _figures(
    documents: Iterable[bytes], condition: FigureFilter | None, event: list[str] | None, begin: int
) -> Iterator[Positioned]:
    """Yield the matching figures of the events that follow `event`, those of the first from its index `begin` on."""
    for document in documents:
        record = orjson.loads(document)
        for place, figure in flat_figures(record, condition):
            if place >= begin:
                yield [*(event or ("", "")), str(place + 1)], figure
        begin, main = 0, foremost_date(record["dates"])
        event = [(main and main["earliest"]) or "-infinity", record["id"]]


def _sums(conn: Connection, condition: Condition, figure_filter: FigureFilter | None) -> dict[str, Any]:
    conditions = figure_filter or FigureFilter((), (), (), None, None)
    groups, complete = store.events.figures.sum_figures(conn, condition, **vars(conditions))
    return {"complete": complete, "groups": sums_of(groups)}
