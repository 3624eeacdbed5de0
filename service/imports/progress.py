"""Results of batches, and the progress of an import."""

from dataclasses import dataclass, field
from uuid import UUID

from service.imports.batches import Batch
from service.imports.rows import ImportRow, RefusedRow


@dataclass(frozen=True)
class DeferredRow:
    """A row that relates to events which do not exist yet: `targets` may come further down the file."""

    row: ImportRow
    targets: frozenset[UUID]


@dataclass
class RowCounts:
    """Numbers of rows by their result."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: int = 0

    @property
    def rows(self) -> int:
        """The total."""
        return self.created + self.updated + self.unchanged + self.refused

    def clear(self) -> None:
        """Set all counts to zero."""
        self.created = self.updated = self.unchanged = self.refused = 0

    def add(self, other: "RowCounts") -> None:
        """Add the counts of `other`."""
        self.created += other.created
        self.updated += other.updated
        self.unchanged += other.unchanged
        self.refused += other.refused


@dataclass
class BatchResult:
    """Result of writing some rows. `deferred` rows are not counted yet."""

    counts: RowCounts = field(default_factory=RowCounts)
    refused: list[RefusedRow] = field(default_factory=list)
    deferred: list[DeferredRow] = field(default_factory=list)
    #: Ids of the topics that were created.
    topics: list[str] = field(default_factory=list)

    def refuse(self, row: RefusedRow) -> None:
        """Count a row that cannot be written."""
        self.refused.append(row)
        self.counts.refused += 1

    def add(self, other: "BatchResult") -> None:
        """Add the result of other rows."""
        self.counts.add(other.counts)
        self.refused += other.refused
        self.deferred += other.deferred
        self.topics += other.topics


@dataclass(frozen=True)
class FinishedBatch:
    """A batch that was written, with its result."""

    batch: Batch
    result: BatchResult


@dataclass
class Progress:
    """Progress of an import."""

    line: int = 0
    bytes_read: int = 0
    #: Rows that were spooled before the first is written, because all are written or none.
    spooled: int = 0
    counts: RowCounts = field(default_factory=RowCounts)
    topics: list[str] = field(default_factory=list)

    def add(self, finished: FinishedBatch) -> None:
        """Count a finished batch."""
        self.counts.add(finished.result.counts)
        self.topics += finished.result.topics
        self.line, self.bytes_read = max(self.line, finished.batch.line), max(self.bytes_read, finished.batch.end)
