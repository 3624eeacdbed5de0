"""Every version of every event."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg import Connection
from psycopg.rows import class_row

from service.errors import NotFound


@dataclass(frozen=True)
class Revision:
    """One version of an event. `document` is empty where the version is its deletion."""

    id: UUID
    version: int
    record_state: str
    updated_at: datetime
    key_id: UUID | None
    change_kind: str | None
    reason: str | None
    document: bytes


_COLUMNS = "id, version, record_state, updated_at, key_id, change_kind, reason, document"


def get_revision(conn: Connection, id: UUID, version: int) -> Revision:
    """One version of an event, deleted or not."""
    cur = conn.cursor(row_factory=class_row(Revision))
    cur.execute(
        f"SELECT {_COLUMNS} FROM event_revision WHERE id = %s AND version = %s",  # noqa: S608 (a constant of ours)
        (id, version),
        binary=True,
    )
    found = cur.fetchone()
    if found is None:
        raise NotFound(f"There is no version {version} of the event {id}.")
    return found
