"""How attempts ended, written down, with what follows for their subscriptions."""

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

import structlog
from psycopg import Connection, DataError

from service import store
from service.db.pool import Database
from service.store.webhooks.queue import Ended
from service.webhooks.lane import Parcel
from service.webhooks.retry_policy import should_disable

log = structlog.get_logger()


class Result(NamedTuple):
    """A parcel and how it ended."""

    parcel: Parcel
    ended: Ended


def settle(database: Database, worker_id: UUID, ended: Sequence[Ended], was_failing: Collection[UUID]) -> None:
    """Write down how attempts ended, in one transaction. Unavailable where nothing was written.

    `was_failing`: subscriptions of which it is not known that their latest attempts were accepted.
    """
    try:
        _write(database, worker_id, ended, was_failing)
    except DataError as error:
        # Something that a receiver answered cannot be stored. It must not keep the others from being written down.
        log.warning("answers_not_stored", sqlstate=error.sqlstate)
        _write(database, worker_id, [one._replace(headers=None, answer=None) for one in ended], was_failing)


def _write(database: Database, worker_id: UUID, ended: Sequence[Ended], was_failing: Collection[UUID]) -> None:
    with database.transaction() as conn:
        # What a crash of the server takes away is sent once more.
        conn.execute("SET LOCAL synchronous_commit = off")
        if store.webhooks.queue.finish_attempts(conn, worker_id, ended):
            _tell_subscriptions(conn, ended, was_failing, datetime.now(UTC))


def _tell_subscriptions(conn: Connection, ended: Sequence[Ended], was_failing: Collection[UUID], now: datetime) -> None:
    """What attempts say of their subscriptions: whether they fail, and whether that is enough."""
    accepted = {one.subscription_id for one in ended if one.outcome == "accepted"}
    failed = Counter(one.subscription_id for one in ended if one.outcome not in ("accepted", "expired"))
    only_failed = sorted((id_, number) for id_, number in failed.items() if id_ not in accepted)
    for one in store.webhooks.queue.note_health(conn, sorted(accepted & set(was_failing)), only_failed):
        if should_disable(one.since, one.attempts, now):
            _disable(conn, one.id, "failing", now)
    for id_ in sorted({one.subscription_id for one in ended if one.outcome == "gone"}):
        _disable(conn, id_, "gone", now)
    exhausted = sorted({one.subscription_id for one in ended if one.state == "failed"})
    if exhausted:
        store.webhooks.subscriptions.note_exhausted(conn, exhausted, now=now)


def _disable(conn: Connection, id_: UUID, reason: str, now: datetime) -> None:
    """Send it nothing more, and tell whoever runs the service; its owner is told by its notices."""
    if store.webhooks.subscriptions.disable_subscription(conn, id_, reason, now=now):
        log.warning("webhook_disabled", webhook=str(id_), reason=reason)
