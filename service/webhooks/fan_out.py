"""The fan-out of changes: a slice of the feed becomes deliveries to the subscriptions of an index."""

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from math import inf
from uuid import UUID

import structlog
from psycopg import Connection

from service import store
from service.feed.change import Change
from service.search.filter import EVERYTHING, Words
from service.store.feed import BATCH
from service.store.webhooks.deliveries import NewDelivery
from service.store.webhooks.matchers import FiltersVersion, SubscriptionFilter
from service.webhooks.filter_words import FILTER_ERRORS
from service.webhooks.subscription_filters import SubscriptionFilters
from service.webhooks.subscription_index import SubscriptionIndex

#: Bytes of documents that one transaction matches, about.
MAX_BYTES = 16 * 1024**2

#: Deliveries after which a transaction ends (0.3 s). The last change may exceed it by one for each subscription.
MAX_DELIVERIES = 10_000

#: The reason for disabling a subscription whose filter cannot be evaluated.
UNREADABLE = "filter"

log = structlog.get_logger()


class FanOut:
    """The subscriptions of one matcher, and their deliveries."""

    def __init__(self, *, seconds: float = inf) -> None:
        """Begin without subscriptions. `seconds`: for a call, about."""
        self._seconds = seconds
        self._filters = SubscriptionFilters()
        self._index = SubscriptionIndex(())

    def has_subscriptions(self, after: int) -> bool:
        """Return whether any subscription may match a change after the number `after`."""
        return any(one.until_seq is None or one.until_seq > after for one in self._index.subscriptions)

    def set_subscriptions(
        self, conn: Connection, rows: Sequence[SubscriptionFilter], version: FiltersVersion, now: datetime
    ) -> bool:
        """Match these subscriptions from now on. One whose filter cannot be read is disabled.

        Return False if time ran out; call it again to continue.
        """

        def disable(id_: UUID, error: Exception) -> None:
            _disable(conn, id_, error, now)

        index = self._filters.index(conn, rows, version, seconds=self._seconds, on_error=disable)
        self._index = index or SubscriptionIndex(())
        return index is not None

    def match(self, conn: Connection, after: int, until: int, now: datetime) -> int:
        """Insert the deliveries of the next changes, up to `until`, and return the number of the last change."""
        filtered = any(one.filter != EVERYTHING for one in self._index.subscriptions)
        batch = store.feed_entries.read_slice(
            conn,
            after,
            limit=BATCH,
            scan=until - after,
            most_bytes=MAX_BYTES,
            documents=filtered,
            before=filtered,
        )
        deadline = time.monotonic() + self._seconds
        deliveries: list[NewDelivery] = []
        end = batch.end
        for entry in batch.entries:
            deliveries += self._deliveries(conn, Change(entry), now)
            if len(deliveries) >= MAX_DELIVERIES or time.monotonic() > deadline:
                end = entry.seq
                break
        store.webhooks.deliveries.insert_deliveries(conn, deliveries)
        return end

    def _deliveries(self, conn: Connection, change: Change, now: datetime) -> Iterator[NewDelivery]:
        has_words: Callable[[bytes, Words], bool] = self._filters.words.matcher()
        # An erased entry goes to everybody; nobody can tell any more whose filter the event passed.
        is_erased = change.entry.is_erased
        index = self._index
        for subscription in [*index.subscriptions] if is_erased else index.candidates(change.after, change.before):
            if not subscription.covers(change.entry.seq):
                continue
            try:
                kind = change.kind_for(subscription.filter, has_words)
            except FILTER_ERRORS as error:
                index.remove(subscription)
                _disable(conn, subscription.id, error, now)
                continue
            if kind in subscription.kinds:
                yield NewDelivery(subscription.id, change.entry.seq, change.entry.event_id, str(kind))


def _disable(conn: Connection, id: UUID, error: Exception, now: datetime) -> None:
    """Disable a subscription whose filter fails, so that it does not stop the others."""
    log.warning("subscription_parked", subscription=str(id), cause=type(error).__name__)
    store.webhooks.subscriptions.disable_subscription(conn, id, UNREADABLE, now=now)
