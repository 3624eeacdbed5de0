"""Recoveries in the database: undelivered changes that are to be sent once more, as a job that survives any end."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg import Connection
from psycopg.rows import class_row

from service.errors import NotFound

#: Deliveries that one step wakes.
STEP = 1_000


@dataclass(frozen=True)
class Recovery:
    """How far a recovery has come."""

    id: UUID
    since: datetime
    asked_at: datetime
    recovered: int
    ended_at: datetime | None


_COLUMNS = ", ".join(Recovery.__dataclass_fields__)


def insert_recovery(conn: Connection, *, id: UUID, subscription_id: UUID, since: datetime) -> Recovery:
    """Begin to recover what was matched `since` then and is not delivered by now."""
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
    """The recovery `id` of the subscription."""
    cur = conn.cursor(row_factory=class_row(Recovery))
    query = f"SELECT {_COLUMNS} FROM recovery WHERE id = %s AND subscription_id = %s"
    found = cur.execute(query, (id, subscription_id)).fetchone()
    if found is None:
        raise NotFound(f"There is no recovery {id} of the webhook {subscription_id}.")
    return found


def advance_recovery(conn: Connection, *, most: int = STEP) -> bool:
    """Do one step of a recovery that nobody else is at; False where there is none.

    What the step wakes and how far the recovery has come are written together, so that a step counts once or not at
    all. What was delivered is never touched.
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
                 LIMIT %(most)s
            ), woken AS (
                UPDATE delivery
                   SET state = 'pending', again = TRUE, step = 0, due_at = statement_timestamp(), ended_at = NULL
                  FROM part
                 WHERE (delivery.subscription_id, delivery.seq) = (part.subscription_id, part.seq)
                   AND state IN ('failed', 'skipped')
             RETURNING delivery.seq
            )
            UPDATE recovery
               SET recovered = recovery.recovered + (SELECT count(*) FROM woken),
                   last_seq = coalesce((SELECT max(seq) FROM part), recovery.last_seq),
                   ended_at = CASE WHEN (SELECT count(*) FROM part) < %(most)s THEN statement_timestamp() END
              FROM job
             WHERE recovery.id = job.id
            """,
            {"most": most},
        ).rowcount
        == 1
    )
