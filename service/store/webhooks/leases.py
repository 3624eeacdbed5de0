"""Which worker sends for which subscriptions: shards, leased for a while and fenced by an epoch."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

#: Parts that subscriptions are dealt into; more workers than that have nothing to do.
SHARDS = 64


@dataclass(frozen=True)
class Worker:
    """A worker that is alive, with what it said of itself when it was last seen."""

    id: UUID
    started_at: datetime
    seen_at: datetime
    measured: dict[str, Any]


def shard_of(id: UUID) -> int:
    """The shard of a subscription."""
    return id.int % SHARDS


def renew_shards(conn: Connection, worker_id: UUID, seconds: float) -> dict[int, int]:
    """Hold what the worker holds for so long from now on; each shard with its epoch. Others have been taken from it."""
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


def claim_shards(conn: Connection, worker_id: UUID, seconds: float, *, most: int) -> dict[int, int]:
    """Take at most `most` shards that nobody holds, each with its new epoch, by which those before are refused."""
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
                        LIMIT %(most)s
                          FOR UPDATE SKIP LOCKED
                   )
         RETURNING shard, epoch
            """,
            {"worker_id": worker_id, "seconds": seconds, "most": most},
        ).fetchall()
    )


def release_shards(conn: Connection, worker_id: UUID, shards: list[int]) -> None:
    """Let others have these at once."""
    conn.execute(
        """
        UPDATE delivery_shard
           SET worker_id = NULL, leased_until = '-infinity'
         WHERE worker_id = %(worker_id)s AND shard = ANY(%(shards)s)
        """,
        {"worker_id": worker_id, "shards": shards},
    )


def note_worker(conn: Connection, id: UUID, measured: Mapping[str, Any], *, alive_for: float) -> int:
    """The worker is alive; how many are, seen in the last `alive_for` seconds. Those of yesterday are forgotten."""
    [[alive]] = conn.execute(
        """
        WITH noted AS (
            INSERT INTO delivery_worker (id, started_at, seen_at, measured)
            VALUES (%(id)s, now(), now(), %(measured)s)
                ON CONFLICT (id) DO UPDATE SET seen_at = now(), measured = excluded.measured
        ), forgotten AS (
            DELETE FROM delivery_worker WHERE seen_at < now() - interval '1 day' AND id <> %(id)s
        )
        SELECT 1 + count(*)
          FROM delivery_worker
         WHERE id <> %(id)s AND seen_at > now() - make_interval(secs => %(alive_for)s)
        """,
        {"id": id, "measured": Jsonb(measured), "alive_for": alive_for},
    ).fetchall()
    return int(alive)


def forget_worker(conn: Connection, id: UUID) -> None:
    """The worker has ended."""
    conn.execute("DELETE FROM delivery_worker WHERE id = %s", (id,))


def live_workers(conn: Connection, *, alive_for: float) -> list[Worker]:
    """The workers seen in the last `alive_for` seconds."""
    cur = conn.cursor(row_factory=class_row(Worker))
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
