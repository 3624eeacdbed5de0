"""What is done about subscriptions beside sending: handshakes, clean-up, and how it all stands."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from psycopg import Connection
from psycopg.rows import class_row

#: Rows that one statement of the clean-up takes from one subscription at most.
SWEPT = 1_000

#: How long after it was due a delivery counts as late.
LATE = timedelta(seconds=60)


@dataclass(frozen=True)
class Invitation:
    """A receiver that is to be asked whether it agrees, for so many seconds by now."""

    id: UUID
    url: str
    rate_limit: int | None
    seconds: float


@dataclass(frozen=True)
class Health:
    """How deliveries stand. `oldest_due` is None where nothing is due."""

    due: int
    late: int
    waiting: int
    oldest_due: datetime | None
    subscriptions: int
    failing: int
    disabled: int


def list_invitations(conn: Connection, shards: Sequence[int]) -> list[Invitation]:
    """The receivers of `shards` that have to agree to the handshake yet."""
    cur = conn.cursor(row_factory=class_row(Invitation))
    cur.execute(
        """
        SELECT id, url, rate_limit, extract(epoch FROM now() - updated_at)::float8 AS seconds
          FROM subscription
         WHERE shard = ANY(%(shards)s) AND handshake = 'pending' AND NOT paused AND deleted_at IS NULL
        """,
        {"shards": list(shards)},
    )
    return cur.fetchall()


def list_subscriptions(conn: Connection, shards: Sequence[int]) -> list[tuple[UUID, bool]]:
    """The subscriptions of `shards`, and whether each is deleted."""
    return conn.execute(
        "SELECT id, deleted_at IS NOT NULL FROM subscription WHERE shard = ANY(%s)", (list(shards),)
    ).fetchall()


def sweep(conn: Connection, subscription_id: UUID, *, before: datetime | None) -> int:
    """Take away deliveries, with their attempts, from the oldest on; how many were looked at, none at the end.

    Only of changes matched `before` then, all where it is not given. However many there are, a statement looks at a
    bounded number of rows.
    """
    return conn.execute(
        """
        WITH oldest AS (
            SELECT seq, created_at
              FROM delivery
             WHERE subscription_id = %(subscription_id)s
             ORDER BY seq
             LIMIT %(most)s
        ), gone AS (
            DELETE FROM delivery
             WHERE subscription_id = %(subscription_id)s
               AND seq IN (
                       SELECT seq FROM oldest WHERE %(before)s::timestamptz IS NULL OR created_at < %(before)s
                   )
         RETURNING seq
        ), attempts AS (
            DELETE FROM attempt
             WHERE subscription_id = %(subscription_id)s AND seq IN (SELECT seq FROM gone)
        )
        SELECT FROM gone
        """,
        {"subscription_id": subscription_id, "before": before, "most": SWEPT},
    ).rowcount


def forget_subscription(conn: Connection, id: UUID) -> None:
    """Take away a deleted subscription, of which no delivery is left."""
    for table in ("ping", "recovery"):
        conn.execute(f"DELETE FROM {table} WHERE subscription_id = %s", (id,))
    conn.execute("DELETE FROM subscription WHERE id = %s AND deleted_at IS NOT NULL", (id,))


def forget_recoveries(conn: Connection, *, before: datetime) -> None:
    """Take away the recoveries that ended `before` then."""
    conn.execute("DELETE FROM recovery WHERE ended_at < %s", (before,))


def get_health(conn: Connection) -> Health:
    """See Health. It reads all that waits."""
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
