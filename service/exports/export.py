"""All events that a filter selects, in a form of one's choice: the same over HTTP and by command."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from psycopg import Connection

from service.exports.columns import COLUMNS, Column, Record, Row
from service.exports.csv_file import csv_file
from service.exports.ndjson import ndjson_file
from service.exports.parquet import parquet_file, require_pyarrow
from service.search.find import Search
from service.store.events.export import stream_documents
from service.strict_json import render

Batches = Iterable[Sequence[bytes]]

#: What an export can be written as.
FORMATS = ("ndjson", "csv", "parquet")


@dataclass(frozen=True)
class Form:
    """How an export is written: only some `fields` of each record as NDJSON, with a byte order mark as CSV."""

    name: str
    fields: Collection[str] | None = None
    bom: bool = False


def require_writable(form: Form) -> None:
    """Pass a form that can be written here. NotAcceptable for Parquet where pyarrow is missing."""
    if form.name == "parquet":
        require_pyarrow()


def select(conn: Connection, search: Search, limit: int | None = None) -> Iterator[list[bytes]]:
    """Return the documents of the events that a search selects, in batches, as `conn`'s transaction sees them.

    They come by id where the search has no order.
    """
    condition = search.condition(conn)
    yield from stream_documents(conn, condition, search.order, limit=limit, as_of=search.as_of)


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
