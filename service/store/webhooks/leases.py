"""SQL of leases: shards of subscriptions, each leased to one worker and fenced by an epoch."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

#: Shards of the subscriptions. More workers than shards have nothing to do.
SHARDS = 64


@dataclass(frozen=True)
class LiveWorker:
    """A live worker with the metrics of its latest heartbeat."""

    id: UUID
    started_at: datetime
    seen_at: datetime
    measured: dict[str, Any]


def shard_of(id: UUID) -> int:
    """Return the shard of a subscription."""
    return id.int % SHARDS


def renew_shards(conn: Connection, worker_id: UUID, seconds: float) -> dict[int, int]:
    """Renew the worker's leases for `seconds`, and return its shards with their epochs. Expired ones may be gone."""
    return dict(
        conn.execute(
            """
            UPDATE delivery_shard
               SET leased_until = now() + make_interval(secs => %(seconds)s)
             WHERE worker_id = %(worker_id)s
         RETURNING shard, epoch
            """,
            {"worker_id": worker_id, "seconds": seconds},
        ).fetchall()
    )


def claim_shards(conn: Connection, worker_id: UUID, seconds: float, *, limit: int) -> dict[int, int]:
    """Claim at most `limit` free shards for `seconds`. Return them with new epochs, which fence earlier workers."""
    return dict(
        conn.execute(
            """
            UPDATE delivery_shard
               SET worker_id = %(worker_id)s, epoch = epoch + 1,
                   leased_until = now() + make_interval(secs => %(seconds)s)
             WHERE shard IN (
                       SELECT shard
                         FROM delivery_shard
                        WHERE leased_until <= now()
                        ORDER BY shard
                        LIMIT %(limit)s
                          FOR UPDATE SKIP LOCKED
                   )
         RETURNING shard, epoch
            """,
            {"worker_id": worker_id, "seconds": seconds, "limit": limit},
        ).fetchall()
    )


def release_shards(conn: Connection, worker_id: UUID, shards: list[int]) -> None:
    """Release shards, so that other workers can claim them at once."""
    conn.execute(
        """
        UPDATE delivery_shard
           SET worker_id = NULL, leased_until = '-infinity'
         WHERE worker_id = %(worker_id)s AND shard = ANY(%(shards)s)
        """,
        {"worker_id": worker_id, "shards": shards},
    )


def upsert_worker(conn: Connection, id: UUID, metrics: Mapping[str, Any], *, alive_for: float) -> int:
    """Record a heartbeat, and return the number of workers seen in the last `alive_for` seconds.

    Workers that have been silent for a day are deleted.
    """
    [[alive]] = conn.execute(
        """
        WITH upserted AS (
            INSERT INTO delivery_worker (id, started_at, seen_at, measured)
            VALUES (%(id)s, now(), now(), %(measured)s)
                ON CONFLICT (id) DO UPDATE SET seen_at = now(), measured = excluded.measured
        ), deleted AS (
            DELETE FROM delivery_worker WHERE seen_at < now() - interval '1 day' AND id <> %(id)s
        )
        SELECT 1 + count(*)
          FROM delivery_worker
         WHERE id <> %(id)s AND seen_at > now() - make_interval(secs => %(alive_for)s)
        """,
        {"id": id, "measured": Jsonb(metrics), "alive_for": alive_for},
    ).fetchall()
    return int(alive)


def delete_worker(conn: Connection, id: UUID) -> None:
    """Delete a worker that has ended."""
    conn.execute("DELETE FROM delivery_worker WHERE id = %s", (id,))


def list_live_workers(conn: Connection, *, alive_for: float) -> list[LiveWorker]:
    """Return the workers seen in the last `alive_for` seconds, oldest first."""
    cur = conn.cursor(row_factory=class_row(LiveWorker))
    cur.execute(
        """
        SELECT id, started_at, seen_at, measured
          FROM delivery_worker
         WHERE seen_at > now() - make_interval(secs => %s)
         ORDER BY started_at
        """,
        (alive_for,),
    )
    return cur.fetchall()
