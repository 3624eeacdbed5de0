"""What became of rows."""

from dataclasses import dataclass, field
from uuid import UUID

from service.imports.batches import Batch
from service.imports.rows import Refused, Row


@dataclass(frozen=True)
class Waiting:
    """A row that relates to events which are not there yet, and may come further down the file."""

    row: Row
    targets: frozenset[UUID]


@dataclass
class Counts:
    """How many rows were taken, and how."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: int = 0

    @property
    def rows(self) -> int:
        """All of them."""
        return self.created + self.updated + self.unchanged + self.refused

    def clear(self) -> None:
        """Begin again."""
        self.created = self.updated = self.unchanged = self.refused = 0

    def add(self, other: "Counts") -> None:
        """Count those of `other` as well."""
        self.created += other.created
        self.updated += other.updated
        self.unchanged += other.unchanged
        self.refused += other.refused


@dataclass
class Outcome:
    """What became of some rows; those that are `waiting` are not counted yet."""

    counts: Counts = field(default_factory=Counts)
    refused: list[Refused] = field(default_factory=list)
    waiting: list[Waiting] = field(default_factory=list)
    #: Ids of topics that were made.
    topics: list[str] = field(default_factory=list)

    def refuse(self, refused: Refused) -> None:
        """Count a row that cannot be taken."""
        self.refused.append(refused)
        self.counts.refused += 1

    def add(self, other: "Outcome") -> None:
        """Let what became of others stand here as well."""
        self.counts.add(other.counts)
        self.refused += other.refused
        self.waiting += other.waiting
        self.topics += other.topics


@dataclass(frozen=True)
class Done:
    """A batch that is done, and what became of it."""

    batch: Batch
    outcome: Outcome


@dataclass
class Progress:
    """How far an import has come."""

    line: int = 0
    bytes_read: int = 0
    #: Rows that were set aside until all are there, since all are taken or none.
    aside: int = 0
    counts: Counts = field(default_factory=Counts)
    topics: list[str] = field(default_factory=list)

    def add(self, done: Done) -> None:
        """Count a batch that is done."""
        self.counts.add(done.outcome.counts)
        self.topics += done.outcome.topics
        self.line, self.bytes_read = max(self.line, done.batch.line), max(self.bytes_read, done.batch.end)
