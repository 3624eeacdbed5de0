"""SQL of deliveries: one change for one subscription, with its attempts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.rows import class_row

from service.errors import NotFound

#: The largest number of a change.
MAX_SEQ = 2**63 - 1


@dataclass(frozen=True)
class NewDelivery:
    """A delivery to insert: the change `seq` of an event, and its kind for the subscription."""

    subscription_id: UUID
    seq: int
    event_id: UUID
    kind: str


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """A delivery with the result of its latest attempt."""

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
    """An attempt with the start of the response."""

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

#: Conditions by state, as literals: the planner finds partial indexes by them.
_STATES = {None: "TRUE"} | {state: f"state = '{state}'" for state in ("pending", "delivered", "failed", "skipped")}


def insert_deliveries(conn: Connection, rows: Sequence[NewDelivery]) -> int:
    """Insert deliveries, and return the number of those that are due.

    Those of paused subscriptions are inserted as skipped, those of deleted subscriptions dropped. Existing rows stay as
    they are. An id depends on the write and its subscription alone, so that it is the same after a crash or a recovery,
    and never that of another write.
    """
    if not rows:
        return 0
    # The statement's time rises with the numbers; the transaction's does not, since matchers wait for their turn.
    [[due]] = conn.execute(
        """
        WITH inserted AS (
            INSERT INTO delivery (
                subscription_id, seq, id, event_id, kind, state, again, step, attempts, due_at, created_at
            )
            SELECT subscription.id, new.seq,
                   overlay(overlay(md5(concat(coalesce(feed.change_id::text, concat(generation, new.seq)),
                                              subscription.id))
                                   PLACING '8' FROM 13) PLACING '8' FROM 17)::uuid, -- version 8: a custom scheme
                   new.event_id, new.kind,
                   CASE WHEN paused THEN 'skipped' ELSE 'pending' END, FALSE, 0, 0,
                   statement_timestamp(), statement_timestamp()
              FROM unnest(%(subscription_ids)s::uuid[], %(seqs)s::bigint[], %(event_ids)s::uuid[],
                          %(kinds)s::text[]) AS new (subscription_id, seq, event_id, kind)
              JOIN subscription ON subscription.id = new.subscription_id AND deleted_at IS NULL
             CROSS JOIN feed_head
              LEFT JOIN feed ON feed.seq = new.seq
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
    """Return at most `limit` deliveries, latest changes first, with numbers below `before`. None filters nothing."""
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
            "before": MAX_SEQ if before is None else before,
            "since": since,
            "event_id": event_id,
            "limit": limit,
        },
    )
    return cur.fetchall()


def get_delivery(conn: Connection, subscription_id: UUID, seq: int) -> Delivery:
    """Return the delivery of the change `seq`. Raise NotFound if there is none."""
    cur = conn.cursor(row_factory=class_row(Delivery))
    cur.execute(
        f"{_SELECT} WHERE subscription_id = %(subscription_id)s AND seq = %(seq)s",
        {"subscription_id": subscription_id, "seq": min(seq, MAX_SEQ)},
    )
    delivery = cur.fetchone()
    if delivery is None:
        raise NotFound(f"The webhook {subscription_id} has no delivery {seq}.")
    return delivery


def list_attempts(conn: Connection, subscription_id: UUID, seq: int) -> list[Attempt]:
    """Return every attempt to deliver the change `seq`, in order."""
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
    """Make the delivery due now, in any state, and restart its schedule. Return it."""
    conn.execute(
        """
        UPDATE delivery SET state = 'pending', again = TRUE, step = 0, due_at = now(), ended_at = NULL
         WHERE subscription_id = %(subscription_id)s AND seq = %(seq)s
        """,
        {"subscription_id": subscription_id, "seq": min(seq, MAX_SEQ)},
    )
    return get_delivery(conn, subscription_id, seq)
