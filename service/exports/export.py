"""All events that a filter selects, in a form of one's choice: the same over HTTP and by command."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from psycopg import Connection

from service.errors import Invalid
from service.exports.columns import COLUMNS, Column, Record, Row
from service.exports.csv_file import csv_file
from service.exports.ndjson import ndjson_file
from service.exports.parquet import parquet_file, require_pyarrow
from service.search.filter import EVERYTHING, Filter
from service.search.filters.expand import compile_filter
from service.search.filters.parser import filter_of
from service.search.filters.sql import condition_of
from service.store.events.export import stream_documents
from service.store.events.ordering import SORTS, Order
from service.strict_json import render

Batches = Iterable[Sequence[bytes]]

#: What an export can be written as.
FORMATS = ("ndjson", "csv", "parquet")


@dataclass(frozen=True)
class Selection:
    """Which events are exported, in what order (by id where none is given), at most how many, as of which instant."""

    filter: Filter = EVERYTHING
    order: Sequence[Order] = ()
    limit: int | None = None
    as_of: datetime | None = None


@dataclass(frozen=True)
class Form:
    """How an export is written: only some `fields` of each record as NDJSON, with a byte order mark as CSV."""

    name: str
    fields: Collection[str] | None = None
    bom: bool = False


def selection_of(query: Mapping[str, Any]) -> Selection:
    """What `query` selects, as EventQuerySchema or SearchSchema loaded it. Invalid where it is to be ranked."""
    unknown = [name for name, _ in query["sort"] or () if name not in SORTS]
    if unknown:
        raise Invalid.at(f"Only pages of a list can be sorted by {unknown[0]}.", parameter="sort")
    order = [Order(name, descending) for name, descending in query["sort"] or ()]
    return Selection(filter_of(query), order, query["limit"], query["as_of"])


def require_writable(form: Form) -> None:
    """Pass a form that can be written here. NotAcceptable for Parquet where pyarrow is missing."""
    if form.name == "parquet":
        require_pyarrow()


def select(conn: Connection, selection: Selection) -> Iterator[list[bytes]]:
    """The documents of the selected events, in batches, of the state that `conn`'s transaction sees."""
    condition = condition_of(compile_filter(conn, selection.filter), past=selection.as_of is not None)
    yield from stream_documents(conn, condition, selection.order, limit=selection.limit, as_of=selection.as_of)


def written(form: Form, batches: Batches) -> Iterator[bytes]:
    """The documents as a file, piece by piece."""
    if form.name == "ndjson":
        return ndjson_file(batches, form.fields)
    return _flat(form, COLUMNS, ((_row(COLUMNS, Row(orjson.loads(one))) for one in batch) for batch in batches))


def tabled(form: Form, columns: Sequence[Column], batches: Iterable[Iterable[Record]]) -> Iterator[bytes]:
    """What is flat already as a file, piece by piece."""
    if form.name == "ndjson":
        return ndjson_file([render(one) for one in batch] for batch in batches)
    return _flat(form, columns, ((_row(columns, one) for one in batch) for batch in batches))


def _flat(form: Form, columns: Sequence[Column], batches: Iterable[Iterable[list[Any]]]) -> Iterator[bytes]:
    if form.name == "parquet":
        return parquet_file(columns, batches)
    return csv_file([column.name for column in columns], batches, bom=form.bom)


def _row(columns: Sequence[Column], record: Record) -> list[Any]:
    return [column.of(record) for column in columns]
