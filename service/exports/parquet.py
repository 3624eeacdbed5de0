"""Parquet, if pyarrow is installed: the columns of columns.py with their types."""

import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from service.errors import NotAcceptable
from service.exports.columns import Column, ColumnKind

#: Rows of a row group, which is written and read as a whole: about 10 MB of memory.
ROW_GROUP = 5_000


def require_pyarrow() -> None:
    """Raise NotAcceptable if pyarrow is not installed."""
    try:
        import pyarrow.parquet  # noqa: F401, PLC0415 (an extra, and slow to load)
    except ImportError as error:
        raise NotAcceptable("This service cannot write Parquet; it needs the extra `parquet` (pyarrow).") from error


def parquet_file(columns: Sequence[Column], batches: Iterable[Iterable[Sequence[Any]]]) -> Iterator[bytes]:
    """Yield the rows of all batches as one file, a row group at a time. NotAcceptable without pyarrow."""
    require_pyarrow()
    import pyarrow as pa  # noqa: PLC0415 (as above)
    import pyarrow.parquet as pq  # noqa: PLC0415 (as above)

    types = {
        ColumnKind.TEXT: pa.string(),
        ColumnKind.LIST: pa.list_(pa.string()),
        ColumnKind.DAY: pa.date32(),
        ColumnKind.INSTANT: pa.timestamp("us", tz="UTC"),
        ColumnKind.INTEGER: pa.int32(),
    }
    schema = pa.schema([(column.name, types[column.kind]) for column in columns])

    def array(column: Column, values: Sequence[Any]) -> Any:
        if column.kind in (ColumnKind.DAY, ColumnKind.INSTANT):
            return pa.array(values, pa.string()).cast(types[column.kind])
        return pa.array(values, types[column.kind])

    buffer = _Buffer()
    with pq.ParquetWriter(buffer, schema, compression="zstd") as writer:
        yield buffer.drain()
        for rows in _row_groups(batches):
            arrays = [array(column, values) for column, values in zip(columns, zip(*rows, strict=True), strict=True)]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
            yield buffer.drain()
    yield buffer.drain()


def _row_groups(batches: Iterable[Iterable[Sequence[Any]]]) -> Iterator[list[Sequence[Any]]]:
    """Yield the rows of the batches in groups of at least ROW_GROUP."""
    group: list[Sequence[Any]] = []
    for rows in batches:
        group += rows
        if len(group) >= ROW_GROUP:
            yield group
            group = []
    if group:
        yield group


class _Buffer(io.RawIOBase):
    """A file in memory that is drained between two writes."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._length = 0

    def writable(self) -> bool:
        """Return True."""
        return True

    def tell(self) -> int:
        """Return the number of bytes written so far."""
        return self._length

    def write(self, data: Any) -> int:
        """Append `data`."""
        part = bytes(data)
        self._parts.append(part)
        self._length += len(part)
        return len(part)

    def drain(self) -> bytes:
        """Return the bytes since the last call."""
        data = b"".join(self._parts)
        self._parts.clear()
        return data
