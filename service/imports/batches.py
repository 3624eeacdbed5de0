"""Rows in batches that can be written at once, in the order of the file."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from service.imports.rows import Entry, Refused, Row

#: Rows of a batch at most, and bytes from which it is full: more makes it no faster, and what is lost when a
#: connection breaks is done anew.
ROWS, BYTES = 500, 2 * 1024 * 1024

#: Refused rows that are told without waiting for more that can be taken.
REFUSED = 1_000


@dataclass
class Batch:
    """Rows no two of which share a key, and those that were refused on the way."""

    rows: list[Row] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    keys: set[object] = field(default_factory=set)
    bytes: int = 0
    #: The last line that is in it or before it, and the bytes of the file up to there.
    line: int = 0
    end: int = 0

    @property
    def is_full(self) -> bool:
        """Whether it should be written before more is read."""
        return len(self.rows) >= ROWS or self.bytes >= BYTES or len(self.refused) >= REFUSED

    def takes(self, entry: Entry) -> bool:
        """Whether `entry` may be done at one time with what is there."""
        return isinstance(entry, Refused) or self.keys.isdisjoint(entry.keys)

    def add(self, entry: Entry) -> None:
        """Put it in."""
        self.line, self.end = entry.line, entry.end
        if isinstance(entry, Refused):
            self.refused.append(entry)
        else:
            self.rows.append(entry)
            self.keys.update(entry.keys)
            self.bytes += len(entry.text)


def batches(entries: Iterable[Entry]) -> Iterator[Batch]:
    """All of `entries`, in order: two rows that may be about one event are never in one batch."""
    batch = Batch()
    for entry in entries:
        if batch.is_full or not batch.takes(entry):
            yield batch
            batch = Batch()
        batch.add(entry)
    if batch.rows or batch.refused:
        yield batch
