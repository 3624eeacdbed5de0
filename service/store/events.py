"""Events in the database: the bytes that are served, beside the columns that find them."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from uuid import UUID

from psycopg import Connection
from psycopg.errors import UniqueViolation
from psycopg.rows import class_row

from service.errors import Conflict, Gone, NotFound, Stale

ExternalId = tuple[str, str]


@dataclass(frozen=True, kw_only=True)
class EventRow:
    """One version of an event, as columns. `document` is what is served for it."""

    id: UUID
    version: int
    event_type: str
    status: str | None
    parties: list[str]
    affected: list[str]
    jurisdictions: list[str]
    topics: list[str]
    tags: list[str]
    title_key: str
    date_earliest: date | None
    announced_earliest: date | None
    created_at: datetime
    updated_at: datetime
    content_changed_at: datetime
    document: bytes


@dataclass(frozen=True)
class Authorship:
    """Who wrote a version, and why."""

    key_id: UUID | None
    change_kind: str | None
    reason: str | None


@dataclass(frozen=True)
class StoredEvent:
    """An event as it is served."""

    id: UUID
    version: int
    record_state: str
    document: bytes


def insert_event(conn: Connection, row: EventRow, external_ids: Sequence[ExternalId], by: Authorship) -> StoredEvent:
    """Keep a new event and its first revision. Conflict where an external id belongs to another event."""
    try:
        conn.execute(
            """
            WITH new AS (
                INSERT INTO event (id, version, record_state, event_type, status, parties, affected, jurisdictions,
                                   topics, tags, title_key, date_earliest, announced_earliest, created_at, updated_at,
                                   content_changed_at, document)
                VALUES (%(id)s, %(version)s, 'active', %(event_type)s, %(status)s, %(parties)s, %(affected)s,
                        %(jurisdictions)s, %(topics)s, %(tags)s, %(title_key)s, %(date_earliest)s,
                        %(announced_earliest)s, %(created_at)s, %(updated_at)s, %(content_changed_at)s, %(document)b)
                RETURNING id, version, updated_at, document
            ), external AS (
                INSERT INTO event_external_id (scheme, value, event_id)
                SELECT scheme, value, %(id)s
                  FROM unnest(%(schemes)s::text[], %(values)s::text[]) AS given (scheme, value)
            )
            INSERT INTO event_revision (event_id, version, recorded_at, key_id, change_kind, reason, document)
            SELECT id, version, updated_at, %(key_id)s, %(change_kind)s, %(reason)s, document
              FROM new
            """,
            asdict(row) | asdict(by) | _columns(external_ids),
        )
    except UniqueViolation as error:
        raise _conflict(error) from error
    return StoredEvent(row.id, row.version, "active", row.document)


def get_event(conn: Connection, id: UUID) -> StoredEvent:
    """The event as it is now. NotFound, or Gone where it was deleted."""
    found = conn.execute(
        "SELECT version, record_state, document FROM event WHERE id = %s", (id,), binary=True
    ).fetchone()
    if found is None:
        raise NotFound(f"There is no event {id}.")
    if found[1] == "deleted":
        raise Gone(f"The event {id} was deleted; its revisions remain.")
    return StoredEvent(id, *found)


def update_event(
    conn: Connection, row: EventRow, external_ids: Sequence[ExternalId], by: Authorship, *, expected: int
) -> StoredEvent:
    """Keep the version that follows `expected`. Stale where another writer was first."""
    try:
        changed = conn.execute(
            """
            WITH changed AS (
                UPDATE event
                   SET version = %(version)s, event_type = %(event_type)s, status = %(status)s, parties = %(parties)s,
                       affected = %(affected)s, jurisdictions = %(jurisdictions)s, topics = %(topics)s,
                       tags = %(tags)s, title_key = %(title_key)s, date_earliest = %(date_earliest)s,
                       announced_earliest = %(announced_earliest)s, updated_at = %(updated_at)s,
                       content_changed_at = %(content_changed_at)s, document = %(document)b
                 WHERE id = %(id)s AND version = %(expected)s AND record_state = 'active'
             RETURNING id, version, updated_at, document
            )
            INSERT INTO event_revision (event_id, version, recorded_at, key_id, change_kind, reason, document)
            SELECT id, version, updated_at, %(key_id)s, %(change_kind)s, %(reason)s, document
              FROM changed
            """,
            asdict(row) | asdict(by) | {"expected": expected},
        )
        if changed.rowcount == 0:
            raise _stale(row.id)
        _replace_external_ids(conn, row.id, external_ids)
    except UniqueViolation as error:
        raise _conflict(error) from error
    return StoredEvent(row.id, row.version, "active", row.document)


def delete_event(conn: Connection, id: UUID, by: Authorship, *, expected: int, now: datetime) -> None:
    """Leave a tombstone as the version after `expected`, and free its external ids. Stale where it has moved on."""
    changed = conn.execute(
        """
        WITH changed AS (
            UPDATE event
               SET version = version + 1, record_state = 'deleted', updated_at = %(now)s
             WHERE id = %(id)s AND version = %(expected)s AND record_state = 'active'
         RETURNING id, version
        ), freed AS (
            DELETE FROM event_external_id USING changed WHERE event_id = changed.id
        )
        INSERT INTO event_revision (event_id, version, recorded_at, key_id, change_kind, reason, document)
        SELECT id, version, %(now)s, %(key_id)s, %(change_kind)s, %(reason)s, NULL
          FROM changed
        """,
        {"id": id, "expected": expected, "now": now} | asdict(by),
    )
    if changed.rowcount == 0:
        raise _stale(id)


def is_empty(conn: Connection) -> bool:
    """Whether there is neither an event nor a topic."""
    found = conn.execute("SELECT EXISTS (SELECT FROM event) OR EXISTS (SELECT FROM topic)").fetchone()
    return found == (False,)


@dataclass(frozen=True)
class Revision:
    """One version of an event. `document` is None where the version is a deletion."""

    event_id: UUID
    version: int
    recorded_at: datetime
    key_id: UUID | None
    change_kind: str | None
    reason: str | None
    document: bytes | None


def get_revision(conn: Connection, id: UUID, version: int) -> Revision:
    """One version of an event, deleted or not."""
    cur = conn.cursor(row_factory=class_row(Revision))
    cur.execute(
        """
        SELECT event_id, version, recorded_at, key_id, change_kind, reason, document
          FROM event_revision
         WHERE event_id = %(id)s AND version = %(version)s
        """,
        {"id": id, "version": version},
        binary=True,
    )
    found = cur.fetchone()
    if found is None:
        raise NotFound(f"There is no version {version} of the event {id}.")
    return found


def _replace_external_ids(conn: Connection, id: UUID, external_ids: Sequence[ExternalId]) -> None:
    named = {"id": id} | _columns(external_ids)
    conn.execute(
        """
        DELETE FROM event_external_id
         WHERE event_id = %(id)s
           AND (scheme, value) NOT IN (SELECT * FROM unnest(%(schemes)s::text[], %(values)s::text[]))
        """,
        named,
    )
    conn.execute(
        """
        INSERT INTO event_external_id (scheme, value, event_id)
        SELECT scheme, value, %(id)s
          FROM unnest(%(schemes)s::text[], %(values)s::text[]) AS given (scheme, value)
         WHERE NOT EXISTS (SELECT FROM event_external_id AS kept
                            WHERE kept.scheme = given.scheme AND kept.value = given.value AND kept.event_id = %(id)s)
        """,
        named,
    )


def _columns(external_ids: Sequence[ExternalId]) -> dict[str, list[str]]:
    return {"schemes": [scheme for scheme, _ in external_ids], "values": [value for _, value in external_ids]}


def _stale(id: UUID) -> Stale:
    return Stale(f"The event {id} has another version by now; read it again.")


def _conflict(error: UniqueViolation) -> Exception:
    if error.diag.constraint_name == "event_external_id_unique":
        return Conflict("One of the external ids belongs to another event.")
    return error
