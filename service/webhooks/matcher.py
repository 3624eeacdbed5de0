"""The matcher: turns each change of the feed into deliveries to the subscriptions that match it, exactly once."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

import psycopg
import structlog
from psycopg import Connection

from service import store
from service.errors import ServiceError
from service.feed.change import Change
from service.feed.document_words import DocumentWords, words_in
from service.search.filter import EVERYTHING, Filter
from service.search.filters.expand import expand_filter
from service.search.filters.parser import filter_of_json, filter_of_text
from service.store.feed import BATCH, MATCHER
from service.store.webhooks.deliveries import NewDelivery
from service.webhooks.subscription_index import IndexedSubscription, SubscriptionIndex

#: Bytes of documents that one transaction matches, about.
MAX_BYTES = 16 * 1024**2

#: Deliveries after which a transaction ends (0.3 s). The last change may exceed it by one for each subscription.
MAX_DELIVERIES = 10_000

#: The reason for disabling a subscription whose filter cannot be evaluated.
UNREADABLE = "filter"

#: Errors that a filter can cause. A broken connection is none of them: the whole batch is then repeated.
_FILTER_ERRORS = (ServiceError, psycopg.DataError, psycopg.ProgrammingError, ValueError, LookupError, TypeError)

log = structlog.get_logger()


class Matcher:
    """One of any number of matchers. A batch's deliveries and the cursor behind it are written in one transaction."""

    def __init__(self) -> None:
        """Begin without subscriptions; each batch refreshes them."""
        self._index = SubscriptionIndex(())
        self._history: str | None = None
        self._version: str | None = None
        self._filters: dict[tuple[UUID, int], Filter] = {}

    def match_once(self, conn: Connection, now: datetime) -> int:
        """Match a batch of changes, and return its size: 0 if there are none, or another process holds the cursor.

        `conn` must be in autocommit.
        """
        with conn.transaction():
            after = store.feed.claim_cursor(conn, MATCHER)
            if after is None:
                return 0
            store.feed.commit_without_waiting(conn)
            # The head before the subscriptions: one that was made before the batch's last change is then included.
            until = store.feed.get_head(conn).seq
            self._refresh(conn, now)
            end = self._match(conn, after, until, now) if self._index.subscriptions else until
            store.feed.move_cursor(conn, MATCHER, end)
            return end - after

    def _match(self, conn: Connection, after: int, until: int, now: datetime) -> int:
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
        deliveries: list[NewDelivery] = []
        end = batch.end
        for entry in batch.entries:
            deliveries += self._deliveries(conn, Change(entry), now)
            if len(deliveries) >= MAX_DELIVERIES:
                end = entry.seq
                break
        store.webhooks.deliveries.insert_deliveries(conn, deliveries)
        return end

    def _deliveries(self, conn: Connection, change: Change, now: datetime) -> Iterator[NewDelivery]:
        candidates = list(self._index.subscriptions)
        if not change.entry.is_erased:
            candidates = self._index.candidates(change.after, change.before)
        words = (words for one in candidates for words in one.words)
        document_words = DocumentWords(partial(_savepoint, conn), words, tolerated=_FILTER_ERRORS)
        for subscription in candidates:
            if change.entry.seq <= subscription.since_seq:
                continue
            try:
                kind = change.kind_for(subscription.filter, document_words)
            except _FILTER_ERRORS as error:
                self._index.remove(subscription)
                _disable(conn, subscription.id, error, now)
                continue
            if kind in subscription.kinds:
                yield NewDelivery(subscription.id, change.entry.seq, change.entry.event_id, str(kind))

    def _refresh(self, conn: Connection, now: datetime) -> None:
        """Index the current subscriptions, with their filters expanded by the current topics and merges."""
        history, version = store.feed.get_history(conn), store.webhooks.subscriptions.get_filters_version(conn)
        if history != self._history:
            self._history, self._version, self._filters = history, None, {}
        if version == self._version:
            return
        filters, subscriptions = {}, []
        for row in store.webhooks.subscriptions.list_filters(conn):
            key = row.id, row.version
            try:
                filters[key] = self._filters.get(key) or parse_filter(row.filter)
                filter_ = expand_filter(conn, filters[key], strict=False)
            except _FILTER_ERRORS as error:
                _disable(conn, row.id, error, now)
                continue
            words, kinds = tuple(words_in(filter_)), frozenset(row.kinds)
            subscriptions.append(IndexedSubscription(row.id, filter_, words, kinds, row.since_seq))
        self._filters, self._index, self._version = filters, SubscriptionIndex(subscriptions), version


def parse_filter(value: Any) -> Filter:
    """Return a subscription's filter from its owner's value: None, a query string, or JSON. Raise Invalid."""
    if value is None:
        return EVERYTHING
    return filter_of_text(value) if isinstance(value, str) else filter_of_json(value)


@contextmanager
def _savepoint(conn: Connection) -> Iterator[Connection]:
    """Yield the connection in a savepoint: an error in it undoes nothing else."""
    with conn.transaction():
        yield conn


def _disable(conn: Connection, id: UUID, error: Exception, now: datetime) -> None:
    """Disable a subscription whose filter fails, so that it does not stop the others."""
    log.warning("subscription_parked", subscription=str(id), cause=type(error).__name__)
    store.webhooks.subscriptions.disable_subscription(conn, id, UNREADABLE, now=now)
