"""The event that each row is about, found by ids and external ids without reading any document."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from psycopg import Connection

from service import store
from service.ids import uuid7
from service.imports.rows import ExternalId, ImportRow, RefusedRow, refused_row
from service.store.events.bulk import ExistingEvent


@dataclass(frozen=True)
class Upsert:
    """A row whose event is to be created or updated, if the row is valid."""

    row: ImportRow
    id: UUID
    is_new: bool


@dataclass(frozen=True)
class UnchangedRow:
    """A row that equals the one that its event's version was made from."""

    row: ImportRow
    id: UUID


@dataclass
class ExistingEvents:
    """Stored events with the ids and external ids of some rows."""

    by_id: Mapping[UUID, ExistingEvent]
    by_external_id: Mapping[ExternalId, ExistingEvent]
    #: By external id: the event that had it before it was merged into another one.
    absorbed: Mapping[ExternalId, UUID] = field(default_factory=dict)

    def event_of(self, row: ImportRow) -> ExistingEvent | None:
        """Return the event that the row is about, or None."""
        if row.id in self.by_id:
            return self.by_id[row.id]
        return next((self.by_external_id[one] for one in row.external_ids if one in self.by_external_id), None)

    def absorbed_event_of(self, row: ImportRow) -> UUID | None:
        """Return the merged event whose external id the row uses for the event that it was merged into, or None."""
        first = next((one for one in row.external_ids if one in self.by_external_id), None)
        return self.absorbed.get(first) if first and row.id not in self.by_id else None


def find_existing_events(conn: Connection, rows: Collection[ImportRow]) -> ExistingEvents:
    """Return the stored events with the ids and external ids of `rows`."""
    existing = ExistingEvents(
        store.events.bulk.find_existing_by_id(conn, {row.id for row in rows if row.id.int}),
        store.events.bulk.find_existing_by_external_id(conn, {one for row in rows for one in row.external_ids}),
    )
    ids = {event.id for event in existing.by_external_id.values() if event.absorbed}
    existing.absorbed = store.events.bulk.find_merged_external_ids(conn, ids)
    return existing


def prefix_of_distinct_events(rows: Sequence[ImportRow], existing: ExistingEvents) -> int:
    """Return the number of `rows` before the first one about the same event as an earlier one."""
    earlier: set[UUID] = set()
    for index, row in enumerate(rows):
        event = existing.event_of(row)
        if event and event.id in earlier:
            return index
        if event:
            earlier.add(event.id)
    return len(rows)


def classify(row: ImportRow, existing: ExistingEvents, *, keep_edits: bool) -> Upsert | UnchangedRow | RefusedRow:
    """Return what to do with `row`. With `keep_edits`, a repeated row changes nothing whatever others have written."""
    event = existing.event_of(row)
    if event is None:
        return Upsert(row, row.id if row.id.int else uuid7(), is_new=True)
    if event.digest == row.digest and (keep_edits or event.marked == event.version) and event.record_state == "active":
        return UnchangedRow(row, event.id)
    if problem := _problem(row, event, existing):
        detail, pointer = problem
        return refused_row(row.line, detail, pointer, end=row.end)
    return Upsert(row, event.id, is_new=False)


def _problem(row: ImportRow, event: ExistingEvent, existing: ExistingEvents) -> tuple[str, str | None] | None:
    """Return the reason for which the row cannot change the event, with a JSON pointer; None where it can."""
    id_pointer = "#/id" if row.says_id else None
    if event.record_state == "deleted":
        return f"The event {event.id} was deleted.", id_pointer
    if event.record_state == "merged":
        return f"The event {event.id} was merged into {event.merged_into}; change that one.", id_pointer
    for index, external_id in enumerate(row.external_ids):
        owner = existing.by_external_id.get(external_id, event)
        if owner.id != event.id:
            scheme, value = external_id
            return f'The {scheme} "{value}" belongs to the event {owner.id}.', f"#/external_ids/{index}"
    if merged := existing.absorbed_event_of(row):
        return f"The event {merged} had this id, and was merged into {event.id}.", "#/external_ids"
    return None
