"""SQL of recoveries: jobs that make failed and skipped deliveries pending again, and survive any crash."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg import Connection
from psycopg.rows import class_row

from service.errors import NotFound

#: Deliveries that one step makes pending, at most.
BATCH = 1_000


@dataclass(frozen=True)
class Recovery:
    """The progress of a recovery."""

    id: UUID
    since: datetime
    asked_at: datetime
    recovered: int
    ended_at: datetime | None


_COLUMNS = ", ".join(Recovery.__dataclass_fields__)


def insert_recovery(conn: Connection, *, id: UUID, subscription_id: UUID, since: datetime) -> Recovery:
    """Insert a recovery of the undelivered changes matched at `since` or later. Return it."""
    cur = conn.cursor(row_factory=class_row(Recovery))
    cur.execute(
        f"""
        INSERT INTO recovery (id, subscription_id, since, asked_at, last_seq, recovered)
        VALUES (%(id)s, %(subscription_id)s, %(since)s, now(), 0, 0)
        RETURNING {_COLUMNS}
        """,
        {"id": id, "subscription_id": subscription_id, "since": since},
    )
    return cur.fetchall()[0]


def get_recovery(conn: Connection, subscription_id: UUID, id: UUID) -> Recovery:
    """Return the recovery `id` of the subscription. Raise NotFound if there is none."""
    cur = conn.cursor(row_factory=class_row(Recovery))
    query = f"SELECT {_COLUMNS} FROM recovery WHERE id = %s AND subscription_id = %s"
    recovery = cur.execute(query, (id, subscription_id)).fetchone()
    if recovery is None:
        raise NotFound(f"The webhook {subscription_id} has no recovery {id}.")
    return recovery


def advance_recovery(conn: Connection, *, limit: int = BATCH) -> bool:
    """Advance a recovery that no other process works on by one step. Return False if there is none.

    The step and the recovery's progress are one statement, so that a step counts once or not at all. Deliveries that
    were delivered stay so.
    """
    return (
        conn.execute(
            """
            WITH job AS (
                SELECT * FROM recovery WHERE ended_at IS NULL ORDER BY asked_at LIMIT 1 FOR UPDATE SKIP LOCKED
            ), part AS (
                SELECT delivery.subscription_id, seq
                  FROM job
                  JOIN delivery ON delivery.subscription_id = job.subscription_id AND seq > last_seq
                 WHERE state IN ('failed', 'skipped')
                   AND created_at BETWEEN since AND asked_at
                 ORDER BY seq
                 LIMIT %(limit)s
            ), resumed AS (
                UPDATE delivery
                   SET state = 'pending', again = TRUE, step = 0, due_at = statement_timestamp(), ended_at = NULL
                  FROM part
                 WHERE (delivery.subscription_id, delivery.seq) = (part.subscription_id, part.seq)
                   AND state IN ('failed', 'skipped')
             RETURNING delivery.seq
            )
            UPDATE recovery
               SET recovered = recovery.recovered + (SELECT count(*) FROM resumed),
                   last_seq = coalesce((SELECT max(seq) FROM part), recovery.last_seq),
                   ended_at = CASE WHEN (SELECT count(*) FROM part) < %(limit)s THEN statement_timestamp() END
              FROM job
             WHERE recovery.id = job.id
            """,
            {"limit": limit},
        ).rowcount
        == 1
    )
