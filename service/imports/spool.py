"""Entries set aside in a file of the machine's, so that memory holds few of them however many there are."""

import pickle
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from service.imports.rows import Entry


class Spool:
    """Entries in the order in which they were added."""

    def __init__(self, file: IO[bytes]) -> None:
        """`file` is empty, and nobody else's."""
        self._file = file
        self._end = 0

    def add(self, entry: Entry) -> int:
        """Where the entry can be read again."""
        place = self._end
        self._file.seek(place)
        pickle.dump(entry, self._file, pickle.HIGHEST_PROTOCOL)
        self._end = self._file.tell()
        return place

    def read(self, place: int) -> Entry:
        """The entry that was added there."""
        self._file.seek(place)
        entry: Entry = pickle.load(self._file)  # noqa: S301 (what this process wrote, in a file that has no name)
        return entry

    def __iter__(self) -> Iterator[Entry]:
        """All of them."""
        place = 0
        while place < self._end:
            entry = self.read(place)
            place = self._file.tell()
            yield entry


@contextmanager
def spooling() -> Iterator[Spool]:
    """An empty spool. Its file goes with the block, or with the process."""
    with tempfile.TemporaryFile(prefix="policytrail-import-") as file:
        yield Spool(file)
