"""Parquet, for whom pyarrow is installed: the columns of columns.py with their types."""

import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from service.errors import NotAcceptable
from service.exports.columns import Column, Kind

#: Rows of a row group: what is held in memory, about 10 MB, and what a reader takes at a time.
ROW_GROUP = 5_000


def require_pyarrow() -> None:
    """Pass where Parquet can be written."""
    try:
        import pyarrow.parquet  # noqa: F401, PLC0415 (an extra, and slow to load)
    except ImportError as error:
        raise NotAcceptable("Parquet is not installed here: it needs the extra `parquet` (pyarrow).") from error


def parquet_file(columns: Sequence[Column], batches: Iterable[Iterable[Sequence[Any]]]) -> Iterator[bytes]:
    """The rows of all batches as one file, a row group at a time. NotAcceptable where pyarrow is missing."""
    require_pyarrow()
    import pyarrow as pa  # noqa: PLC0415 (as above)
    import pyarrow.parquet as pq  # noqa: PLC0415 (as above)

    types = {
        Kind.TEXT: pa.string(),
        Kind.LIST: pa.list_(pa.string()),
        Kind.DAY: pa.date32(),
        Kind.INSTANT: pa.timestamp("us", tz="UTC"),
        Kind.INTEGER: pa.int32(),
    }
    schema = pa.schema([(column.name, types[column.kind]) for column in columns])

    def array(column: Column, values: Sequence[Any]) -> Any:
        if column.kind in (Kind.DAY, Kind.INSTANT):
            return pa.array(values, pa.string()).cast(types[column.kind])
        return pa.array(values, types[column.kind])

    written = _Written()
    with pq.ParquetWriter(written, schema, compression="zstd") as writer:
        yield written.take()
        for rows in _groups(batches):
            arrays = [array(column, values) for column, values in zip(columns, zip(*rows, strict=True), strict=True)]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
            yield written.take()
    yield written.take()


def _groups(batches: Iterable[Iterable[Sequence[Any]]]) -> Iterator[list[Sequence[Any]]]:
    """The rows of the batches, so many together as make a row group."""
    group: list[Sequence[Any]] = []
    for rows in batches:
        group += rows
        if len(group) >= ROW_GROUP:
            yield group
            group = []
    if group:
        yield group


class _Written(io.RawIOBase):
    """A file to write to, out of which what was written is taken before more is."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._length = 0

    def writable(self) -> bool:
        """It is."""
        return True

    def tell(self) -> int:
        """Bytes written so far."""
        return self._length

    def write(self, data: Any) -> int:
        """Keep `data` until it is taken."""
        part = bytes(data)
        self._parts.append(part)
        self._length += len(part)
        return len(part)

    def take(self) -> bytes:
        """What was written since."""
        taken = b"".join(self._parts)
        self._parts.clear()
        return taken
