"""A batch of rows created or updated inside the caller's transaction: what events/write.py does for one event."""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

import orjson
from psycopg import Connection

from schemas.events import NewEventSchema
from schemas.topics import NewTopicSchema
from service import store
from service.errors import Invalid
from service.events.diff import changed_fields
from service.events.normalize import Record, is_unchanged, normalize
from service.events.topics import first_topic
from service.events.write import (
    authorship_of,
    links_of,
    missing_topic_faults,
    related_event_ids,
    relation_faults,
    row_of,
    topic_ids,
    written_at,
)
from service.imports.csv_merge import columns_at, merge_cells
from service.imports.options import DryRunState, ImportOptions
from service.imports.progress import BatchResult, DeferredRow
from service.imports.resolve import (
    UnchangedRow,
    Upsert,
    classify,
    find_existing_events,
    prefix_of_distinct_events,
)
from service.imports.restore import is_restored, require_active, with_original_version
from service.imports.rows import ImportRow, RefusedRow, row_errors
from service.search.index.features import features_of
from service.store.events.bulk import EventVersion
from service.store.events.records import StoredEvent
from service.validation import load

T = TypeVar("T")

#: Rows between two yields to other greenlets: about 2 ms of work.
_YIELD_EVERY = 16

_NEW_EVENT, _NEW_TOPIC = NewEventSchema(), NewTopicSchema()


@dataclass(frozen=True)
class PendingVersion:
    """A version to be written if its topics and its related events exist."""

    row: ImportRow
    id: UUID
    record: Record
    before: Record | None
    #: The record keeps the version and the times that it had elsewhere.
    is_restored: bool = False


