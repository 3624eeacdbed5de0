"""Options of an import, and the state of a dry run."""

from dataclasses import dataclass, field
from uuid import UUID

from service.imports.rows import ImportRow


@dataclass(frozen=True)
class ImportOptions:
    """Options that decide how rows are written."""

    key_id: UUID | None = None
    #: New records keep the version and the times that they state.
    preserve_versions: bool = False
    #: A row that was imported before leaves its event as it is, whatever others have written since.
    keep_edits: bool = False
    dry_run: bool = False
    #: Topics that count as existing even where the database does not have them yet.
    topics: frozenset[str] = frozenset()


@dataclass
class DryRunState:
    """Rows that a dry run would have written so far: the last digest of each key, and the ids of the events."""

    digests: dict[object, bytes] = field(default_factory=dict)
    ids: set[UUID] = field(default_factory=set)

    def is_repeated(self, row: ImportRow) -> bool:
        """Return True if `row` equals the last row with its keys."""
        return self.digests.get(row.keys[0]) == row.digest

    def has_event_of(self, row: ImportRow) -> bool:
        """Return True if an earlier row was about the same event."""
        return any(key in self.digests for key in row.keys)

    def add(self, row: ImportRow, event: UUID) -> None:
        """Remember a row that would have been written to `event`."""
        self.digests |= dict.fromkeys(row.keys, row.digest)
        self.ids.add(event)
