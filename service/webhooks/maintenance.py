"""Maintenance of subscriptions and their deliveries, each step in a transaction of its own."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from service import clock, store
from service.db.pool import Database, compare_clocks

#: Deliveries that one clean-up deletes, at most.
MAX_DELETED = 100_000

#: Pending deliveries of paused subscriptions that one step skips, at most.
SKIP_BATCH = 2_000


def skip_paused(database: Database, shards: Sequence[int]) -> int:
    """Skip pending deliveries of paused subscriptions, one batch of them, and return their number."""
    with database.transaction() as conn:
        return store.webhooks.queue.skip_pending(conn, shards, limit=SKIP_BATCH)


def advance_recovery(database: Database) -> int:
    """Advance a recovery by one batch. Return 1, or 0 if there was none."""
    with database.transaction() as conn:
        return int(store.webhooks.recoveries.advance_recovery(conn))


def disable_keyless(database: Database, *, public: bool) -> int:
    """Disable the subscriptions of keys that may no longer read events, and return their number."""
    with database.transaction() as conn:
        return store.webhooks.subscriptions.disable_keyless(conn, public=public, now=clock.now())


def delete_expired(database: Database, shards: Sequence[int], days: int) -> int:
    """Delete old deliveries, and those of deleted subscriptions, in batches. Return the number of deliveries.

    `days`: the retention. With 0, and while the clocks of this machine and of the database differ, only the deliveries
    of deleted subscriptions are deleted. Each call deletes about MAX_DELETED at most.
    """
    with database.reading() as conn:
        compare_clocks(conn)
        before = clock.cutoff(days)
        subscriptions = store.webhooks.maintenance.list_subscriptions(conn, shards)
        if before:
            store.webhooks.maintenance.delete_recoveries(conn, before=before)
    number = 0
    for id_, is_deleted in subscriptions:
        if number >= MAX_DELETED:
            break
        if is_deleted:
            number += _delete_subscription(database, id_, limit=MAX_DELETED - number)
        elif before:
            number += _delete_deliveries(database, id_, before=before, limit=MAX_DELETED - number)
    return number


def _delete_subscription(database: Database, id_: UUID, *, limit: int) -> int:
    number = _delete_deliveries(database, id_, before=None, limit=limit)
    if number < limit:
        with database.transaction() as conn:
            store.webhooks.maintenance.purge_subscription(conn, id_)
    return number


def _delete_deliveries(database: Database, subscription_id: UUID, *, before: datetime | None, limit: int) -> int:
    number = 0
    while number < limit:
        with database.transaction() as conn:
            deleted = store.webhooks.maintenance.delete_deliveries(conn, subscription_id, before=before)
        number += deleted
        if deleted < store.webhooks.maintenance.DELETE_BATCH:
            break
    return number
