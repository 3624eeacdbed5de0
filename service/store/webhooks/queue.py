"""What the webhook worker asks and says: what is due, what is in it, and how attempts ended."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from psycopg import Connection
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from service.store.feed_entries import FeedEntry


@dataclass(frozen=True, kw_only=True)
class Target:
    """Where and how a subscription's deliveries go. Secrets are as they are kept."""

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


class Wanted(NamedTuple):
    """How many deliveries a subscription can take, first attempts and further ones, and those that are in hand."""

    subscription_id: UUID
    first: int
    further: int
    held: Sequence[int]


class Due(NamedTuple):
    """A delivery that is due."""

    subscription_id: UUID
    seq: int
    id: UUID
    event_id: UUID
    kind: str
    again: bool
    step: int
    attempts: int


class Ended(NamedTuple):
    """How an attempt ended, and what follows: `state`, and for a pending one the seconds until the next."""

    shard: int
    epoch: int
    subscription_id: UUID
    seq: int
    state: str
    delay: float
    began_at: datetime
    ms: int
    outcome: str
    status: int | None
    headers: dict[str, str] | None
    answer: bytes | None


@dataclass(frozen=True, slots=True)
class Failing:
    """A subscription of which the latest attempts have failed: since when, and how many."""

    id: UUID
    since: datetime
    attempts: int


def list_targets(conn: Connection, shards: Sequence[int], *, since: datetime | None = None) -> list[Target]:
    """The subscriptions of `shards`, deleted ones included; only those changed `since` then where it is given."""
    cur = conn.cursor(row_factory=class_row(Target))
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


def list_waiting(conn: Connection) -> list[UUID]:
    """The subscriptions for which something is due, by hops through the index: those with nothing cost nothing."""
    return [id_ for [id_] in conn.execute(LIST_WAITING, binary=True)]


LIST_WAITING = """
    WITH RECURSIVE waiting AS (
        (SELECT subscription_id FROM delivery WHERE state = 'pending' ORDER BY subscription_id LIMIT 1)
          UNION ALL
         SELECT (SELECT subscription_id
                   FROM delivery
                  WHERE state = 'pending' AND subscription_id > waiting.subscription_id
                  ORDER BY subscription_id
                  LIMIT 1)
           FROM waiting
          WHERE waiting.subscription_id IS NOT NULL
    )
    SELECT subscription_id
      FROM waiting
     WHERE (SELECT seq -- in this form, since the planner would answer EXISTS by reading all that waits
              FROM delivery
             WHERE delivery.subscription_id = waiting.subscription_id AND state = 'pending'
               AND again = FALSE AND due_at <= now()
             ORDER BY due_at, seq
             LIMIT 1) IS NOT NULL
        OR (SELECT seq
              FROM delivery
             WHERE delivery.subscription_id = waiting.subscription_id AND state = 'pending'
               AND again = TRUE AND due_at <= now()
             ORDER BY due_at, seq
             LIMIT 1) IS NOT NULL
    """

_DUE = "subscription_id, seq, id, event_id, kind, again, step, attempts"


def find_due(conn: Connection, wanted: Sequence[Wanted]) -> list[Due]:
    """What is due for each subscription, longest due first, without what is held; first attempts apart from others."""
    rows = conn.execute(
        f"""
        SELECT due.*
          FROM unnest(%(ids)s::uuid[], %(firsts)s::int[], %(furthers)s::int[], %(held)s::text[])
               AS wanted (subscription_id, first, further, held)
         CROSS JOIN LATERAL (
              (SELECT {_DUE}
                 FROM delivery
                WHERE subscription_id = wanted.subscription_id AND state = 'pending' AND again = FALSE
                  AND due_at <= now() AND seq <> ALL (wanted.held::bigint[])
                ORDER BY due_at, seq
                LIMIT wanted.first)
                UNION ALL
              (SELECT {_DUE}
                 FROM delivery
                WHERE subscription_id = wanted.subscription_id AND state = 'pending' AND again = TRUE
                  AND due_at <= now() AND seq <> ALL (wanted.held::bigint[])
                ORDER BY due_at, seq
                LIMIT wanted.further)
         ) AS due
        """,
        {
            "ids": [one.subscription_id for one in wanted],
            "firsts": [max(one.first, 0) for one in wanted],
            "furthers": [max(one.further, 0) for one in wanted],
            "held": [f"{{{','.join(map(str, one.held))}}}" for one in wanted],
        },
        binary=True,
    )
    return [Due(*row) for row in rows]


