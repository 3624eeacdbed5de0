"""SQL of pings, which owners request and wait for, and of pending handshakes."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

#: Seconds for which a request for a ping waits for its result.
REQUEST_LIFETIME = 60.0

#: Requested pings of one key that may wait for their results at the same time.
MAX_WAITING = 5


@dataclass(frozen=True, kw_only=True)
class RequestedPing:
    """A ping to send."""

    id: UUID
    subscription_id: UUID
    url: str
    secret: bytes = field(repr=False)
    former_secret: bytes | None = field(repr=False)
    former_until: datetime | None


@dataclass(frozen=True, kw_only=True)
class PingResult:
    """The result of a ping."""

    id: UUID
    began_at: datetime
    ms: int
    outcome: str
    status: int | None
    headers: dict[str, Any] | None
    answer: bytes | None


@dataclass(frozen=True)
class PendingHandshake:
    """A subscription whose receiver has yet to consent, and the seconds since its handshake became due."""

    id: UUID
    key_id: UUID
    url: str
    rate_limit: int | None
    seconds: float


_COLUMNS = ", ".join(PingResult.__dataclass_fields__)


def count_waiting(conn: Connection, key_id: UUID) -> int:
    """Return the pings of the key's subscriptions that wait for their results.

    No other transaction counts those of this key before this one ends.
    """
    conn.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (f"pings of {key_id}",))
    [[number]] = conn.execute(
        """
        SELECT count(*)
          FROM ping
          JOIN subscription ON subscription.id = subscription_id
         WHERE outcome IS NULL
           AND asked_at > now() - make_interval(secs => %(seconds)s)
           AND key_id = %(key_id)s
        """,
        {"seconds": REQUEST_LIFETIME, "key_id": key_id},
    ).fetchall()
    return int(number)


def insert_ping(conn: Connection, *, id: UUID, subscription_id: UUID) -> None:
    """Request a ping. Requests older than an hour are deleted."""
    conn.execute(
        """
        WITH deleted AS (
            DELETE FROM ping WHERE subscription_id = %(subscription_id)s AND asked_at < now() - interval '1 hour'
        )
        INSERT INTO ping (id, subscription_id, asked_at) VALUES (%(id)s, %(subscription_id)s, now())
        """,
        {"id": id, "subscription_id": subscription_id},
    )


def list_requested_pings(conn: Connection, shards: Sequence[int]) -> list[RequestedPing]:
    """Return the pings of the subscriptions of `shards` that are requested and not expired."""
    cur = conn.cursor(row_factory=class_row(RequestedPing))
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
        {"shards": list(shards), "seconds": REQUEST_LIFETIME},
        binary=True,
    )
    return cur.fetchall()


def record_ping(conn: Connection, result: PingResult) -> None:
    """Record the result of a ping."""
    conn.execute(
        """
        UPDATE ping
           SET began_at = %(began_at)s, ms = %(ms)s, outcome = %(outcome)s, status = %(status)s,
               headers = %(headers)s, answer = %(answer)s
         WHERE id = %(id)s
        """,
        vars(result) | {"headers": Jsonb(result.headers)},
    )


def find_ping_result(conn: Connection, id: UUID) -> PingResult | None:
    """Return the result of the ping `id`, or None if there is none yet."""
    cur = conn.cursor(row_factory=class_row(PingResult))
    query = f"SELECT {_COLUMNS} FROM ping WHERE id = %s AND outcome IS NOT NULL"
    return cur.execute(query, (id,), binary=True).fetchone()


def list_pending_handshakes(conn: Connection, shards: Sequence[int]) -> list[PendingHandshake]:
    """Return the subscriptions of `shards` with a pending handshake."""
    cur = conn.cursor(row_factory=class_row(PendingHandshake))
    cur.execute(
        """
        SELECT id, key_id, url, rate_limit, extract(epoch FROM now() - updated_at)::float8 AS seconds
          FROM subscription
         WHERE shard = ANY(%(shards)s) AND handshake = 'pending' AND NOT paused AND deleted_at IS NULL
        """,
        {"shards": list(shards)},
    )
    return cur.fetchall()
