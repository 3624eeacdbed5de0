"""Answers kept for requests that are sent again."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from psycopg import Connection
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

#: How long an answer is kept. Stated in the documentation.
KEPT_FOR = timedelta(hours=24)

#: Answers past their time that each new one takes away: more than it adds, so that they cannot pile up.
SWEPT = 20


@dataclass(frozen=True)
class Ask:
    """What makes two requests the same."""

    key_id: UUID
    request: str
    token: str


@dataclass(frozen=True)
class Answer:
    """What was answered to a request whose body has the SHA-256 `fingerprint`."""

    fingerprint: bytes
    status: int
    headers: dict[str, str]
    body: bytes


def claim_ask(conn: Connection, ask: Ask) -> bool:
    """Whether nobody else is answering `ask`; then nobody will until the transaction ends."""
    found = conn.execute(
        "SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", (f"{ask.key_id} {ask.request} {ask.token}",)
    ).fetchone()
    return found == (True,)


def find_answer(conn: Connection, ask: Ask, now: datetime) -> Answer | None:
    """What was answered to `ask` and is still kept."""
    cur = conn.cursor(row_factory=class_row(Answer))
    cur.execute(
        """
        SELECT fingerprint, status, headers, body
          FROM idempotent_answer
         WHERE key_id = %(key_id)s AND request = %(request)s AND token = %(token)s AND asked_at > %(since)s
        """,
        vars(ask) | {"since": now - KEPT_FOR},
        binary=True,
    )
    return cur.fetchone()


def keep_answer(conn: Connection, ask: Ask, answer: Answer, now: datetime) -> None:
    """Keep what was answered, and take away some of what is past its time."""
    conn.execute(
        """
        WITH swept AS (
            DELETE FROM idempotent_answer
             WHERE (key_id, request, token) IN (SELECT key_id, request, token
                                                  FROM idempotent_answer
                                                 WHERE asked_at <= %(since)s
                                                   AND (key_id, request, token) <> (%(key_id)s, %(request)s, %(token)s)
                                                 ORDER BY asked_at
                                                 LIMIT %(swept)s
                                                   FOR UPDATE SKIP LOCKED)
        )
        INSERT INTO idempotent_answer (key_id, request, token, fingerprint, asked_at, status, headers, body)
        VALUES (%(key_id)s, %(request)s, %(token)s, %(fingerprint)b, %(now)s, %(status)s, %(headers)s, %(body)b)
            ON CONFLICT (key_id, request, token) DO UPDATE
           SET fingerprint = excluded.fingerprint, asked_at = excluded.asked_at, status = excluded.status,
               headers = excluded.headers, body = excluded.body
        """,
        vars(ask)
        | {"fingerprint": answer.fingerprint, "status": answer.status, "body": answer.body}
        | {"headers": Jsonb(answer.headers), "now": now, "since": now - KEPT_FOR, "swept": SWEPT},
    )
