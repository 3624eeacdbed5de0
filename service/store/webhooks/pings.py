"""Tests that were asked for: one request each, answered to whoever waits for it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

#: Seconds for which somebody waits for the answer.
ASKED_FOR = 60.0


@dataclass(frozen=True, kw_only=True)
class AskedPing:
    """A test that is to be made."""

    id: UUID
    subscription_id: UUID
    url: str
    secret: bytes = field(repr=False)
    former_secret: bytes | None = field(repr=False)
    former_until: datetime | None


@dataclass(frozen=True, kw_only=True)
class Ping:
    """A test that was made, and what came back."""

    id: UUID
    began_at: datetime
    ms: int
    outcome: str
    status: int | None
    headers: dict[str, Any] | None
    answer: bytes | None


_COLUMNS = ", ".join(Ping.__dataclass_fields__)


def insert_ping(conn: Connection, *, id: UUID, subscription_id: UUID) -> None:
    """Ask for a test. What was asked for an hour ago is forgotten."""
    conn.execute(
        """
        WITH forgotten AS (
            DELETE FROM ping WHERE subscription_id = %(subscription_id)s AND asked_at < now() - interval '1 hour'
        )
        INSERT INTO ping (id, subscription_id, asked_at) VALUES (%(id)s, %(subscription_id)s, now())
        """,
        {"id": id, "subscription_id": subscription_id},
    )


def list_asked_pings(conn: Connection, shards: Sequence[int]) -> list[AskedPing]:
    """The tests of subscriptions of `shards` that somebody still waits for."""
    cur = conn.cursor(row_factory=class_row(AskedPing))
    cur.execute(
        """
        SELECT ping.id, subscription_id, url, secret, former_secret, former_until
          FROM ping
          JOIN subscription ON subscription.id = subscription_id
         WHERE outcome IS NULL
           AND asked_at > now() - make_interval(secs => %(seconds)s)
           AND deleted_at IS NULL
           AND shard = ANY(%(shards)s)
        """,
        {"shards": list(shards), "seconds": ASKED_FOR},
        binary=True,
    )
    return cur.fetchall()


def finish_ping(conn: Connection, ping: Ping) -> None:
    """Write down what came back."""
    conn.execute(
        """
        UPDATE ping
           SET began_at = %(began_at)s, ms = %(ms)s, outcome = %(outcome)s, status = %(status)s,
               headers = %(headers)s, answer = %(answer)s
         WHERE id = %(id)s
        """,
        vars(ping) | {"headers": Jsonb(ping.headers)},
    )


def find_finished_ping(conn: Connection, id: UUID) -> Ping | None:
    """What came back for the test `id`, if it has been made."""
    cur = conn.cursor(row_factory=class_row(Ping))
    query = f"SELECT {_COLUMNS} FROM ping WHERE id = %s AND outcome IS NOT NULL"
    return cur.execute(query, (id,), binary=True).fetchone()
