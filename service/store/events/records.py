"""Events in the database: the bytes that are served, beside the columns that find them."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.errors import UniqueViolation

from service.errors import Gone, Moved, NotFound, Stale
from service.store.events.links import Links, columns_of, conflict_of, replace_links
from service.store.search.documents import INSERT_DOCUMENTS


@dataclass(frozen=True, kw_only=True)
class EventRow:
    """One version of an event, as columns. `document` is what is served for it; `dates` and `figures` are JSON."""

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
    """Who wrote a version, why, and which top-level fields differ from the version before: None where there is none."""

    key_id: UUID | None
    change_kind: str | None
    reason: str | None
    changed: list[str] | None = None


@dataclass(frozen=True)
class StoredEvent:
    """An event as it is served."""

    id: UUID
    version: int
    record_state: str
    document: bytes


# Both statements are made from EventRow's own fields, which the migration's columns are named after.
_NAMES = [field.name for field in fields(EventRow)]
_TYPES = {"document": "b", "dates": "s::jsonb", "figures": "s::jsonb"}
_VALUES = ", ".join(f"%({name}){_TYPES.get(name, 's')}" for name in _NAMES)
_KEPT = ", ".join(["record_state", "merged_into", *_NAMES])
_REVISION = f"""
    INSERT INTO event_revision ({_KEPT}, key_id, change_kind, reason)
    SELECT {_KEPT}, %(key_id)s, %(change_kind)s, %(reason)s FROM written
    """


def _noted(kind: str) -> str:
    """The part of a statement by which what was `written` waits for its place in the change feed."""
    return f"""
        noted AS (
            INSERT INTO outbox (event_id, version, kind, changed, change_kind, key_id, merged_into, occurred_at)
            SELECT id, version, '{kind}', %(changed)s::text[], %(change_kind)s, %(key_id)s, merged_into, updated_at
              FROM written
        )
        """


# In one line: psycopg does not keep how it reads a statement of more than 4096 characters, which takes 0.15 ms.
_INSERT = " ".join(
    f"""
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
    ), {INSERT_DOCUMENTS}, {_noted("create")}
    {_REVISION}
    """.split()
)

_UPDATE = f"""
    WITH written AS (
        UPDATE event
           SET ({", ".join(_NAMES)}) = ROW ({_VALUES})
         WHERE id = %(id)s AND version = %(expected)s AND record_state = 'active'
     RETURNING *
    ), {_noted("update")}
    {_REVISION}
    """


def insert_event(conn: Connection, row: EventRow, links: Links, by: Authorship) -> StoredEvent:
    """Keep a new event and its first revision. Conflict where an external id belongs to another event."""
    try:
        conn.execute(_INSERT, vars(row) | vars(by) | columns_of(links, row.id))
    except UniqueViolation as error:
        raise conflict_of(error) from error
    return StoredEvent(row.id, row.version, "active", row.document)


def get_event(conn: Connection, id: UUID, *, lock: bool = False) -> StoredEvent:
    """The event as it is now, locked against other writers if asked.

    NotFound, Gone where it was deleted, or Moved where it was merged into another.
    """
    found = conn.execute(_LOCK if lock else _GET, (id,), binary=True).fetchone()
    if found and found[3]:
        found = (*found[:3], follow_merges(conn, [found[3]])[found[3]])
    return readable(id, found)


def readable(id: UUID, found: tuple[Any, ...] | None) -> StoredEvent:
    """The event of which `found` are version, state, document and what it was merged into; errors as of get_event."""
    if found is None:
        raise NotFound(f"There is no event {id}.")
    version, state, document, merged_into = found
    if state == "deleted":
        raise Gone(f"The event {id} was deleted; its revisions remain.")
    if state == "merged":
        raise Moved(f"The event {id} was found to be the event {merged_into}.", merged_into)
    return StoredEvent(id, version, state, document)


_GET = "SELECT version, record_state, document, merged_into FROM event WHERE id = %s"
_LOCK = _GET + " FOR NO KEY UPDATE"


def lock_external_id(conn: Connection, scheme: str, value: str) -> None:
    """Let upserts of one new id come one after the other, until the transaction ends.

    The unique key would refuse the second one as well; this lets it find the first one's event instead.
    """
    conn.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (f"{scheme} {value}",))


def find_event_by_external_id(conn: Connection, scheme: str, value: str, *, lock: bool = False) -> StoredEvent | None:
    """The event that another system knows by this id, locked against other writers if asked."""
    found = conn.execute(
        "SELECT event_id FROM event_external_id WHERE scheme = %s AND value = %s", (scheme, value)
    ).fetchone()
    try:
        return get_event(conn, found[0], lock=lock) if found else None
    except Moved as moved:  # by a merge that ended while we waited; the external id moved along
        return get_event(conn, moved.merged_into, lock=lock)


def get_event_by_external_id(conn: Connection, scheme: str, value: str) -> StoredEvent:
    """The event that another system knows by this id."""
    found = find_event_by_external_id(conn, scheme, value)
    if found is None:
        raise NotFound(f'No event has the {scheme} "{value}".')
    return found


def update_event(conn: Connection, row: EventRow, links: Links, by: Authorship, *, expected: int) -> StoredEvent:
    """Keep the version that follows `expected`. Stale where another writer was first."""
    changed = conn.execute(_UPDATE, vars(row) | vars(by) | {"expected": expected})
    if changed.rowcount == 0:
        raise stale(row.id)
    replace_links(conn, row.id, links)
    return StoredEvent(row.id, row.version, "active", row.document)


def delete_event(conn: Connection, id: UUID, by: Authorship, *, expected: int, now: datetime) -> None:
    """Leave a tombstone as the version after `expected`, and free what it held. Stale where it has moved on."""
    changed = conn.execute(
        f"""
        WITH written AS (
            UPDATE event
               SET version = version + 1, record_state = 'deleted', updated_at = %(now)s, document = ''
             WHERE id = %(id)s AND version = %(expected)s AND record_state = 'active'
         RETURNING *
        ), {_noted("delete")}
        {_REVISION}
        """,
        {"id": id, "expected": expected, "now": now} | vars(by),
    )
    if changed.rowcount == 0:
        raise stale(id)
    replace_links(conn, id, Links((), (), ()))


def merge_event(
    conn: Connection, goes: StoredEvent, into: UUID, by: Authorship, *, document: bytes, now: datetime
) -> None:
    """Let `goes` be `into` from its next version on, served as `document`, and free what it held. It must be locked."""
    conn.execute(
        f"""
        WITH written AS (
            UPDATE event
               SET version = version + 1, record_state = 'merged', merged_into = %(into)s, updated_at = %(now)s,
                   document = %(document)b
             WHERE id = %(id)s
         RETURNING *
        ), {_noted("merge")}
        {_REVISION}
        """,
        {"id": goes.id, "into": into, "document": document, "now": now} | vars(by),
    )
    replace_links(conn, goes.id, Links((), (), ()))


def lock_events(conn: Connection, ids: Sequence[UUID]) -> None:
    """Lock events against other writers, in one order whoever asks, so that no two wait for each other."""
    conn.execute("SELECT FROM event WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE", (list(ids),))


def is_empty(conn: Connection) -> bool:
    """Whether there is neither an event nor a topic."""
    found = conn.execute("SELECT EXISTS (SELECT FROM event) OR EXISTS (SELECT FROM topic)").fetchone()
    return found == (False,)


def follow_merges(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, UUID]:
    """For each of `ids` the event that it is now: itself, or what it was merged into. Those that never were lack."""
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

_FOLLOW = f"WITH RECURSIVE {FOLLOWED} SELECT target_id, id FROM followed WHERE merged_into IS NULL"


def stale(id: UUID) -> Stale:
    """The error of a writer who was second."""
    return Stale(f"The event {id} has another version by now; read it again.")
