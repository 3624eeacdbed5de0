"""SQL of the delivery queue: due deliveries, their endpoints and payloads, and the results of attempts."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from psycopg import Connection
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from service.store.feed import CHANGE_ID
from service.store.feed_entries import FeedEntry


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """The delivery settings of a subscription. Secrets are encrypted if a key is set."""

    id: UUID
    shard: int
    url: str
    payload: str
    rate_limit: int | None
    ordered: bool
    paused: bool
    deleted: bool
    handshake: str
    secret: bytes = field(repr=False)
    former_secret: bytes | None = field(repr=False)
    former_until: datetime | None
    failing_since: datetime | None
    updated_at: datetime


class FetchRequest(NamedTuple):
    """The number of first attempts and retries to fetch for a subscription, and deliveries to leave out."""

    subscription_id: UUID
    first: int
    retries: int
    exclude: Sequence[int]


class DueDelivery(NamedTuple):
    """A delivery that is due. `change_id` identifies the write; it is None if the feed has expired the change."""

    subscription_id: UUID
    seq: int
    id: UUID
    event_id: UUID
    kind: str
    again: bool
    step: int
    attempts: int
    change_id: str | None


class AttemptRow(NamedTuple):
    """The result of an attempt, the delivery's next state, and the seconds until the next attempt of a pending one."""

    shard: int
    epoch: int
    subscription_id: UUID
    seq: int
    delivery_id: UUID
    state: str
    delay: float
    began_at: datetime
    ms: int
    outcome: str
    status: int | None
    headers: dict[str, str] | None
    answer: bytes | None


@dataclass(frozen=True, slots=True)
class FailingSubscription:
    """A subscription whose latest attempts have failed, with their number and the time of the first."""

    id: UUID
    since: datetime
    attempts: int


def list_endpoints(conn: Connection, shards: Sequence[int], *, since: datetime | None = None) -> list[Endpoint]:
    """Return the endpoints of `shards`, deleted ones too. With `since`, only those changed at that time or later."""
    cur = conn.cursor(row_factory=class_row(Endpoint))
    cur.execute(
        """
        SELECT id, shard, url, payload, rate_limit, ordered, paused, deleted_at IS NOT NULL AS deleted, handshake,
               secret, former_secret, former_until, failing_since, updated_at
          FROM subscription
         WHERE shard = ANY(%(shards)s)
           AND (%(since)s::timestamptz IS NULL OR updated_at >= %(since)s)
        """,
        {"shards": list(shards), "since": since},
        binary=True,
    )
    return cur.fetchall()


def list_due_subscriptions(conn: Connection) -> list[UUID]:
    """Return the subscriptions with due deliveries.

    The query hops through the index from one subscription to the next: those without pending deliveries cost nothing.
    """
    return [id_ for [id_] in conn.execute(LIST_DUE_SUBSCRIPTIONS, binary=True)]


LIST_DUE_SUBSCRIPTIONS = """
    WITH RECURSIVE pending AS (
        (SELECT subscription_id FROM delivery WHERE state = 'pending' ORDER BY subscription_id LIMIT 1)
          UNION ALL
         SELECT (SELECT subscription_id
                   FROM delivery
                  WHERE state = 'pending' AND subscription_id > pending.subscription_id
                  ORDER BY subscription_id
                  LIMIT 1)
           FROM pending
          WHERE pending.subscription_id IS NOT NULL
    )
    SELECT subscription_id
      FROM pending
     WHERE (SELECT seq -- not EXISTS, for which the planner would read every pending delivery
              FROM delivery
             WHERE delivery.subscription_id = pending.subscription_id AND state = 'pending'
               AND again = FALSE AND due_at <= now()
             ORDER BY due_at, seq
             LIMIT 1) IS NOT NULL
        OR (SELECT seq
              FROM delivery
             WHERE delivery.subscription_id = pending.subscription_id AND state = 'pending'
               AND again = TRUE AND due_at <= now()
             ORDER BY due_at, seq
             LIMIT 1) IS NOT NULL
    """

_DUE = "subscription_id, seq, id, event_id, kind, again, step, attempts"

