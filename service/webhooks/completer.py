"""The completer: records the results of attempts, and their consequences for subscriptions."""

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import structlog
from psycopg import Connection, DataError

from service import clock, store
from service.db.pool import Database
from service.store.webhooks.queue import AttemptRow
from service.webhooks.lane import QueuedDelivery
from service.webhooks.retry_policy import should_disable

log = structlog.get_logger()


class CompletedAttempt(NamedTuple):
    """A delivery and the result of its attempt."""

    delivery: QueuedDelivery
    row: AttemptRow


def record_attempts(database: Database, worker_id: UUID, rows: Sequence[AttemptRow], failing: Collection[UUID]) -> None:
    """Record the results of attempts in one transaction. Raise Unavailable if nothing was recorded.

    `failing`: subscriptions that may be recorded as failing, so that a success clears them.
    """
    try:
        _record(database, worker_id, rows, failing)
    except DataError as error:
        # PostgreSQL cannot store some receiver's response. The other results must be recorded all the same.
        log.warning("answers_not_stored", sqlstate=error.sqlstate)
        _record(database, worker_id, [row._replace(headers=None, answer=None) for row in rows], failing)


def _record(database: Database, worker_id: UUID, rows: Sequence[AttemptRow], failing: Collection[UUID]) -> None:
    with database.transaction() as conn:
        # After a crash of the server, deliveries whose results were lost are sent once more.
        conn.execute("SET LOCAL synchronous_commit = off")
        if store.webhooks.queue.insert_attempts(conn, worker_id, rows):
            _update_subscriptions(conn, rows, failing, clock.now())


def _update_subscriptions(
    conn: Connection, rows: Sequence[AttemptRow], failing: Collection[UUID], now: datetime
) -> None:
    """Record the health of the subscriptions, and disable or notify those that need it."""
    accepted = {row.subscription_id for row in rows if row.outcome == "accepted"}
    failed = Counter(row.subscription_id for row in rows if row.outcome not in ("accepted", "expired"))
    only_failed = sorted((id_, number) for id_, number in failed.items() if id_ not in accepted)
    for one in store.webhooks.queue.record_health(conn, sorted(accepted & set(failing)), only_failed):
        if should_disable(one.since, one.attempts, now):
            _disable(conn, one.id, "failing", now)
    for id_ in sorted({row.subscription_id for row in rows if row.outcome == "gone"}):
        _disable(conn, id_, "gone", now)
    exhausted = sorted({row.subscription_id for row in rows if row.state == "failed"})
    if exhausted:
        store.webhooks.subscriptions.record_exhausted(conn, exhausted, now=now)


def _disable(conn: Connection, id_: UUID, reason: str, now: datetime) -> None:
    """Disable the subscription, and log it for the operator; its owner reads its notices."""
    if store.webhooks.subscriptions.disable_subscription(conn, id_, reason, now=now):
        log.warning("webhook_disabled", webhook=str(id_), reason=reason)
