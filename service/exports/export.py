"""Exports: all events of a search as one file, for HTTP and for the command line."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from psycopg import Connection

from service.exports.columns import COLUMNS, Column, ExportRecord, Record
from service.exports.csv_file import csv_file
from service.exports.ndjson import ndjson_file
from service.exports.parquet import parquet_file, require_pyarrow
from service.search.find import Search
from service.store.events.export import stream_documents
from service.strict_json import render

Batches = Iterable[Sequence[bytes]]

#: Formats of an export.
FORMATS = ("ndjson", "csv", "parquet")


@dataclass(frozen=True)
class FileFormat:
    """The format of a file: NDJSON with all or some `fields` of each record, CSV with or without `bom`, or Parquet."""

    name: str
    fields: Collection[str] | None = None
    bom: bool = False


def require_writable(form: FileFormat) -> None:
    """Raise NotAcceptable for Parquet if pyarrow is not installed."""
    if form.name == "parquet":
        require_pyarrow()


def stream_selected(conn: Connection, search: Search, limit: int | None = None) -> Iterator[list[bytes]]:
    """Return the documents of the events that a search selects, in batches, as `conn`'s transaction sees them.

    Their order is that of the search, or by id.
    """
    condition = search.condition(conn)
    yield from stream_documents(conn, condition, search.order, limit=limit, as_of=search.as_of)


def write_documents(form: FileFormat, batches: Batches) -> Iterator[bytes]:
    """Return a file of stored documents, piece by piece."""
    if form.name == "ndjson":
        return ndjson_file(batches, form.fields)
    return _flat(
        form, COLUMNS, ((_row(COLUMNS, ExportRecord(orjson.loads(one))) for one in batch) for batch in batches)
    )


def write_rows(form: FileFormat, columns: Sequence[Column], batches: Iterable[Iterable[Record]]) -> Iterator[bytes]:
    """Return a file of records that are flat already, piece by piece."""
    if form.name == "ndjson":
        return ndjson_file([render(one) for one in batch] for batch in batches)
    return _flat(form, columns, ((_row(columns, one) for one in batch) for batch in batches))


def _flat(form: FileFormat, columns: Sequence[Column], batches: Iterable[Iterable[list[Any]]]) -> Iterator[bytes]:
    if form.name == "parquet":
        return parquet_file(columns, batches)
    return csv_file([column.name for column in columns], batches, bom=form.bom)


def _row(columns: Sequence[Column], record: Record) -> list[Any]:
    return [column.of(record) for column in columns]
