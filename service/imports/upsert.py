"""Many rows at once into the database, inside the caller's transaction: what events/recording.py does for one event."""

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
)
from service.imports.csv_merge import column_of, content_of
from service.imports.options import Rehearsal, Terms
from service.imports.progress import Outcome, Waiting
from service.imports.resolve import Candidate, Unchanged, find, judge, until_the_same_event
from service.imports.restore import require_active, restored
from service.imports.rows import Refused, Row, told, told_faults
from service.search.index.features import features_of
from service.store.events.bulk import Version
from service.store.events.records import StoredEvent
from service.store.imports import RowError
from service.validation import load

T = TypeVar("T")

#: Rows that are done without a break: 2 ms or so.
_TURN = 16

_NEW_EVENT, _NEW_TOPIC = NewEventSchema(), NewTopicSchema()


@dataclass(frozen=True)
class Draft:
    """A version that is to be kept if all that it names is there."""

    row: Row
    id: UUID
    record: Record
    before: Record | None
    #: Whether its version and times are those that it had elsewhere.
    is_restored: bool = False


@dataclass
class Recorder:
    """Takes rows in one transaction, and tells what became of each. In a dry run it writes nothing."""

    conn: Connection
    terms: Terms
    now: datetime
    #: Whether nothing comes after these rows: then one that relates to an event which is not there is refused.
    is_last: bool = False
    rehearsal: Rehearsal | None = None
    outcome: Outcome = field(default_factory=Outcome)

    def take(self, rows: Sequence[Row]) -> Outcome:
        """What became of `rows`, no two of which share a key.

        Conflict or Stale where another writer was first: then all of them may be taken again in a new transaction.
        """
        while rows:
            found = find(self.conn, rows)
            many = until_the_same_event(rows, found)
            candidates = self._candidates(judge(row, found, keeps_edits=self.terms.keeps_edits) for row in rows[:many])
            drafts = self._with_events(self._with_topics(self._drafts(candidates)))
            if self.rehearsal is None:
                self._write(drafts)
            for draft in drafts:
                self._count(draft)
            rows = rows[many:]
        return self.outcome

    def _candidates(self, verdicts: Iterable[Candidate | Unchanged | Refused]) -> list[Candidate]:
        """The candidates among them; with the others all is done."""
        candidates = []
        for verdict in verdicts:
            if isinstance(verdict, Refused):
                self.outcome.refuse(verdict)
            elif isinstance(verdict, Unchanged) or (self.rehearsal and self.rehearsal.has_seen(verdict.row)):
                self.outcome.counts.unchanged += 1
            else:
                candidates.append(verdict)
        return candidates

    def _drafts(self, candidates: Sequence[Candidate]) -> list[Draft]:
        """What valid candidates are to become. Where nothing new is said, only the row is noted."""
        stored = store.events.bulk.lock_documents(self.conn, [one.id for one in candidates if not one.is_new])
        drafts, said_before = list[Draft](), list[tuple[UUID, int, bytes]]()
        for one in breathing(candidates):
            try:
                draft = self._draft(one, stored.get(one.id))
            except Invalid as error:
                self.outcome.refuse(_refused(one.row, error))
                continue
            if draft.before and is_unchanged(draft.record, draft.before):
                self.outcome.counts.unchanged += 1
                said_before.append((draft.id, draft.before["version"], draft.row.digest))
            else:
                drafts.append(draft)
        if self.rehearsal is None:
            store.events.bulk.upsert_import_marks(self.conn, said_before)
        return drafts

    def _draft(self, candidate: Candidate, stored: StoredEvent | None) -> Draft:
        """Invalid where the row does not say what an event may say."""
        row, id_ = candidate.row, candidate.id
        said = orjson.loads(row.text)
        before = orjson.loads(stored.document) if stored and stored.record_state == "active" else None
        if row.is_flat:
            said = content_of(said, before)
        if before:
            content = load(_NEW_EVENT, _with_external_ids(said, before["external_ids"]))
            return Draft(row, id_, normalize(content, id=str(id_), now=self.now, before=before), before)
        content = load(_NEW_EVENT, said)
        require_active(said)
        first = normalize(content, id=str(id_), now=self.now)
        record = restored(first, said, self.now) if self.terms.is_trusted else first
        return Draft(row, id_, record, None, is_restored=record is not first)

    def _with_topics(self, drafts: Sequence[Draft]) -> list[Draft]:
        """The drafts whose topics are there; none of them can be deleted until the transaction ends."""
        named = sorted({topic for draft in drafts for topic in topic_ids(draft.record)} - self.terms.topics)
        missing = set(store.topics.find_missing_topics(self.conn, named))
        if not missing:
            return list(drafts)
        missing -= self._topics_brought_along(drafts, missing)
        kept = []
        for draft in drafts:
            if faults := missing_topic_faults(draft.record, missing):
                self.outcome.refuse(_refused(draft.row, Invalid("The event names topics that do not exist.", faults)))
            else:
                kept.append(draft)
        return kept

    def _topics_brought_along(self, drafts: Iterable[Draft], missing: set[str]) -> set[str]:
        """The topics of records that are restored: they exist where those come from, and are made here, plainly."""
        ids = sorted({topic for draft in drafts if draft.is_restored for topic in topic_ids(draft.record)} & missing)
        made = [_NEW_TOPIC.load({"id": id_, "labels": {"en": id_.replace("-", " ")}}) for id_ in ids]
        if made and self.rehearsal is None:
            store.topics.insert_missing_topics(self.conn, [first_topic(topic, self.now) for topic in made])
        self.outcome.topics += ids
        return set(ids)

    def _with_events(self, drafts: list[Draft]) -> list[Draft]:
        """The drafts whose relations lead to events that are there, or will be when all of these are."""
        named = {id_ for draft in drafts for id_ in related_event_ids(draft.record)}
        if not named:
            return drafts
        now = store.events.records.follow_merges(self.conn, list(named))
        now |= {id_: id_ for id_ in named & self.rehearsal.ids} if self.rehearsal else {}
        while True:
            there = now | {draft.id: draft.id for draft in drafts}
            lost = {draft.id for draft in drafts if relation_faults(draft.record, there, self._kept(draft))}
            if not lost:
                return drafts
            for draft in drafts:
                if draft.id in lost:
                    self._put_off(draft, there)
            drafts = [draft for draft in drafts if draft.id not in lost]

    def _put_off(self, draft: Draft, there: Mapping[UUID, UUID]) -> None:
        """Let a row wait for the events that it relates to; refuse it where they cannot come."""
        targets = frozenset(id_ for id_ in related_event_ids(draft.record) if id_ not in there)
        if targets and not self.is_last:
            self.outcome.waiting.append(Waiting(draft.row, targets))
        else:
            errors = told_faults(draft.row.line, relation_faults(draft.record, there, self._kept(draft)))
            self.outcome.refuse(Refused(draft.row.line, errors, draft.row.end))

    def _kept(self, draft: Draft) -> list[UUID]:
        """The events that it may relate to though they are not here: of a restored record those that do not come.

        Where it comes from they were deleted or merged, or they were not exported with it.
        """
        if draft.before:
            return related_event_ids(draft.before)
        return related_event_ids(draft.record) if draft.is_restored and self.is_last else []

    def _write(self, drafts: Sequence[Draft]) -> None:
        versions = [(self._version(draft), draft.before) for draft in breathing(drafts)]
        new = [version for version, before in versions if before is None]
        changed = [version for version, before in versions if before is not None]
        if drafts:
            store.events.bulk.write_versions(self.conn, new, changed, key_id=self.terms.key_id, now=self.now)

    def _version(self, draft: Draft) -> Version:
        record, before = draft.record, draft.before
        by = authorship_of(record, self.terms.key_id, changed_fields(before, record) if before else None)
        written_at = datetime.fromisoformat(record["updated_at"])
        subject = features_of(record)
        row, links = row_of(record, draft.id, written_at, subject), links_of(record, subject)
        return Version(row, links, by, draft.row.digest)

    def _count(self, draft: Draft) -> None:
        if draft.before is None and not (self.rehearsal and self.rehearsal.has_seen_event_of(draft.row)):
            self.outcome.counts.created += 1
        else:
            self.outcome.counts.updated += 1
        if self.rehearsal:
            self.rehearsal.add(draft.row, draft.id)


def breathing(members: Iterable[T]) -> Iterator[T]:
    """The members; under gevent others have their turn between them, for all that is done with one takes long."""
    for place, member in enumerate(members):
        if place % _TURN == 0:
            time.sleep(0)
        yield member


def _with_external_ids(said: Any, kept: list[Record]) -> Any:
    """What is said, with the external ids that are kept: what one system calls an event says nothing of others."""
    stated = said.get("external_ids", []) if isinstance(said, dict) else None
    if not isinstance(stated, list):
        return said  # what is wrong with it the schema tells
    return said | {"external_ids": stated + [one for one in kept if one not in stated]}


def _refused(row: Row, error: Invalid) -> Refused:
    """A row that is not valid; of a table's row the columns are named as well."""
    errors = told(row.line, error)
    if row.is_flat:
        cells: Mapping[str, Any] = orjson.loads(row.text)
        errors = tuple(_of_a_table(one, cells) for one in errors)
    return Refused(row.line, errors, row.end)


def _of_a_table(error: RowError, cells: Mapping[str, Any]) -> RowError:
    return replace(error, column=column_of(error.pointer, cells))
