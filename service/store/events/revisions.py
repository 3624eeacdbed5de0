"""Every version of every event: what it said, when, and who wrote it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg import Connection
from psycopg.rows import class_row

from service.errors import NotFound
from service.store.events.records import StoredEvent, readable


@dataclass(frozen=True)
class Revision:
    """How one version came to be. The key is None where nobody needed one, as when the seeds were read."""

    version: int
    recorded_at: datetime
    record_state: str
    change_kind: str | None
    reason: str | None
    key_id: UUID | None
    key_name: str | None


def get_revision(conn: Connection, id: UUID, version: int) -> StoredEvent:
    """One version of an event, whatever became of it. `document` is empty where the version is its deletion."""
    found = conn.execute(
        "SELECT record_state, document FROM event_revision WHERE id = %s AND version = %s", (id, version), binary=True
    ).fetchone()
    if found is None:
        raise NotFound(f"There is no version {version} of the event {id}.")
    return StoredEvent(id, version, *found)


def get_latest_version(conn: Connection, id: UUID) -> int:
    """The number of the last version, be it a deletion. NotFound where there never was the event."""
    found = conn.execute("SELECT version FROM event WHERE id = %s", (id,)).fetchone()
    if found is None:
        raise NotFound(f"There is no event {id}.")
    version: int = found[0]
    return version


def page_revisions(
    conn: Connection, id: UUID, *, limit: int, below: str | int | None = None, above: int = 0
) -> list[Revision]:
    """At most `limit` versions of an event, newest first, that come before `below` and after `above`.

    `below` may be what a cursor held, which PostgreSQL reads as a number or refuses.
    """
    cur = conn.cursor(row_factory=class_row(Revision))
    cur.execute(
        """
        SELECT version, updated_at AS recorded_at, record_state, change_kind, reason, key_id, name AS key_name
          FROM event_revision
          LEFT JOIN api_key ON api_key.id = key_id
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
    """The event as it was readable at `instant`.

    NotFound before it was recorded, Gone where it was deleted by then, or Moved to what it was merged into by then,
    wherever that has gone since.
    """
    found = conn.execute(
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
    return readable(id, found)
