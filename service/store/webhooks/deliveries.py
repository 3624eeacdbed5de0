"""Deliveries in the database: one change for one subscription, and what became of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.rows import class_row

from service.errors import NotFound

#: The largest number that a feed can come to.
MOST_SEQ = 2**63 - 1


@dataclass(frozen=True)
class NewDelivery:
    """The change `seq`, of an event, that a subscription is to be told of, as what it is to that one."""

    subscription_id: UUID
    seq: int
    event_id: UUID
    kind: str


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """A delivery, and how its latest attempt ended."""

    id: UUID
    seq: int
    event_id: UUID
    kind: str
    state: str
    attempts: int
    due_at: datetime
    created_at: datetime
    ended_at: datetime | None
    last_outcome: str | None
    last_status: int | None


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One attempt, with the beginning of what was answered."""

    number: int
    began_at: datetime
    ms: int
    outcome: str
    status: int | None
    headers: dict[str, Any] | None
    answer: bytes | None


_SELECT = """
    SELECT delivery.id, seq, event_id, kind, state, attempts, due_at, created_at, ended_at,
           last.outcome AS last_outcome, last.status AS last_status
      FROM delivery
      LEFT JOIN LATERAL (
          SELECT outcome, status
            FROM attempt
           WHERE attempt.subscription_id = delivery.subscription_id
             AND attempt.seq = delivery.seq AND attempt.number = delivery.attempts
      ) AS last ON TRUE
    """

#: Spelled out, so that the planner finds the index that holds only these.
_STATES = {None: "TRUE"} | {state: f"state = '{state}'" for state in ("pending", "delivered", "failed", "skipped")}


def insert_deliveries(conn: Connection, rows: Sequence[NewDelivery]) -> int:
    """Let changes be delivered, and return how many are due.

    Those of paused subscriptions are kept as skipped. What is there already stays as it is; what is for a deleted
    subscription is dropped. Whoever does so again, as after a crash, gives each the id that it had.
    """
    if not rows:
        return 0
    # By the statement's time, not the transaction's: who matches waits its turn first, so it rises with the numbers.
    [[due]] = conn.execute(
        """
        WITH inserted AS (
            INSERT INTO delivery (
                subscription_id, seq, id, event_id, kind, state, again, step, attempts, due_at, created_at
            )
            SELECT subscription.id, given.seq,
                   overlay(overlay(md5(concat(generation, given.seq, subscription.id))
                                   PLACING '8' FROM 13) PLACING '8' FROM 17)::uuid, -- version 8: of our own making
                   given.event_id, given.kind,
                   CASE WHEN paused THEN 'skipped' ELSE 'pending' END, FALSE, 0, 0,
                   statement_timestamp(), statement_timestamp()
              FROM unnest(%(subscription_ids)s::uuid[], %(seqs)s::bigint[], %(event_ids)s::uuid[],
                          %(kinds)s::text[]) AS given (subscription_id, seq, event_id, kind)
              JOIN subscription ON subscription.id = given.subscription_id AND deleted_at IS NULL
             CROSS JOIN feed_head
                ON CONFLICT DO NOTHING
         RETURNING state
        )
        SELECT count(*) FROM inserted WHERE state = 'pending'
        """,
        {
            "subscription_ids": [row.subscription_id for row in rows],
            "seqs": [row.seq for row in rows],
            "event_ids": [row.event_id for row in rows],
            "kinds": [row.kind for row in rows],
        },
    ).fetchall()
    return int(due)


def page_deliveries(
    conn: Connection,
    subscription_id: UUID,
    *,
    state: str | None,
    since: datetime | None,
    event_id: str | None,
    before: int | None,
    limit: int,
) -> list[Delivery]:
    """At most `limit` deliveries, the latest changes first, behind the number `before`; only those asked for."""
    cur = conn.cursor(row_factory=class_row(Delivery))
    cur.execute(
        f"""
        {_SELECT}
         WHERE subscription_id = %(subscription_id)s
           AND seq < %(before)s
           AND {_STATES[state]}
           AND (%(since)s::timestamptz IS NULL OR created_at >= %(since)s)
           AND (%(event_id)s::uuid IS NULL OR event_id = %(event_id)s::uuid)
         ORDER BY seq DESC
         LIMIT %(limit)s
        """,
        {
            "subscription_id": subscription_id,
            "before": MOST_SEQ if before is None else before,
            "since": since,
            "event_id": event_id,
            "limit": limit,
        },
    )
    return cur.fetchall()


def get_delivery(conn: Connection, subscription_id: UUID, seq: int) -> Delivery:
    """The delivery of the change `seq`."""
    cur = conn.cursor(row_factory=class_row(Delivery))
    cur.execute(
        f"{_SELECT} WHERE subscription_id = %(subscription_id)s AND seq = %(seq)s",
        {"subscription_id": subscription_id, "seq": min(seq, MOST_SEQ)},
    )
    found = cur.fetchone()
    if found is None:
        raise NotFound(f"There is no delivery {seq} of the webhook {subscription_id}.")
    return found


def list_attempts(conn: Connection, subscription_id: UUID, seq: int) -> list[Attempt]:
    """Every attempt to deliver the change `seq`, in order."""
    cur = conn.cursor(row_factory=class_row(Attempt))
    cur.execute(
        """
        SELECT number, began_at, ms, outcome, status, headers, answer
          FROM attempt
         WHERE subscription_id = %(subscription_id)s AND seq = %(seq)s
         ORDER BY number
        """,
        {"subscription_id": subscription_id, "seq": seq},
        binary=True,
    )
    return cur.fetchall()


def retry_delivery(conn: Connection, subscription_id: UUID, seq: int) -> Delivery:
    """Let the delivery be sent once more now, whatever became of it; the schedule begins anew."""
    conn.execute(
        """
        UPDATE delivery SET state = 'pending', again = TRUE, step = 0, due_at = now(), ended_at = NULL
         WHERE subscription_id = %(subscription_id)s AND seq = %(seq)s
        """,
        {"subscription_id": subscription_id, "seq": min(seq, MOST_SEQ)},
    )
    return get_delivery(conn, subscription_id, seq)
