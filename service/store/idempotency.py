"""Responses stored for requests that are repeated."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from psycopg import Connection
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from service.clock import deletable

#: The time for which a response is stored. The documentation states it.
STORED_FOR = timedelta(hours=24)

#: The time for which a pending response stands for its request: longer than any view waits. If the process dies in the
#: meantime, the request runs again after it.
PENDING_FOR = timedelta(minutes=2)

#: The expired responses that each new one deletes: more than it adds, so that they cannot pile up.
DELETED_PER_INSERT = 20


@dataclass(frozen=True)
class RequestKey:
    """The identity of a request: two with the same one are the same request."""

    key_id: UUID
    request: str
    token: str


@dataclass(frozen=True)
class StoredResponse:
    """The response to a request whose query and body have the SHA-256 `fingerprint`; pending if `status` is None."""

    fingerprint: bytes
    status: int | None
    headers: dict[str, str]
    body: bytes


def lock_request(conn: Connection, key: RequestKey) -> bool:
    """Lock the request until the transaction ends. Return False if another transaction holds it."""
    row = conn.execute(
        "SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", (f"{key.key_id} {key.request} {key.token}",)
    ).fetchone()
    return row == (True,)


def find_response(conn: Connection, key: RequestKey, now: datetime) -> StoredResponse | None:
    """Return the response to the request, unless it has expired."""
    cur = conn.cursor(row_factory=class_row(StoredResponse))
    cur.execute(
        """
        SELECT fingerprint, status, headers, body
          FROM idempotent_answer
         WHERE key_id = %(key_id)s AND request = %(request)s AND token = %(token)s AND asked_at > %(since)s
           AND (status IS NOT NULL OR asked_at > %(pending_since)s)
        """,
        vars(key) | {"since": now - STORED_FOR, "pending_since": now - PENDING_FOR},
        binary=True,
    )
    return cur.fetchone()


def upsert_response(conn: Connection, key: RequestKey, response: StoredResponse, now: datetime) -> None:
    """Store the response to the request, and delete some that have expired."""
    conn.execute(
        """
        WITH expired AS (
            DELETE FROM idempotent_answer
             WHERE (key_id, request, token) IN (SELECT key_id, request, token
                                                  FROM idempotent_answer
                                                 WHERE asked_at <= %(since)s
                                                   AND (key_id, request, token) <> (%(key_id)s, %(request)s, %(token)s)
                                                 ORDER BY asked_at
                                                 LIMIT %(limit)s
                                                   FOR UPDATE SKIP LOCKED)
        )
        INSERT INTO idempotent_answer (key_id, request, token, fingerprint, asked_at, status, headers, body)
        VALUES (%(key_id)s, %(request)s, %(token)s, %(fingerprint)b, %(now)s, %(status)s, %(headers)s, %(body)b)
            ON CONFLICT (key_id, request, token) DO UPDATE
           SET fingerprint = excluded.fingerprint, asked_at = excluded.asked_at, status = excluded.status,
               headers = excluded.headers, body = excluded.body
        """,
        vars(key)
        | {"fingerprint": response.fingerprint, "status": response.status, "body": response.body}
        | {
            "headers": Jsonb(response.headers),
            "now": now,
            "since": now - STORED_FOR,
            "limit": deletable(DELETED_PER_INSERT),
        },
    )


def delete_pending(conn: Connection, key: RequestKey) -> None:
    """Delete the pending response to the request, so that the request runs again."""
    conn.execute(
        """
        DELETE FROM idempotent_answer
         WHERE key_id = %(key_id)s AND request = %(request)s AND token = %(token)s AND status IS NULL
        """,
        vars(key),
    )
