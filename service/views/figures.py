"""/v1/figures: the figures of all events, each with its event, its subject and its source."""

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
from service.events.figures import asked_of_figures, flat_figures, summed
from service.exports.export import Form, require_writable, tabled
from service.exports.table_columns import FIGURES
from service.http.auth import requires
from service.http.content_negotiation import FILES, PAGES, Format
from service.http.context import reading
from service.http.file_response import send_file
from service.http.operation import operation
from service.http.pages import page, page_size
from service.http.representation import asked_format, refuse
from service.search.filter import FigureFilter, Filter
from service.search.filters.parser import filter_key, filter_of
from service.search.find import BY_DATE, Search
from service.search.index.features import foremost_date
from service.store.condition import Condition
from service.strict_json import render

figures = Blueprint("figures", __name__, url_prefix="/v1")

#: A figure, and what stands behind it: the event before its own, and the figure that follows it there.
Placed = tuple[list[str], dict[str, Any]]


@figures.get("/figures")
@requires("events:read")
@operation(query=FigureQuerySchema, returns=(200, FigurePageSchema), formats=FILES)
def list_figures(query: dict[str, Any]) -> Response:
    """List figures across events.

    The filters select events, and those that begin with `figure_` the figures themselves. Those of the newest events by
    the main date come first. `sums` adds those figures up that have measure, currency or unit, type of value and type
    of period in common.
    """
    return _answer(asked_format(query, FILES), query)


@figures.get("/figures.<suffix>")
@requires("events:read")
@operation(query=FigureQuerySchema, returns=(200, FigurePageSchema), also=[NotFound], formats=FILES)
def export_figures(suffix: str, query: dict[str, Any]) -> Response:
    """List figures in the form that the address ends in.

    The same as `GET /v1/figures` with `format`: `ndjson`, `csv` and `parquet` hold all figures that match, of one
    instant; `json` is the list.
    """
    return _answer(asked_format(query, FILES, suffix), query)


def _answer(form: Format, query: dict[str, Any]) -> Response:
    if form is PAGES:
        refuse(query, ("bom",), "Only CSV has a byte order mark.")
        return _page(query)
    refuse(query, ("cursor",), "An export has no pages: it holds all that match.")
    refuse(query, ("limit",), "An export of figures holds all that match.")
    refuse(query, ("sums",), "Only pages of JSON hold sums.")
    wanted = Form(form.name, bom=query["bom"])
    require_writable(wanted)
    return send_file(
        form, "policytrail-figures", partial(_all, asked=filter_of(query)), partial(tabled, wanted, FIGURES)
    )


def _all(conn: Connection, asked: Filter) -> Iterator[list[dict[str, Any]]]:
    """Every figure that matches, in batches."""
    condition = store.events.figures.with_figures(Search(asked).condition(conn))
    for documents in store.events.export.stream_documents(conn, condition):
        records = map(orjson.loads, documents)
        yield [figure for record in records for _, figure in flat_figures(record, asked_of_figures(asked))]


def _page(query: dict[str, Any]) -> Response:
    asked, limit = filter_of(query), page_size(query)
    bound_to = fingerprint("figures", filter_key(asked))
    event, begin = _after(query["cursor"], bound_to)
    with reading() as conn:
        condition = Search(asked).condition(conn)
        having = store.events.figures.with_figures(condition)
        with cursor_errors(event):
            # Each has a figure that is asked for, but the first may have shown its last.
            found = store.events.listing.page_events(conn, having, BY_DATE, event, limit + 2)
        sums = _sums(conn, condition, asked_of_figures(asked)) if query["sums"] else None
    placed = list(islice(_placed(found.documents, asked_of_figures(asked), event, begin), limit + 1))
    cursor = encode_cursor(bound_to, placed[limit - 1][0]) if len(placed) > limit else None
    return page([render(figure) for _, figure in placed[:limit]], cursor, sums=sums)


def _after(cursor: str | None, bound_to: str) -> tuple[list[str] | None, int]:
    """Behind which event the page begins, and at which figure of the one that follows."""
    if not cursor:
        return None, 0
    day, event, begin = decode_cursor(cursor, bound_to, 3)
    if not begin.isdecimal():
        raise invalid_cursor()
    return [day, event] if event else None, int(begin)


def _placed(
    documents: Iterable[bytes], asked: FigureFilter | None, event: list[str] | None, begin: int
) -> Iterator[Placed]:
    """The figures of the events behind `event`, the first of which begins at its figure `begin`.

    What stands behind a figure is told by the event before its own, and the number of the figure that follows it.
    """
    for document in documents:
        record = orjson.loads(document)
        for place, figure in flat_figures(record, asked):
            if place >= begin:
                yield [*(event or ("", "")), str(place + 1)], figure
        begin, main = 0, foremost_date(record["dates"])
        event = [(main and main["earliest"]) or "-infinity", record["id"]]


def _sums(conn: Connection, condition: Condition, asked: FigureFilter | None) -> dict[str, Any]:
    nothing = FigureFilter((), (), (), None, None)
    amounts, complete = store.events.figures.sum_figures(conn, condition, **vars(asked or nothing))
    return {"complete": complete, "groups": summed(amounts)}
