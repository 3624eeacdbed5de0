"""Events in the database: the bytes of each document, beside the columns that filters use."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.errors import UniqueViolation

from service.errors import Gone, Moved, NotFound, Stale
from service.store.events.links import Links, conflict_error, link_parameters, replace_links
from service.store.search.documents import INSERT_DOCUMENTS


@dataclass(frozen=True, kw_only=True)
class EventRow:
    """One version of an event, as columns. `document` is its response body; `dates` and `figures` are JSON."""

    id: UUID
    version: int
    event_type: str
    status: str | None
    verification: str
    parties: list[str]
    affected: list[str]
    jurisdictions: list[str]
    topics: list[str]
    tags: list[str]
    publishers: list[str]
    currencies: list[str]
    labels: list[str]
    dates: str
    figures: str
    title_key: str
    date_earliest: date | None
    date_latest: date | None
    announced_earliest: date | None
    created_at: datetime
    updated_at: datetime
    content_changed_at: datetime
    document: bytes


@dataclass(frozen=True)
class Authorship:
    """The author of a version, its reason, and the top-level fields that it changed: None for a first version."""

    key_id: UUID | None
    change_kind: str | None
    reason: str | None
    changed: list[str] | None = None


@dataclass(frozen=True)
class StoredEvent:
    """A version of an event with the bytes of its document."""

    id: UUID
    version: int
    record_state: str
    document: bytes


# Both statements are made from the fields of EventRow, which have the names of the columns.
_NAMES = [field.name for field in fields(EventRow)]
_TYPES = {"document": "b", "dates": "s::jsonb", "figures": "s::jsonb"}
_VALUES = ", ".join(f"%({name}){_TYPES.get(name, 's')}" for name in _NAMES)
_REVISION_COLUMNS = ", ".join(["record_state", "merged_into", *_NAMES])
_REVISION = f"""
    INSERT INTO event_revision ({_REVISION_COLUMNS}, key_id, change_kind, reason)
    SELECT {_REVISION_COLUMNS}, %(key_id)s, %(change_kind)s, %(reason)s FROM written
    """


def _outbox(kind: str) -> str:
    """Return the part of a statement that puts the `written` rows into the outbox of the change feed."""
    return f"""
        queued AS (
            INSERT INTO outbox (event_id, version, kind, changed, change_kind, key_id, merged_into, occurred_at)
            SELECT id, version, '{kind}', %(changed)s::text[], %(change_kind)s, %(key_id)s, merged_into, updated_at
              FROM written
        )
        """


def _insert_statement(documents: str) -> str:
    """Return the statement that writes an event with its revision and links. `documents` writes its search documents.

    In one line: psycopg does not cache its parse of a statement of more than 4096 characters, which takes 0.15 ms.
    """
    statement = f"""
        WITH written AS (
            INSERT INTO event (record_state, {", ".join(_NAMES)})
            VALUES ('active', {_VALUES})
         RETURNING *
        ), external AS (
            INSERT INTO event_external_id (scheme, value, event_id)
            SELECT scheme, value, %(id)s FROM unnest(%(schemes)s::text[], %(values)s::text[]) AS given (scheme, value)
        ), source AS (
            INSERT INTO event_source (event_id, url_key) SELECT %(id)s, unnest(%(url_keys)s::text[])
        ), relation AS (
            INSERT INTO event_relation (event_id, type, target_id, note)
            SELECT %(id)s, type, target_id, note
              FROM unnest(%(types)s::text[], %(targets)s::uuid[], %(notes)s::text[]) AS given (type, target_id, note)
        ), agenda AS (
            INSERT INTO event_agenda (event_id, item, due)
            SELECT %(id)s, item, coalesce(due, 'infinity')
              FROM unnest(%(open_items)s::text[], %(open_due)s::date[]) AS given (item, due)
        ), {documents}{_outbox("create")}
        {_REVISION}
        """
    return " ".join(statement.split())


_INSERT = _insert_statement(f"{INSERT_DOCUMENTS}, ")

_UPDATE = f"""
    WITH written AS (
        UPDATE event
           SET ({", ".join(_NAMES)}) = ROW ({_VALUES})
         WHERE id = %(id)s AND version = %(expected)s AND record_state = 'active'
     RETURNING *
    ), {_outbox("update")}
    {_REVISION}
    """


def insert_event(conn: Connection, row: EventRow, links: Links, by: Authorship) -> StoredEvent:
    """Insert a new event and its first revision. Conflict if an external id belongs to another event."""
    try:
        conn.execute(_INSERT, vars(row) | vars(by) | link_parameters(links, row.id))
    except UniqueViolation as error:
        raise conflict_error(error) from error
    return StoredEvent(row.id, row.version, "active", row.document)


def get_event(conn: Connection, id: UUID, *, lock: bool = False) -> StoredEvent:
    """Return the current version of the event, with `lock` locked against other writers.

    NotFound, Gone after its deletion, or Moved after its merge into another event.
    """
    row = conn.execute(_LOCK if lock else _GET, (id,), binary=True).fetchone()
    if row and row[3]:
        row = (*row[:3], follow_merges(conn, [row[3]])[row[3]])
    return readable_event(id, row)


def readable_event(id: UUID, row: tuple[Any, ...] | None) -> StoredEvent:
    """Return the event of a row of version, state, document and `merged_into`. Errors as of get_event."""
    if row is None:
        raise NotFound(f"There is no event {id}.")
    version, state, document, merged_into = row
    if state == "deleted":
        raise Gone(f"The event {id} was deleted.")
    if state == "merged":
        raise Moved(f"The event {id} was merged into the event {merged_into}.", merged_into)
    return StoredEvent(id, version, state, document)


_GET = "SELECT version, record_state, document, merged_into FROM event WHERE id = %s"
_LOCK = _GET + " FOR NO KEY UPDATE"


def lock_external_id(conn: Connection, scheme: str, value: str) -> None:
    """Serialize upserts of one external id until the transaction ends.

    Without the lock the unique key would refuse the second upsert; with it, the second one updates the first's event.
    """
    conn.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (f"{scheme} {value}",))


def find_event_by_external_id(conn: Connection, scheme: str, value: str, *, lock: bool = False) -> StoredEvent | None:
    """Return the event with this external id or None, with `lock` locked against other writers."""
    row = conn.execute(
        "SELECT event_id FROM event_external_id WHERE scheme = %s AND value = %s", (scheme, value)
    ).fetchone()
    try:
        return get_event(conn, row[0], lock=lock) if row else None
    except Moved as moved:  # by a merge that committed while this transaction waited; the external id moved with it
        return get_event(conn, moved.merged_into, lock=lock)


def get_event_by_external_id(conn: Connection, scheme: str, value: str) -> StoredEvent:
    """Return the event with this external id. NotFound without one."""
    stored = find_event_by_external_id(conn, scheme, value)
    if stored is None:
        raise NotFound(f'No event has the {scheme} "{value}".')
    return stored


def update_event(conn: Connection, row: EventRow, links: Links, by: Authorship, *, expected: int) -> StoredEvent:
    """Write the version that follows `expected`. Stale if another writer was first."""
    changed = conn.execute(_UPDATE, vars(row) | vars(by) | {"expected": expected})
    if changed.rowcount == 0:
        raise stale_error(row.id)
    replace_links(conn, row.id, links)
    return StoredEvent(row.id, row.version, "active", row.document)


def delete_event(conn: Connection, id: UUID, by: Authorship, *, expected: int, now: datetime) -> None:
    """Write a tombstone as the version after `expected`, and delete the links. Stale if another writer was first."""
    changed = conn.execute(
        f"""
        WITH written AS (
            UPDATE event
               SET version = version + 1, record_state = 'deleted',
                   updated_at = greatest(updated_at, %(now)s), document = ''
             WHERE id = %(id)s AND version = %(expected)s AND record_state = 'active'
         RETURNING *
        ), {_outbox("delete")}
        {_REVISION}
        """,
        {"id": id, "expected": expected, "now": now} | vars(by),
    )
    if changed.rowcount == 0:
        raise stale_error(id)
    replace_links(conn, id, Links((), (), ()))


def merge_event(
    conn: Connection, goes: StoredEvent, into: UUID, by: Authorship, *, document: bytes, now: datetime
) -> None:
    """Merge `goes` into the event `into`: write its last version, `document`, and delete its links. Lock it before."""
    conn.execute(
        f"""
        WITH written AS (
            UPDATE event
               SET version = version + 1, record_state = 'merged', merged_into = %(into)s,
                   updated_at = greatest(updated_at, %(now)s), document = %(document)b
             WHERE id = %(id)s
         RETURNING *
        ), {_outbox("merge")}
        {_REVISION}
        """,
        {"id": goes.id, "into": into, "document": document, "now": now} | vars(by),
    )
    replace_links(conn, goes.id, Links((), (), ()))


def lock_events(conn: Connection, ids: Sequence[UUID]) -> None:
    """Lock events against other writers, always in the order of their ids, so that there are no deadlocks."""
    conn.execute("SELECT FROM event WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE", (list(ids),))


def is_empty(conn: Connection) -> bool:
    """Return True if there are no events and no topics."""
    row = conn.execute("SELECT EXISTS (SELECT FROM event) OR EXISTS (SELECT FROM topic)").fetchone()
    return row == (False,)


def follow_merges(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, UUID]:
    """Return the current event of each of `ids`: itself, or the event it was merged into. Unknown ids are missing."""
    if not ids:
        return {}
    return dict(conn.execute(_FOLLOW, {"ids": list(ids)}, binary=True).fetchall())


#: A common table expression: `followed` leads from each of the parameter `ids` along its merges. The row without
#: `merged_into` has the current event.
FOLLOWED = """
    followed (target_id, id, merged_into) AS (
        SELECT id, id, merged_into
          FROM event
         WHERE id = ANY(%(ids)s)
     UNION ALL
        SELECT target_id, event.id, event.merged_into
          FROM followed
          JOIN event ON event.id = followed.merged_into
    )
    """

#: The condition that the event `{row}` was deleted by now, itself or the event that it was merged into.
IS_DELETED = """
    EXISTS (WITH RECURSIVE followed (record_state, merged_into) AS (
                SELECT current.record_state, current.merged_into
                  FROM event AS current
                 WHERE current.id = {row}.id AND current.record_state <> 'active'
             UNION ALL
                SELECT next.record_state, next.merged_into
                  FROM followed
                  JOIN event AS next ON next.id = followed.merged_into
            )
            SELECT FROM followed WHERE record_state = 'deleted')
    """


def list_deleted(conn: Connection, ids: Collection[UUID]) -> set[UUID]:
    """Return those of `ids` that were deleted by now, themselves or the event that they were merged into."""
    if not ids:
        return set()
    query = f"SELECT id FROM event WHERE id = ANY(%s) AND {IS_DELETED.format(row='event')}"
    return {id_ for [id_] in conn.execute(query, (list(ids),))}


_FOLLOW = f"WITH RECURSIVE {FOLLOWED} SELECT target_id, id FROM followed WHERE merged_into IS NULL"


def stale_error(id: UUID) -> Stale:
    """Return the error for the second of two writers."""
    return Stale(f"The event {id} has changed; read it again.")
