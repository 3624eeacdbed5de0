"""Revisions in the database: every version of every event."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg import Connection
from psycopg.rows import class_row

from service.errors import NotFound
from service.store.events.records import StoredEvent, readable_event
from service.store.keys import PUBLIC_NAME


@dataclass(frozen=True)
class Revision:
    """One version: its time, reason and author: the public name of its key, None without one."""

    version: int
    recorded_at: datetime
    record_state: str
    change_kind: str | None
    reason: str | None
    key_name: str | None


def get_revision(conn: Connection, id: UUID, version: int) -> StoredEvent:
    """Return one version of an event in any state. `document` is empty if the version is a deletion."""
    row = conn.execute(
        "SELECT record_state, document FROM event_revision WHERE id = %s AND version = %s", (id, version), binary=True
    ).fetchone()
    if row is None:
        raise NotFound(f"There is no version {version} of the event {id}.")
    return StoredEvent(id, version, *row)


def get_latest_version(conn: Connection, id: UUID) -> int:
    """Return the number of the last version, which may be a deletion. NotFound for an unknown event."""
    row = conn.execute("SELECT version FROM event WHERE id = %s", (id,)).fetchone()
    if row is None:
        raise NotFound(f"There is no event {id}.")
    version: int = row[0]
    return version


def get_latest_state(conn: Connection, id: UUID) -> tuple[int, str]:
    """Return version and state of the event, locked against other writers. NotFound for an unknown event."""
    query = "SELECT version, record_state FROM event WHERE id = %s FOR NO KEY UPDATE"
    row: tuple[int, str] | None = conn.execute(query, (id,)).fetchone()
    if row is None:
        raise NotFound(f"There is no event {id}.")
    return row


def page_revisions(
    conn: Connection, id: UUID, *, limit: int, below: str | int | None = None, above: int = 0
) -> list[Revision]:
    """Return at most `limit` versions of an event between `above` and `below`, both excluded, newest first.

    `below` may be the text of a cursor: PostgreSQL reads it as a number or refuses it.
    """
    cur = conn.cursor(row_factory=class_row(Revision))
    cur.execute(
        f"""
        SELECT version, updated_at AS recorded_at, record_state, change_kind, reason,
               {PUBLIC_NAME} AS key_name
          FROM event_revision
         WHERE event_revision.id = %(id)s
           AND (%(below)s::bigint IS NULL OR version < %(below)s::bigint)
           AND version > %(above)s
         ORDER BY version DESC
         LIMIT %(limit)s
        """,
        {"id": id, "below": below, "above": above, "limit": limit},
    )
    return cur.fetchall()


def get_event_as_of(conn: Connection, id: UUID, instant: datetime) -> StoredEvent:
    """Return the event as it was readable at `instant`.

    NotFound before its creation, Gone after its deletion, Moved after its merge: to the event it was merged into then,
    even if that one was merged again.
    """
    row = conn.execute(
        """
        SELECT version, record_state, document, merged_into
          FROM event_revision
         WHERE id = %s AND updated_at <= %s
         ORDER BY version DESC
         LIMIT 1
        """,
        (id, instant),
        binary=True,
    ).fetchone()
    return readable_event(id, row)
