"""What is done about subscriptions beside sending, each step in a transaction of its own."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from service import store
from service.db.pool import Database

#: Waiting deliveries of paused subscriptions that one step skips at most.
STEP = 2_000


def skip_paused(database: Database, shards: Sequence[int]) -> int:
    """Skip what waits for paused subscriptions: one step; how many deliveries that was."""
    with database.transaction() as conn:
        return store.webhooks.queue.skip_waiting(conn, shards, most=STEP)


def recover(database: Database) -> int:
    """Do one step of a recovery; whether there was one."""
    with database.transaction() as conn:
        return int(store.webhooks.recoveries.advance_recovery(conn))


def disable_keyless(database: Database, *, public: bool) -> int:
    """Disable the subscriptions of keys that may not read any more; how many there were."""
    with database.transaction() as conn:
        return store.webhooks.subscriptions.disable_keyless(conn, public=public, now=datetime.now(UTC))


def sweep(database: Database, shards: Sequence[int], days: int) -> int:
    """Take away old deliveries, and those of deleted subscriptions, step by step; how many deliveries went.

    0 days keep all but the deleted.
    """
    before = datetime.now(UTC) - timedelta(days=days)
    with database.reading() as conn:
        subscriptions = store.webhooks.maintenance.list_subscriptions(conn, shards)
        if days:
            store.webhooks.maintenance.forget_recoveries(conn, before=before)
    number = 0
    for id_, is_deleted in subscriptions:
        gone = store.webhooks.maintenance.SWEPT if days or is_deleted else 0
        while gone == store.webhooks.maintenance.SWEPT:
            with database.transaction() as conn:
                gone = store.webhooks.maintenance.sweep(conn, id_, before=None if is_deleted else before)
                if is_deleted and gone == 0:
                    store.webhooks.maintenance.forget_subscription(conn, id_)
            number += gone
        if is_deleted and gone:
            with database.transaction() as conn:
                store.webhooks.maintenance.forget_subscription(conn, id_)
    return number
