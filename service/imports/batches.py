"""Batches of rows that can be written at once, in the order of the file."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from service.imports.rows import ImportRow, KnownRow, ParsedRow, RefusedRow

#: Rows and bytes at which a batch is full. Larger batches are no faster, and a broken connection would lose more work.
MAX_ROWS, MAX_BYTES = 500, 2 * 1024 * 1024

#: Refused rows at which a batch is full, so that errors are recorded even where few rows are valid.
MAX_REFUSED = 1_000

#: Known rows at which a batch is full, so that progress is shown while nothing is written.
MAX_KNOWN = 5_000


@dataclass
class Batch:
    """Rows that share no key, and the refused and known rows between them."""

    rows: list[ImportRow] = field(default_factory=list)
    refused: list[RefusedRow] = field(default_factory=list)
    #: Number of known rows.
    known_rows: int = 0
    keys: set[object] = field(default_factory=set)
    bytes: int = 0
    #: The last line that is in it or before it, and the bytes of the file up to the end of that line.
    line: int = 0
    end: int = 0

    @property
    def is_full(self) -> bool:
        """True if it should be written before more rows are read."""
        return (
            len(self.rows) >= MAX_ROWS
            or self.bytes >= MAX_BYTES
            or len(self.refused) >= MAX_REFUSED
            or self.known_rows >= MAX_KNOWN
        )

    def accepts(self, row: ParsedRow) -> bool:
        """Return True if `row` may be written together with the rows that it holds."""
        return not isinstance(row, ImportRow) or self.keys.isdisjoint(row.keys)

    def add(self, row: ParsedRow) -> None:
        """Append a row."""
        self.line, self.end = row.line, row.end
        if isinstance(row, RefusedRow):
            self.refused.append(row)
        elif isinstance(row, KnownRow):
            self.known_rows += 1
        else:
            self.rows.append(row)
            self.keys.update(row.keys)
            self.bytes += len(row.text)


def batches(rows: Iterable[ParsedRow]) -> Iterator[Batch]:
    """Yield `rows` in batches, in order. Two rows that may be about one event are never in one batch."""
    batch = Batch()
    for row in rows:
        if batch.is_full or not batch.accepts(row):
            yield batch
            batch = Batch()
        batch.add(row)
    if batch.rows or batch.refused or batch.known_rows:
        yield batch