#: The identity of the change of a delivery `due`.
_DUE_CHANGE = f"(SELECT {CHANGE_ID} FROM feed, feed_head WHERE feed.seq = due.seq) AS change_id"


def list_due(conn: Connection, requests: Sequence[FetchRequest]) -> list[DueDelivery]:
    """Return the due deliveries of each request, longest due first, first attempts and retries counted apart."""
    rows = conn.execute(
        f"""
        SELECT due.*, {_DUE_CHANGE}
          FROM unnest(%(ids)s::uuid[], %(firsts)s::int[], %(retries)s::int[], %(excludes)s::text[])
               AS request (subscription_id, first, retries, exclude)
         CROSS JOIN LATERAL (
              (SELECT {_DUE}
                 FROM delivery
                WHERE subscription_id = request.subscription_id AND state = 'pending' AND again = FALSE
                  AND due_at <= now() AND seq <> ALL (request.exclude::bigint[])
                ORDER BY due_at, seq
                LIMIT request.first)
                UNION ALL
              (SELECT {_DUE}
                 FROM delivery
                WHERE subscription_id = request.subscription_id AND state = 'pending' AND again = TRUE
                  AND due_at <= now() AND seq <> ALL (request.exclude::bigint[])
                ORDER BY due_at, seq
                LIMIT request.retries)
         ) AS due
        """,
        {
            "ids": [one.subscription_id for one in requests],
            "firsts": [max(one.first, 0) for one in requests],
            "retries": [max(one.retries, 0) for one in requests],
            "excludes": [f"{{{','.join(map(str, one.exclude))}}}" for one in requests],
        },
        binary=True,
    )
    return [DueDelivery(*row) for row in rows]


def list_due_in_order(conn: Connection, subscription_ids: Sequence[UUID], *, limit: int) -> list[DueDelivery]:
    """Return the next deliveries of ordered subscriptions, up to `limit` each, until the first that is not due."""
    # At most one retry is pending, unless a recovery has resumed more.
    rows = conn.execute(
        f"""
        SELECT {_DUE}, {_DUE_CHANGE}
          FROM (SELECT pending.*, bool_and(due_at <= now()) OVER (PARTITION BY subscription_id ORDER BY seq) AS is_due
                  FROM unnest(%(ids)s::uuid[]) AS request (id)
                 CROSS JOIN LATERAL (
                      (SELECT {_DUE}, due_at
                         FROM delivery
                        WHERE subscription_id = request.id AND state = 'pending' AND again = TRUE
                        ORDER BY seq
                        LIMIT %(limit)s)
                        UNION ALL
                      (SELECT {_DUE}, due_at
                         FROM delivery
                        WHERE subscription_id = request.id AND state = 'pending' AND again = FALSE
                        ORDER BY due_at, seq
                        LIMIT %(limit)s)
                 ) AS pending) AS due
         WHERE is_due
         ORDER BY seq
        """,
        {"ids": list(subscription_ids), "limit": limit},
        binary=True,
    )
    return [DueDelivery(*row) for row in rows]


def insert_attempts(conn: Connection, worker_id: UUID, rows: Sequence[AttemptRow]) -> int:
    """Insert attempts and update their deliveries. Return the number of attempts that were inserted.

    Attempts of shards that another worker has claimed are ignored, as are those of deliveries that a failover has
    replaced by others with the same numbers. A success counts even if the delivery has failed or
    been skipped in the meantime, and is never revoked.
    """
    return conn.execute(
        """
        WITH result AS (
            SELECT new.*
              FROM unnest(%(shard)s::int[], %(epoch)s::bigint[], %(subscription_id)s::uuid[], %(seq)s::bigint[],
                          %(delivery_id)s::uuid[], %(state)s::text[], %(delay)s::float8[],
                          %(began_at)s::timestamptz[], %(ms)s::int[], %(outcome)s::text[], %(status)s::int[],
                          %(headers)s::jsonb[], %(answer)s::bytea[])
                   AS new (shard, epoch, subscription_id, seq, delivery_id, state, delay, began_at, ms, outcome, status,
                           headers, answer)
              JOIN delivery_shard AS lease ON lease.shard = new.shard AND lease.epoch = new.epoch
             WHERE lease.worker_id = %(worker_id)s
        ), updated AS (
            UPDATE delivery
               SET state = result.state,
                   attempts = attempts + 1,
                   step = step + 1,
                   again = TRUE,
                   due_at = now() + make_interval(secs => delay),
                   ended_at = CASE WHEN result.state <> 'pending' THEN now() END
              FROM result
             WHERE (delivery.subscription_id, delivery.seq) = (result.subscription_id, result.seq)
               AND delivery.id = result.delivery_id
               AND (delivery.state = 'pending' OR (delivery.state <> 'delivered' AND result.state = 'delivered'))
         RETURNING delivery.subscription_id, delivery.seq, delivery.attempts
        )
        INSERT INTO attempt (subscription_id, seq, number, began_at, ms, outcome, status, headers, answer)
        SELECT subscription_id, seq, updated.attempts, began_at, ms, outcome, status, headers, answer
          FROM updated
          JOIN result USING (subscription_id, seq)
        """,
        {
            **{name: [getattr(row, name) for row in rows] for name in _PLAIN},
            "headers": [None if row.headers is None else Jsonb(row.headers) for row in rows],
            "worker_id": worker_id,
        },
    ).rowcount