def find_next(conn: Connection, subscription_ids: Sequence[UUID], *, most: int) -> list[Due]:
    """What comes next for subscriptions that want one after the other: up to `most` each, as far as they are due."""
    # At most one that was tried before is pending, unless a recovery woke more.
    rows = conn.execute(
        f"""
        SELECT {_DUE}
          FROM (SELECT pending.*, bool_and(due_at <= now()) OVER (PARTITION BY subscription_id ORDER BY seq) AS is_due
                  FROM unnest(%(ids)s::uuid[]) AS wanted (id)
                 CROSS JOIN LATERAL (
                      (SELECT {_DUE}, due_at
                         FROM delivery
                        WHERE subscription_id = wanted.id AND state = 'pending' AND again = TRUE
                        ORDER BY seq
                        LIMIT %(most)s)
                        UNION ALL
                      (SELECT {_DUE}, due_at
                         FROM delivery
                        WHERE subscription_id = wanted.id AND state = 'pending' AND again = FALSE
                        ORDER BY due_at, seq
                        LIMIT %(most)s)
                 ) AS pending) AS next
         WHERE is_due
         ORDER BY seq
        """,
        {"ids": list(subscription_ids), "most": most},
        binary=True,
    )
    return [Due(*row) for row in rows]


def finish_attempts(conn: Connection, worker_id: UUID, ended: Sequence[Ended]) -> int:
    """Write down how attempts ended, and return how many were the worker's to tell.

    Those of shards that another worker has taken over are refused. A success counts even where the delivery was given
    up or skipped meanwhile; it is never taken back.
    """
    return conn.execute(
        """
        WITH ended AS (
            SELECT told.*
              FROM unnest(%(shard)s::int[], %(epoch)s::bigint[], %(subscription_id)s::uuid[], %(seq)s::bigint[],
                          %(state)s::text[], %(delay)s::float8[], %(began_at)s::timestamptz[], %(ms)s::int[],
                          %(outcome)s::text[], %(status)s::int[], %(headers)s::jsonb[], %(answer)s::bytea[])
                   AS told (shard, epoch, subscription_id, seq, state, delay, began_at, ms, outcome, status, headers,
                            answer)
              JOIN delivery_shard AS held ON held.shard = told.shard AND held.epoch = told.epoch
             WHERE held.worker_id = %(worker_id)s
        ), written AS (
            UPDATE delivery
               SET state = ended.state,
                   attempts = attempts + 1,
                   step = step + 1,
                   again = TRUE,
                   due_at = now() + make_interval(secs => delay),
                   ended_at = CASE WHEN ended.state <> 'pending' THEN now() END
              FROM ended
             WHERE (delivery.subscription_id, delivery.seq) = (ended.subscription_id, ended.seq)
               AND (delivery.state = 'pending' OR (delivery.state <> 'delivered' AND ended.state = 'delivered'))
         RETURNING delivery.subscription_id, delivery.seq, delivery.attempts
        )
        INSERT INTO attempt (subscription_id, seq, number, began_at, ms, outcome, status, headers, answer)
        SELECT subscription_id, seq, written.attempts, began_at, ms, outcome, status, headers, answer
          FROM written
          JOIN ended USING (subscription_id, seq)
        """,
        {
            **{name: [getattr(one, name) for one in ended] for name in _PLAIN},
            "headers": [None if one.headers is None else Jsonb(one.headers) for one in ended],
            "worker_id": worker_id,
        },
    ).rowcount


_PLAIN = (
    *("shard", "epoch", "subscription_id", "seq", "state", "delay", "began_at", "ms", "outcome", "status", "answer"),
)


def note_health(conn: Connection, accepted: Sequence[UUID], failed: Sequence[tuple[UUID, int]]) -> list[Failing]:
    """These subscriptions have accepted something, those failed so often; return the failing ones as they stand now."""
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
    cur = conn.cursor(row_factory=class_row(Failing))
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


def skip_waiting(conn: Connection, shards: Sequence[int], *, most: int) -> int:
    """Skip what waits for subscriptions of `shards` that are paused, at most `most` at once; how many there were."""
    return conn.execute(
        """
        UPDATE delivery SET state = 'skipped', ended_at = now()
          FROM (SELECT waiting.subscription_id, waiting.seq
                  FROM subscription
                 CROSS JOIN LATERAL (
                      SELECT subscription_id, seq
                        FROM delivery
                       WHERE subscription_id = subscription.id AND state = 'pending'
                       LIMIT %(most)s
                 ) AS waiting
                 WHERE shard = ANY(%(shards)s) AND paused
                 LIMIT %(most)s) AS waiting
         WHERE (delivery.subscription_id, delivery.seq) = (waiting.subscription_id, waiting.seq)
           AND state = 'pending'
        """,
        {"shards": list(shards), "most": most},
    ).rowcount


def find_messages(conn: Connection, seqs: Sequence[int], *, documents: bool) -> list[FeedEntry]:
    """The entries `seqs` of the feed, as far as they are kept, with what their versions say where `documents`."""
    cur = conn.cursor(row_factory=class_row(FeedEntry))
    cur.execute(
        """
        SELECT seq, event_id, feed.version, kind, changed, feed.change_kind, feed.key_id, feed.merged_into, occurred_at,
               CASE WHEN %(documents)s AND kind <> 'delete' THEN document END AS document
          FROM feed
          LEFT JOIN event_revision ON id = event_id AND event_revision.version = feed.version
         WHERE seq = ANY(%(seqs)s)
        """,
        {"seqs": list(seqs), "documents": documents},
        binary=True,
    )
    return cur.fetchall()
