"""Which event a row is about: decided from what is known, without reading any document."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from psycopg import Connection

from service import store
from service.ids import uuid7
from service.imports.rows import ExternalId, Refused, Row
from service.store.events.bulk import ExistingEvent
from service.store.imports import RowError


@dataclass(frozen=True)
class Candidate:
    """A row whose event is to be made or changed, if what it says is valid."""

    row: Row
    id: UUID
    is_new: bool


@dataclass(frozen=True)
class Unchanged:
    """A row that says what it said when it made its event's version."""

    row: Row


@dataclass
class Found:
    """What is there already of that which rows name."""

    by_id: Mapping[UUID, ExistingEvent]
    by_external_id: Mapping[ExternalId, ExistingEvent]
    #: The events, merged into another one, that an external id belonged to.
    absorbed: Mapping[ExternalId, UUID] = field(default_factory=dict)

    def event_of(self, row: Row) -> ExistingEvent | None:
        """The event that the row is about, if it is there."""
        if row.id in self.by_id:
            return self.by_id[row.id]
        return next((self.by_external_id[one] for one in row.external_ids if one in self.by_external_id), None)

    def absorbed_of(self, row: Row) -> UUID | None:
        """The event that was merged into the one the row is about, if it is by that one's id that the row names it."""
        first = next((one for one in row.external_ids if one in self.by_external_id), None)
        return self.absorbed.get(first) if first and row.id not in self.by_id else None


def find(conn: Connection, rows: Collection[Row]) -> Found:
    """What is there of that which `rows` name."""
    found = Found(
        store.events.bulk.find_existing_by_id(conn, {row.id for row in rows if row.id.int}),
        store.events.bulk.find_existing_by_external_id(conn, {one for row in rows for one in row.external_ids}),
    )
    ids = {known.id for known in found.by_external_id.values() if known.absorbed}
    found.absorbed = store.events.bulk.find_merged_external_ids(conn, ids)
    return found


def until_the_same_event(rows: Sequence[Row], found: Found) -> int:
    """How many of `rows` there are before one about an event that an earlier one is about as well."""
    seen: set[UUID] = set()
    for place, row in enumerate(rows):
        event = found.event_of(row)
        if event and event.id in seen:
            return place
        if event:
            seen.add(event.id)
    return len(rows)


def judge(row: Row, found: Found, *, keeps_edits: bool) -> Candidate | Unchanged | Refused:
    """What is to be done with `row`. With `keeps_edits` a row that came before is unchanged whatever others wrote."""
    event = found.event_of(row)
    if event is None:
        return Candidate(row, row.id if row.id.int else uuid7(), is_new=True)
    if event.digest == row.digest and (keeps_edits or event.marked == event.version) and event.record_state == "active":
        return Unchanged(row)
    if problem := _problem(row, event, found):
        detail, pointer = problem
        return Refused(row.line, (RowError(row.line, detail, pointer),), row.end)
    return Candidate(row, event.id, is_new=False)


def _problem(row: Row, event: ExistingEvent, found: Found) -> tuple[str, str | None] | None:
    """Why the row cannot change the event, and where it says so."""
    stated = "#/id" if row.says_id else None
    if event.record_state == "deleted":
        return f"The event {event.id} was deleted.", stated
    if event.record_state == "merged":
        return f"The event {event.id} was found to be the event {event.merged_into}; change that one.", stated
    for place, one in enumerate(row.external_ids):
        owner = found.by_external_id.get(one, event)
        if owner.id != event.id:
            return f'The {one[0]} "{one[1]}" belongs to the event {owner.id}.', f"#/external_ids/{place}"
    if merged := found.absorbed_of(row):
        return f"The event {merged} had this id, and was found to be the event {event.id}.", "#/external_ids"
    return None