#: The fields of AttemptRow that psycopg adapts as they are.
_PLAIN = tuple(name for name in AttemptRow._fields if name != "headers")


def record_health(
    conn: Connection, accepted: Sequence[UUID], failed: Sequence[tuple[UUID, int]]
) -> list[FailingSubscription]:
    """Clear the failures of `accepted`, add those of `failed` (id and number), and return the failing ones."""
    if accepted:
        conn.execute(
            """
            UPDATE subscription SET failing_since = NULL, failing_attempts = 0
             WHERE id = ANY(%(ids)s) AND failing_since IS NOT NULL
            """,
            {"ids": list(accepted)},
        )
    if not failed:
        return []
    cur = conn.cursor(row_factory=class_row(FailingSubscription))
    cur.execute(
        """
        UPDATE subscription
           SET failing_since = coalesce(failing_since, now()), failing_attempts = failing_attempts + number
          FROM unnest(%(ids)s::uuid[], %(numbers)s::int[]) AS failed (subscription_id, number)
         WHERE id = subscription_id
     RETURNING id, failing_since AS since, failing_attempts AS attempts
        """,
        {"ids": [id_ for id_, _ in failed], "numbers": [number for _, number in failed]},
    )
    return cur.fetchall()


def skip_pending(conn: Connection, shards: Sequence[int], *, limit: int) -> int:
    """Skip at most `limit` pending deliveries of the paused subscriptions of `shards`, and return their number."""
    return conn.execute(
        """
        UPDATE delivery SET state = 'skipped', ended_at = now()
          FROM (SELECT pending.subscription_id, pending.seq
                  FROM subscription
                 CROSS JOIN LATERAL (
                      SELECT subscription_id, seq
                        FROM delivery
                       WHERE subscription_id = subscription.id AND state = 'pending'
                       LIMIT %(limit)s
                 ) AS pending
                 WHERE shard = ANY(%(shards)s) AND paused
                 LIMIT %(limit)s) AS pending
         WHERE (delivery.subscription_id, delivery.seq) = (pending.subscription_id, pending.seq)
           AND state = 'pending'
        """,
        {"shards": list(shards), "limit": limit},
    ).rowcount


def list_entries(conn: Connection, seqs: Sequence[int], *, documents: bool) -> list[FeedEntry]:
    """Return the entries `seqs` that the feed still has, with the documents of their versions if `documents`."""
    cur = conn.cursor(row_factory=class_row(FeedEntry))
    cur.execute(
        """
        SELECT seq, event_id, feed.version, kind, changed, feed.change_kind, feed.merged_into, occurred_at,
               (SELECT public_name FROM api_key WHERE api_key.id = feed.key_id) AS key_name,
               CASE WHEN %(documents)s AND kind <> 'delete' THEN document END AS document
          FROM feed
          LEFT JOIN event_revision ON id = event_id AND event_revision.version = feed.version
         WHERE seq = ANY(%(seqs)s)
        """,
        {"seqs": list(seqs), "documents": documents},
        binary=True,
    )
    return cur.fetchall()
