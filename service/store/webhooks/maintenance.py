"""SQL of the clean-up of deliveries, and of their health."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from psycopg import Connection
from psycopg.rows import class_row

#: Deliveries of one subscription that one statement deletes, at most.
DELETE_BATCH = 1_000

#: Time after which a due delivery counts as late.
LATE = timedelta(seconds=60)


@dataclass(frozen=True)
class Health:
    """Counts of deliveries and subscriptions. `oldest_due` is None if no delivery is due."""

    due: int
    late: int
    waiting: int
    oldest_due: datetime | None
    subscriptions: int
    failing: int
    disabled: int


def list_subscriptions(conn: Connection, shards: Sequence[int]) -> list[tuple[UUID, bool]]:
    """Return the ids of the subscriptions of `shards`, each with its deleted flag."""
    return conn.execute(
        "SELECT id, deleted_at IS NOT NULL FROM subscription WHERE shard = ANY(%s)", (list(shards),)
    ).fetchall()


def delete_deliveries(conn: Connection, subscription_id: UUID, *, before: datetime | None) -> int:
    """Delete a batch of the oldest deliveries with their attempts, and return its size: below DELETE_BATCH at the end.

    `before`: the time before which their changes were matched; None deletes all. However many deliveries there are, the
    statement reads a bounded number of rows.
    """
    return conn.execute(
        """
        WITH oldest AS (
            SELECT seq, created_at
              FROM delivery
             WHERE subscription_id = %(subscription_id)s
             ORDER BY seq
             LIMIT %(limit)s
        ), deleted AS (
            DELETE FROM delivery
             WHERE subscription_id = %(subscription_id)s
               AND seq IN (
                       SELECT seq FROM oldest WHERE %(before)s::timestamptz IS NULL OR created_at < %(before)s
                   )
         RETURNING seq
        ), attempts AS (
            DELETE FROM attempt
             WHERE subscription_id = %(subscription_id)s AND seq IN (SELECT seq FROM deleted)
        )
        SELECT FROM deleted
        """,
        {"subscription_id": subscription_id, "before": before, "limit": DELETE_BATCH},
    ).rowcount


def purge_subscription(conn: Connection, id: UUID) -> None:
    """Delete the rows of a deleted subscription, which must have no delivery left."""
    for table in ("ping", "recovery"):
        conn.execute(f"DELETE FROM {table} WHERE subscription_id = %s", (id,))
    conn.execute("DELETE FROM subscription WHERE id = %s AND deleted_at IS NOT NULL", (id,))


def delete_recoveries(conn: Connection, *, before: datetime) -> None:
    """Delete the recoveries that ended earlier than `before`."""
    conn.execute("DELETE FROM recovery WHERE ended_at < %s", (before,))


def get_health(conn: Connection) -> Health:
    """Return the health of all deliveries. The query reads every pending delivery."""
    cur = conn.cursor(row_factory=class_row(Health))
    cur.execute(
        """
        SELECT waiting.*, subscription.*
          FROM (SELECT count(*) FILTER (WHERE due_at <= now()) AS due,
                       count(*) FILTER (WHERE due_at <= now() - %(late)s) AS late,
                       count(*) AS waiting,
                       min(due_at) FILTER (WHERE due_at <= now()) AS oldest_due
                  FROM delivery
                 WHERE state = 'pending') AS waiting,
               (SELECT count(*) AS subscriptions,
                       count(*) FILTER (WHERE failing_since IS NOT NULL AND NOT paused) AS failing,
                       count(*) FILTER (WHERE disabled_at IS NOT NULL) AS disabled
                  FROM subscription
                 WHERE deleted_at IS NULL) AS subscription
        """,
        {"late": LATE},
    )
    return cur.fetchall()[0]