@dataclass
class BatchUpsert:
    """Writes rows in one transaction and collects their results. In a dry run it writes nothing."""

    conn: Connection
    options: ImportOptions
    now: datetime
    #: No rows follow: a row that relates to a missing event is refused instead of deferred.
    is_last: bool = False
    dry_run: DryRunState | None = None
    result: BatchResult = field(default_factory=BatchResult)
    #: By event: the row that it equals now.
    _rows: dict[UUID, ImportRow] = field(default_factory=dict)

    def run(self, rows: Sequence[ImportRow]) -> BatchResult:
        """Write `rows`, which share no key, and return their result.

        Raises Conflict or Stale where another writer was first: all rows can then be tried in a new transaction.
        """
        while rows:
            existing = find_existing_events(self.conn, rows)
            number = prefix_of_distinct_events(rows, existing)
            upserts = self._upserts(
                classify(row, existing, keep_edits=self.options.keep_edits) for row in rows[:number]
            )
            versions = self._with_events(self._with_topics(self._pending_versions(upserts)))
            if self.dry_run is None:
                self._write(versions)
            for version in versions:
                self._count(version)
                self._rows[version.id] = version.row
            rows = rows[number:]
        if self.dry_run is None:
            store.events.bulk.upsert_import_sources(
                self.conn, [(id_, row.source, row.digest) for id_, row in self._rows.items() if row.source]
            )
        return self.result

    def _upserts(self, classified: Iterable[Upsert | UnchangedRow | RefusedRow]) -> list[Upsert]:
        """Return the upserts, and count the other rows."""
        upserts = []
        for one in classified:
            if isinstance(one, RefusedRow):
                self.result.refuse(one)
            elif isinstance(one, UnchangedRow):
                self.result.counts.unchanged += 1
                self._rows[one.id] = one.row
            elif self.dry_run and self.dry_run.is_repeated(one.row):
                self.result.counts.unchanged += 1
            else:
                upserts.append(one)
        return upserts

    def _pending_versions(self, upserts: Sequence[Upsert]) -> list[PendingVersion]:
        """Return the versions of valid rows. Where a row changes nothing, only its digest is recorded."""
        stored = store.events.bulk.lock_documents(self.conn, [one.id for one in upserts if not one.is_new])
        versions, unchanged = list[PendingVersion](), list[tuple[UUID, int, bytes]]()
        for one in yield_to_other_greenlets(upserts):
            try:
                version = self._pending_version(one, stored.get(one.id))
            except Invalid as error:
                self.result.refuse(_refuse(one.row, error))
                continue
            if version.before and is_unchanged(version.record, version.before):
                self.result.counts.unchanged += 1
                unchanged.append((version.id, version.before["version"], version.row.digest))
                self._rows[version.id] = version.row
            else:
                versions.append(version)
        if self.dry_run is None:
            store.events.bulk.upsert_import_marks(self.conn, unchanged)
        return versions

    def _pending_version(self, upsert: Upsert, stored: StoredEvent | None) -> PendingVersion:
        """Return the version that a row makes. Raises Invalid where the row is not a valid event."""
        row, id_ = upsert.row, upsert.id
        content = orjson.loads(row.text)
        before = orjson.loads(stored.document) if stored and stored.record_state == "active" else None
        if row.is_flat:
            content = merge_cells(content, before)
        if before:
            loaded = load(_NEW_EVENT, _with_external_ids(content, before["external_ids"]), before)
            return PendingVersion(row, id_, normalize(loaded, id=str(id_), now=self.now, before=before), before)
        stored_elsewhere = content if self.options.preserve_versions and is_restored(content) else None
        loaded = load(_NEW_EVENT, content, stored_elsewhere) if row.loaded is None else row.loaded
        require_active(content)
        first = normalize(loaded, id=str(id_), now=self.now)
        record = with_original_version(first, content, self.now) if self.options.preserve_versions else first
        return PendingVersion(row, id_, record, None, is_restored=record is not first)

    def _with_topics(self, versions: Sequence[PendingVersion]) -> list[PendingVersion]:
        """Return the versions whose topics exist, and lock these topics until the transaction ends."""
        ids = sorted({topic for version in versions for topic in topic_ids(version.record)} - self.options.topics)
        missing = set(store.topics.find_missing_topics(self.conn, ids))
        if not missing:
            return list(versions)
        missing -= self._create_restored_topics(versions, missing)
        complete_versions = []
        for version in versions:
            if faults := missing_topic_faults(version.record, missing):
                self.result.refuse(_refuse(version.row, Invalid("The event has unknown topics.", faults)))
            else:
                complete_versions.append(version)
        return complete_versions

    def _create_restored_topics(self, versions: Iterable[PendingVersion], missing: set[str]) -> set[str]:
        """Create the missing topics of restored records, which exist where these come from, and return their ids."""
        restored = (version for version in versions if version.is_restored)
        ids = sorted({topic for version in restored for topic in topic_ids(version.record)} & missing)
        topics = [_NEW_TOPIC.load({"id": id_, "labels": {"en": id_.replace("-", " ")}}) for id_ in ids]
        if topics and self.dry_run is None:
            store.topics.insert_missing_topics(self.conn, [first_topic(topic, self.now) for topic in topics])
        self.result.topics += ids
        return set(ids)

    def _with_events(self, versions: list[PendingVersion]) -> list[PendingVersion]:
        """Return the versions whose related events exist, or will exist when all of these are written."""
        ids = {id_ for version in versions for id_ in related_event_ids(version.record)}
        if not ids:
            return versions
        stored = store.events.records.follow_merges(self.conn, list(ids))
        stored |= {id_: id_ for id_ in ids & self.dry_run.ids} if self.dry_run else {}
        while True:
            existing = stored | {version.id: version.id for version in versions}
            incomplete = {
                version.id
                for version in versions
                if relation_faults(version.record, existing, self._exempt_ids(version))
            }
            if not incomplete:
                return versions
            for version in versions:
                if version.id in incomplete:
                    self._defer(version, existing)
            versions = [version for version in versions if version.id not in incomplete]

    def _defer(self, version: PendingVersion, existing: Mapping[UUID, UUID]) -> None:
        """Defer a row until its related events are read; refuse it where they cannot come."""
        targets = frozenset(id_ for id_ in related_event_ids(version.record) if id_ not in existing)
        if targets and not self.is_last:
            self.result.deferred.append(DeferredRow(version.row, targets))
        else:
            faults = relation_faults(version.record, existing, self._exempt_ids(version))
            errors = row_errors(version.row.line, Invalid("The event relates to unknown events.", faults))
            self.result.refuse(RefusedRow(version.row.line, errors, version.row.end))

    def _exempt_ids(self, version: PendingVersion) -> list[UUID]:
        """Return the events that a version may relate to although they do not exist here.

        A restored record may relate to events that were deleted, merged or not exported where it comes from.
        """
        if version.before:
            return related_event_ids(version.before)
        return related_event_ids(version.record) if version.is_restored and self.is_last else []

    def _write(self, versions: Sequence[PendingVersion]) -> None:
        built = [(self._version(version), version.before) for version in yield_to_other_greenlets(versions)]
        new = [version for version, before in built if before is None]
        changed = [version for version, before in built if before is not None]
        if versions:
            store.events.bulk.write_versions(self.conn, new, changed, key_id=self.options.key_id, now=self.now)

    def _version(self, version: PendingVersion) -> EventVersion:
        record, before = version.record, version.before
        by = authorship_of(record, self.options.key_id, changed_fields(before, record) if before else None)
        subject = features_of(record)
        row, links = row_of(record, version.id, written_at(record), subject), links_of(record, subject)
        return EventVersion(row, links, by, version.row.digest)

    def _count(self, version: PendingVersion) -> None:
        if version.before is None and not (self.dry_run and self.dry_run.has_event_of(version.row)):
            self.result.counts.created += 1
        else:
            self.result.counts.updated += 1
        if self.dry_run:
            self.dry_run.add(version.row, version.id)


def yield_to_other_greenlets(members: Iterable[T]) -> Iterator[T]:
    """Yield the members, and let other greenlets run between them: under gevent the work on each would block them."""
    for index, member in enumerate(members):
        if index % _YIELD_EVERY == 0:
            time.sleep(0)
        yield member


def _with_external_ids(content: Any, stored: list[Record]) -> Any:
    """Return the content with the event's stored external ids as well: a row of one system removes no other's ids."""
    external_ids = content.get("external_ids", []) if isinstance(content, dict) else None
    if not isinstance(external_ids, list):
        return content  # the schema reports it
    return content | {"external_ids": external_ids + [one for one in stored if one not in external_ids]}


def _refuse(row: ImportRow, error: Invalid) -> RefusedRow:
    """Return a refused row; the errors of a table's row have its columns."""
    errors = row_errors(row.line, error)
    if row.is_flat:
        cells: Mapping[str, Any] = orjson.loads(row.text)
        errors = tuple(replace(one, column=columns_at(one.pointer, cells)) for one in errors)
    return RefusedRow(row.line, errors, row.end)
