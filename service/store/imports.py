"""Imports in the database: their progress, and the errors of their rows."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.errors import UniqueViolation
from psycopg.rows import class_row

from service.clock import deletable
from service.errors import Conflict, NotFound

#: Time after the last heartbeat in which an import still counts as running: several heartbeats.
LEASE = timedelta(seconds=15)

#: Time for which an import can be read, and for which its Idempotency-Key is remembered.
KEPT_FOR, TOKEN_KEPT_FOR = timedelta(days=30), timedelta(hours=24)

#: Expired imports that each new one deletes.
_EXPIRED_BATCH = 5

#: The reason of an import that ended without recording its state.
LOST_REASON = "The import ended unexpectedly."


@dataclass(frozen=True, kw_only=True)
class StoredImport:
    """An import and its counts."""

    id: UUID
    key_id: UUID | None
    name: str | None
    format: str
    mode: str
    dry_run: bool
    state: str
    reason: str | None
    created_at: datetime
    finished_at: datetime | None
    line: int = 0
    bytes_read: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: int = 0
    errors: int = 0
    topics: Sequence[str] = ()
    token: str | None = None
    fingerprint: bytes | None = None


@dataclass(frozen=True)
class BatchTotals:
    """Counts that a batch adds to its import, with the line and the bytes up to which it goes."""

    line: int
    bytes_read: int
    created: int
    updated: int
    unchanged: int
    refused: int
    #: Ids of the topics that were created for its rows.
    topics: Sequence[str] = ()


@dataclass(frozen=True)
class RowError:
    """An error of the row that begins on `line`, with a JSON pointer and the columns of a table."""

    line: int
    detail: str
    pointer: str | None = None
    column: str | None = None
    #: Its number among the errors of the line.
    place: int = 0


# A running import without a heartbeat is shown as interrupted even before `insert_import` records that.
_COLUMNS = """
    id, key_id, name, format, mode, dry_run, created_at, line, bytes_read,
    created, updated, unchanged, refused, errors, topics, token, fingerprint,
    CASE WHEN is_lost THEN 'interrupted' ELSE state END AS state,
    CASE WHEN is_lost THEN %(lost_reason)s ELSE reason END AS reason,
    CASE WHEN is_lost THEN beat_at ELSE finished_at END AS finished_at
    """

_LOST = "state = 'running' AND beat_at < %(now)s - %(lease)s"
_IMPORTS = f"FROM (SELECT *, {_LOST} AS is_lost FROM import) AS import"

_OWNED = "(%(owner)s::uuid IS NULL OR key_id = %(owner)s)"


def _lease(now: datetime) -> dict[str, Any]:
    """Return the parameters of _COLUMNS and _LOST."""
    return {"now": now, "lease": LEASE, "lost_reason": LOST_REASON}


def insert_import(conn: Connection, new: StoredImport) -> None:
    """Insert an import that begins, and delete some expired ones. Raises Conflict where its token is in use."""
    values = (
        vars(new) | _lease(new.created_at) | {"since": new.created_at - KEPT_FOR, "expired": deletable(_EXPIRED_BATCH)}
    )
    try:
        for statement in _BEGIN:
            conn.execute(statement, values)
    except UniqueViolation as error:
        raise already_running() from error


def already_running() -> Conflict:
    """Return the error for a second import with the Idempotency-Key of a running one."""
    return Conflict("An import with this Idempotency-Key is running; retry when it has finished.")


_BEGIN = (
    f"""
    UPDATE import
       SET state = 'interrupted', reason = %(lost_reason)s, finished_at = beat_at
     WHERE {_LOST}
    """,
    """
    DELETE FROM import
     WHERE id IN (
           SELECT id FROM import WHERE created_at < %(since)s ORDER BY id LIMIT %(expired)s FOR UPDATE SKIP LOCKED)
    """,
    """
    INSERT INTO import (id, key_id, name, format, mode, dry_run, state, created_at, beat_at, token)
    VALUES (%(id)s, %(key_id)s, %(name)s, %(format)s, %(mode)s, %(dry_run)s, 'running', %(now)s, %(now)s, %(token)s)
    """,
)


def advance_import(
    conn: Connection, id: UUID, totals: BatchTotals, errors: Sequence[RowError], now: datetime, *, max_errors: int
) -> None:
    """Add the totals of a batch in the transaction that writes it; at most `max_errors` errors are kept in all."""
    if errors:
        _insert_errors(conn, id, errors, max_errors)
    conn.execute(
        """
        UPDATE import
           SET beat_at = %(now)s, line = greatest(line, %(line)s), bytes_read = greatest(bytes_read, %(bytes_read)s),
               created = created + %(created)s, updated = updated + %(updated)s,
               unchanged = unchanged + %(unchanged)s, refused = refused + %(refused)s, errors = errors + %(errors)s,
               topics = topics || %(topics)s::text[]
         WHERE id = %(id)s
        """,
        vars(totals) | {"id": id, "now": now, "errors": len(errors), "topics": list(totals.topics)},
    )


def _insert_errors(conn: Connection, id: UUID, errors: Iterable[RowError], limit: int) -> None:
    conn.execute(
        """
        INSERT INTO import_error (import_id, line, place, pointer, "column", detail)
        SELECT %(id)s, error.*
          FROM unnest(%(lines)s::bigint[], %(places)s::int[], %(pointers)s::text[], %(columns)s::text[],
                      %(details)s::text[]) AS error
         LIMIT greatest(0, %(limit)s - (SELECT errors FROM import WHERE id = %(id)s))
            ON CONFLICT DO NOTHING
        """,
        {
            "id": id,
            "limit": limit,
            "lines": [error.line for error in errors],
            "places": [error.place for error in errors],
            "pointers": [error.pointer for error in errors],
            "columns": [error.column for error in errors],
            "details": [error.detail for error in errors],
        },
    )


def beat(conn: Connection, id: UUID, now: datetime, *, line: int, bytes_read: int) -> None:
    """Record a heartbeat of a running import, and the line up to which all rows are done."""
    conn.execute(
        """
        UPDATE import
           SET beat_at = %(now)s, line = greatest(line, %(line)s), bytes_read = greatest(bytes_read, %(bytes_read)s)
         WHERE id = %(id)s AND state = 'running'
        """,
        {"id": id, "now": now, "line": line, "bytes_read": bytes_read},
    )


def end_import(
    conn: Connection,
    id: UUID,
    state: str,
    reason: str | None,
    now: datetime,
    *,
    line: int,
    bytes_read: int,
    fingerprint: bytes | None,
) -> None:
    """Record the final state of an import, and the line up to which all rows are done."""
    conn.execute(
        """
        UPDATE import
           SET state = %(state)s, reason = %(reason)s, finished_at = %(now)s, beat_at = %(now)s,
               line = greatest(line, %(line)s), bytes_read = greatest(bytes_read, %(bytes_read)s),
               fingerprint = %(fingerprint)b
         WHERE id = %(id)s
        """,
        {
            "id": id,
            "state": state,
            "reason": reason,
            "now": now,
            "line": line,
            "bytes_read": bytes_read,
            "fingerprint": fingerprint,
        },
    )


def get_import(conn: Connection, id: UUID, now: datetime, *, owner: UUID | None = None) -> StoredImport:
    """Return an import. Raises NotFound where it does not exist, or is not one of the key `owner`."""
    cur = conn.cursor(row_factory=class_row(StoredImport))
    cur.execute(
        f"SELECT {_COLUMNS} {_IMPORTS} WHERE id = %(id)s AND {_OWNED}", {"id": id, "owner": owner} | _lease(now)
    )
    if stored := cur.fetchone():
        return stored
    raise NotFound(f"There is no import {id}.")


def find_import_by_token(conn: Connection, key_id: UUID, token: str, now: datetime) -> StoredImport | None:
    """Return the last import with this Idempotency-Key while the key is remembered, or None."""
    cur = conn.cursor(row_factory=class_row(StoredImport))
    cur.execute(
        f"""
        SELECT {_COLUMNS}
          {_IMPORTS}
         WHERE key_id = %(key_id)s AND token = %(token)s AND created_at > %(since)s
         ORDER BY id DESC
         LIMIT 1
        """,
        {"key_id": key_id, "token": token, "since": now - TOKEN_KEPT_FOR} | _lease(now),
    )
    return cur.fetchone()


def page_imports(
    conn: Connection, now: datetime, *, owner: UUID | None, before: str | None, limit: int
) -> list[StoredImport]:
    """Return at most `limit` imports older than the import `before`, newest first; those of `owner`, if given."""
    cur = conn.cursor(row_factory=class_row(StoredImport))
    cur.execute(
        f"""
        SELECT {_COLUMNS}
          {_IMPORTS}
         WHERE (%(before)s::uuid IS NULL OR id < %(before)s::uuid) AND {_OWNED}
         ORDER BY id DESC
         LIMIT %(limit)s
        """,
        {"before": before, "owner": owner, "limit": limit} | _lease(now),
    )
    return cur.fetchall()


def page_errors(conn: Connection, id: UUID, *, after: tuple[int, int] = (0, -1), limit: int) -> list[RowError]:
    """Return at most `limit` errors of an import in the order of its lines, after the line and place `after`."""
    cur = conn.cursor(row_factory=class_row(RowError))
    cur.execute(
        """
        SELECT line, place, pointer, "column", detail
          FROM import_error
         WHERE import_id = %s AND (line, place) > (%s, %s)
         ORDER BY line, place
         LIMIT %s
        """,
        (id, *after, limit),
        binary=True,
    )
    return cur.fetchall()
