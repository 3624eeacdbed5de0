"""Following the feed for the subscriptions: each change becomes a delivery to all whom it concerns, exactly once."""

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
from service.webhooks.subscription_index import Index, Watched

#: Bytes of documents that are matched in one transaction, about.
MOST_BYTES = 16 * 1024**2

#: Deliveries that are enough for one transaction: 0.3 s. The last change may add one for each subscription.
MOST_DELIVERIES = 10_000

#: Why a subscription is disabled whose filter cannot be evaluated.
UNREADABLE = "filter"

#: What a filter can be at fault for. That a connection broke is not: then all of it is done again.
_ITS_FAULT = (ServiceError, psycopg.DataError, psycopg.ProgrammingError, ValueError, LookupError, TypeError)

log = structlog.get_logger()


class Matcher:
    """One of any number: whoever moves the matcher's cursor writes the deliveries in the same transaction."""

    def __init__(self) -> None:
        """Nothing is read yet."""
        self._index = Index(())
        self._mark: str | None = None
        self._filters: dict[tuple[UUID, int], Filter] = {}

    def match_once(self, conn: Connection, now: datetime) -> int:
        """Match the next changes, and return how many; 0 where there are none or another process is at it.

        `conn` must be in autocommit.
        """
        with conn.transaction():
            after = store.feed.claim_cursor(conn, MATCHER)
            if after is None:
                return 0
            store.feed.commit_without_waiting(conn)
            # First how far, then for whom: who subscribed before the last of these was written is then known.
            until = store.feed.get_head(conn).seq
            self._refresh(conn, now)
            end = self._match(conn, after, until, now) if self._index.watched else until
            store.feed.move_cursor(conn, MATCHER, end)
            return end - after

    def _match(self, conn: Connection, after: int, until: int, now: datetime) -> int:
        """Write the deliveries of the next changes, `until` at most, and return the last that was matched."""
        filtered = any(one.asked != EVERYTHING for one in self._index.watched)
        part = store.feed_entries.read_slice(
            conn,
            after,
            limit=BATCH,
            scan=until - after,
            most_bytes=MOST_BYTES,
            documents=filtered,
            before=filtered,
        )
        found: list[NewDelivery] = []
        end = part.end
        for entry in part.entries:
            found += self._deliveries(conn, Change(entry), now)
            if len(found) >= MOST_DELIVERIES:
                end = entry.seq
                break
        store.webhooks.deliveries.insert_deliveries(conn, found)
        return end

    def _deliveries(self, conn: Connection, change: Change, now: datetime) -> Iterator[NewDelivery]:
        candidates = self._index.candidates(change.after, change.before)
        words = (words for one in candidates for words in one.words)
        wording = DocumentWords(partial(_savepoint, conn), words, tolerated=_ITS_FAULT)
        for watched in candidates:
            if change.entry.seq <= watched.since_seq:
                continue
            try:
                kind = change.kind_for(watched.asked, wording)
            except _ITS_FAULT as error:
                self._index.drop(watched)
                _park(conn, watched.id, error, now)
                continue
            if kind in watched.kinds:
                yield NewDelivery(watched.id, change.entry.seq, change.entry.event_id, str(kind))

    def _refresh(self, conn: Connection, now: datetime) -> None:
        """Know all subscriptions, and what their filters take along, as they are by now."""
        mark = store.webhooks.subscriptions.get_filters_version(conn)
        if mark == self._mark:
            return
        filters, watched = {}, []
        for watch in store.webhooks.subscriptions.list_filters(conn):
            known_as = watch.id, watch.version
            try:
                filters[known_as] = self._filters.get(known_as) or read_filter(watch.filter)
                asked = expand_filter(conn, filters[known_as], strict=False)
            except _ITS_FAULT as error:
                _park(conn, watch.id, error, now)
                continue
            words, kinds = tuple(words_in(asked)), frozenset(watch.kinds)
            watched.append(Watched(watch.id, asked, words, kinds, watch.since_seq))
        self._filters, self._index, self._mark = filters, Index(watched), mark


def read_filter(written: Any) -> Filter:
    """The filter of a subscription as its owner wrote it: nothing, the query of an address, or JSON."""
    if written is None:
        return EVERYTHING
    return filter_of_text(written) if isinstance(written, str) else filter_of_json(written)


@contextmanager
def _savepoint(conn: Connection) -> Iterator[Connection]:
    """Yield the connection in a savepoint: what fails in it undoes nothing else."""
    with conn.transaction():
        yield conn


def _park(conn: Connection, id: UUID, error: Exception, now: datetime) -> None:
    """Disable a subscription that cannot be evaluated, so that it is not in the way of the others."""
    log.warning("subscription_parked", subscription=str(id), cause=type(error).__name__)
    store.webhooks.subscriptions.disable_subscription(conn, id, UNREADABLE, now=now)
