"""A temporary file for rows, so that memory holds few of them however many there are."""

import pickle
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from service.imports.rows import ParsedRow


class Spool:
    """Rows in the order in which they were added."""

    def __init__(self, file: IO[bytes]) -> None:
        """`file` is empty, and nothing else uses it."""
        self._file = file
        self._end = 0

    def add(self, row: ParsedRow) -> int:
        """Append a row, and return the offset at which it can be read again."""
        offset = self._end
        self._file.seek(offset)
        pickle.dump(row, self._file, pickle.HIGHEST_PROTOCOL)
        self._end = self._file.tell()
        return offset

    def read(self, offset: int) -> ParsedRow:
        """Return the row that `add` wrote at `offset`."""
        self._file.seek(offset)
        row: ParsedRow = pickle.load(self._file)  # noqa: S301 (this process wrote it, in a file without a name)
        return row

    def __iter__(self) -> Iterator[ParsedRow]:
        """Yield all rows."""
        offset = 0
        while offset < self._end:
            row = self.read(offset)
            offset = self._file.tell()
            yield row


@contextmanager
def temporary_spool() -> Iterator[Spool]:
    """An empty spool. Its file disappears with the block, or with the process."""
    with tempfile.TemporaryFile(prefix="policytrail-import-") as file:
        yield Spool(file)
