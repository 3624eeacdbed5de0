"""Imports in the database: how far each has come, and what was wrong with its rows."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from psycopg import Connection
from psycopg.errors import UniqueViolation
from psycopg.rows import class_row

from service.errors import Conflict, NotFound

#: How long an import that says nothing is still believed to run: several beats.
LEASE = timedelta(seconds=15)

#: How long an import is told of, and an Idempotency-Key remembered.
KEPT_FOR, TOKEN_KEPT_FOR = timedelta(days=30), timedelta(hours=24)

#: Imports past their time that each new one takes away.
SWEPT = 5


@dataclass(frozen=True, kw_only=True)
class Import:
    """An import, and what it has come to."""

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
class Step:
    """How far an import has come by one batch: the rows that it took, by what became of them."""

    line: int
    bytes_read: int
    created: int
    updated: int
    unchanged: int
    refused: int
    #: Ids of topics that were made for them.
    topics: Sequence[str] = ()


@dataclass(frozen=True)
class RowError:
    """One thing wrong with the row that begins on `line`, and where: a JSON pointer, and the column of a table."""

    line: int
    detail: str
    pointer: str | None = None
    column: str | None = None
    #: Among the errors of that line.
    place: int = 0


# What was running when it said nothing more was interrupted, whoever looks first.
_COLUMNS = """
    id, key_id, name, format, mode, dry_run, created_at, line, bytes_read,
    created, updated, unchanged, refused, errors, topics, token, fingerprint,
    CASE WHEN is_lost THEN 'interrupted' ELSE state END AS state,
    CASE WHEN is_lost THEN 'It ended without a word.' ELSE reason END AS reason,
    CASE WHEN is_lost THEN beat_at ELSE finished_at END AS finished_at
    """

_LOST = "state = 'running' AND beat_at < %(now)s - %(lease)s"
_FOUND = f"FROM (SELECT *, {_LOST} AS is_lost FROM import) AS import"

_OWNED = "(%(owner)s::uuid IS NULL OR key_id = %(owner)s)"


def insert_import(conn: Connection, begun: Import) -> None:
    """Keep an import that begins, and take away some of what is past its time. Conflict where its token is in use."""
    named = vars(begun) | {
        "now": begun.created_at,
        "lease": LEASE,
        "since": begun.created_at - KEPT_FOR,
        "swept": SWEPT,
    }
    try:
        for statement in _BEGIN:
            conn.execute(statement, named)
    except UniqueViolation as error:
        raise Conflict(
            "An import with this Idempotency-Key is running right now; ask again when it has ended."
        ) from error


_BEGIN = (
    """
    UPDATE import
       SET state = 'interrupted', reason = 'It ended without a word.', finished_at = beat_at
     WHERE state = 'running' AND beat_at < %(now)s - %(lease)s
    """,
    """
    DELETE FROM import
     WHERE id IN (SELECT id FROM import WHERE created_at < %(since)s ORDER BY id LIMIT %(swept)s FOR UPDATE SKIP LOCKED)
    """,
    """
    INSERT INTO import (id, key_id, name, format, mode, dry_run, state, created_at, beat_at, token)
    VALUES (%(id)s, %(key_id)s, %(name)s, %(format)s, %(mode)s, %(dry_run)s, 'running', %(now)s, %(now)s, %(token)s)
    """,
)


def advance_import(
    conn: Connection, id: UUID, step: Step, errors: Sequence[RowError], now: datetime, *, most_errors: int
) -> None:
    """Note what a batch came to, in the transaction that writes it; the first `most_errors` errors are kept."""
    if errors:
        _keep_errors(conn, id, errors, most_errors)
    conn.execute(
        """
        UPDATE import
           SET beat_at = %(now)s, line = greatest(line, %(line)s), bytes_read = greatest(bytes_read, %(bytes_read)s),
               created = created + %(created)s, updated = updated + %(updated)s,
               unchanged = unchanged + %(unchanged)s, refused = refused + %(refused)s, errors = errors + %(errors)s,
               topics = topics || %(topics)s::text[]
         WHERE id = %(id)s
        """,
        vars(step) | {"id": id, "now": now, "errors": len(errors), "topics": list(step.topics)},
    )


def _keep_errors(conn: Connection, id: UUID, errors: Iterable[RowError], most: int) -> None:
    conn.execute(
        """
        INSERT INTO import_error (import_id, line, place, pointer, "column", detail)
        SELECT %(id)s, found.*
          FROM unnest(%(lines)s::bigint[], %(places)s::int[], %(pointers)s::text[], %(columns)s::text[],
                      %(details)s::text[]) AS found
         LIMIT greatest(0, %(most)s - (SELECT errors FROM import WHERE id = %(id)s))
            ON CONFLICT DO NOTHING
        """,
        {
            "id": id,
            "most": most,
            "lines": [error.line for error in errors],
            "places": [error.place for error in errors],
            "pointers": [error.pointer for error in errors],
            "columns": [error.column for error in errors],
            "details": [error.detail for error in errors],
        },
    )


def beat(conn: Connection, id: UUID, now: datetime, *, line: int, bytes_read: int) -> None:
    """Let it be known that the import is running, and up to where all is done."""
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
    """Note how the import has ended, and up to where it came."""
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


def get_import(conn: Connection, id: UUID, now: datetime, *, owner: UUID | None = None) -> Import:
    """One import; NotFound where it is another one's than that of the key `owner`."""
    cur = conn.cursor(row_factory=class_row(Import))
    cur.execute(
        f"SELECT {_COLUMNS} {_FOUND} WHERE id = %(id)s AND {_OWNED}",
        {"id": id, "owner": owner, "now": now, "lease": LEASE},
    )
    if found := cur.fetchone():
        return found
    raise NotFound(f"There is no import {id}.")


def find_import_by_token(conn: Connection, key_id: UUID, token: str, now: datetime) -> Import | None:
    """The last import that was sent with this Idempotency-Key, if that is still remembered."""
    cur = conn.cursor(row_factory=class_row(Import))
    cur.execute(
        f"""
        SELECT {_COLUMNS}
          {_FOUND}
         WHERE key_id = %(key_id)s AND token = %(token)s AND created_at > %(since)s
         ORDER BY id DESC
         LIMIT 1
        """,
        {"key_id": key_id, "token": token, "since": now - TOKEN_KEPT_FOR, "now": now, "lease": LEASE},
    )
    return cur.fetchone()


def page_imports(
    conn: Connection, now: datetime, *, owner: UUID | None, before: str | None, limit: int
) -> list[Import]:
    """At most `limit` imports of the key `owner`, or of all, the last first, that began before the import `before`."""
    cur = conn.cursor(row_factory=class_row(Import))
    cur.execute(
        f"""
        SELECT {_COLUMNS}
          {_FOUND}
         WHERE (%(before)s::uuid IS NULL OR id < %(before)s::uuid) AND {_OWNED}
         ORDER BY id DESC
         LIMIT %(limit)s
        """,
        {"before": before, "owner": owner, "limit": limit, "now": now, "lease": LEASE},
    )
    return cur.fetchall()


def page_errors(conn: Connection, id: UUID, *, after: tuple[int, int] = (0, -1), limit: int) -> list[RowError]:
    """At most `limit` errors of an import in the order of its lines, behind the line and place `after`."""
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
