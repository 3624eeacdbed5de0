"""On what terms rows are taken, and what a dry run remembers."""

from dataclasses import dataclass, field
from uuid import UUID

from service.imports.rows import Row


@dataclass(frozen=True)
class Terms:
    """On what terms rows are taken."""

    key_id: UUID | None = None
    #: Whether a new record's version and times are believed where it states them.
    is_trusted: bool = False
    #: Whether a row that came before leaves its event as it is, whatever others have written since.
    keeps_edits: bool = False
    dry_run: bool = False
    #: Topics that will be there by the time the rows are, whatever the database says now.
    topics: frozenset[str] = frozenset()


@dataclass
class Rehearsal:
    """What a dry run would have done so far: of each key the row that came last, and the events that would be there."""

    digests: dict[object, bytes] = field(default_factory=dict)
    ids: set[UUID] = field(default_factory=set)

    def has_seen(self, row: Row) -> bool:
        """Whether `row` came last of those with its keys."""
        return self.digests.get(row.keys[0]) == row.digest

    def has_seen_event_of(self, row: Row) -> bool:
        """Whether an earlier row was about its event."""
        return any(key in self.digests for key in row.keys)

    def add(self, row: Row, event: UUID) -> None:
        """Remember a row that would have been taken."""
        self.digests |= dict.fromkeys(row.keys, row.digest)
        self.ids.add(event)
