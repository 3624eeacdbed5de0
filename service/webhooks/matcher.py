"""The matchers: each change of the feed becomes deliveries to the subscriptions that match it, exactly once.

The prompt matcher has the active subscriptions, of each key as many as its budget allows. The background matcher
follows it with all others: paused ones, whose deliveries are skipped and can be recovered, and those beyond a budget.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from datetime import datetime
from math import inf

from psycopg import Connection

from service import store
from service.store.feed import BACKGROUND_MATCHER, MATCHER
from service.store.webhooks.matchers import FiltersVersion, SubscriptionFilter
from service.webhooks.fan_out import FanOut
from service.webhooks.subscription_filters import within_budget

#: The cost of a key's subscriptions for one change that the prompt matcher bears: a few milliseconds.
KEY_BUDGET = 2_000

#: Seconds after which the background matcher ends a transaction, and lets the other threads work.
BACKGROUND_SECONDS = 0.1


class FeedMatcher(ABC):
    """One of any number of matchers. A batch's deliveries and the cursor behind it are written in one transaction."""

    cursor: str
    seconds: float

    def __init__(self) -> None:
        """Begin without subscriptions; each batch refreshes them."""
        self._fan_out = FanOut(seconds=self.seconds)
        self._history: str | None = None
        #: The version of the subscriptions in the fan-out.
        self._version: object = None

    def match_once(self, conn: Connection, now: datetime) -> int:
        """Match a batch of changes, and return its size: 0 if there are none, or another process holds the cursor.

        A refresh of many subscriptions that takes several calls counts as 1. `conn` must be in autocommit.
        """
        try:
            with conn.transaction():
                return self._match(conn, now)
        except BaseException:
            self._version = None  # subscriptions that were disabled or assigned are not
            raise

    def _match(self, conn: Connection, now: datetime) -> int:
        after = store.feed.claim_cursor(conn, self.cursor)
        if after is None:
            return 0
        store.feed.commit_without_waiting(conn)
        # The end before the subscriptions: one that was made before the batch's last change is then included.
        until = self._end(conn)
        if until <= after:
            return 0
        history = store.feed.get_history(conn)
        if history != self._history:
            self._fan_out, self._history, self._version = FanOut(seconds=self.seconds), history, None
        if not self._refresh(conn, after, now):
            return 1
        end = until
        if self._fan_out.has_subscriptions(after):
            end = self._fan_out.match(conn, after, until, now)
        store.feed.move_cursor(conn, self.cursor, end)
        return end - after

    def _set(
        self,
        conn: Connection,
        rows: Sequence[SubscriptionFilter],
        filters: FiltersVersion,
        version: object,
        now: datetime,
    ) -> bool:
        is_complete = self._fan_out.set_subscriptions(conn, rows, filters, now)
        self._version = version if is_complete else None
        return is_complete

    @abstractmethod
    def _end(self, conn: Connection) -> int:
        """Return the number of the last change to match."""

    @abstractmethod
    def _refresh(self, conn: Connection, after: int, now: datetime) -> bool:
        """Set the subscriptions for the changes after the number `after`, if they differ from those before.

        Return False if time ran out; the next call continues.
        """


class Matcher(FeedMatcher):
    """The prompt matcher."""

    cursor, seconds = MATCHER, inf

    def _end(self, conn: Connection) -> int:
        return store.feed.get_head(conn).seq

    def _refresh(self, conn: Connection, after: int, now: datetime) -> bool:
        version = store.webhooks.matchers.get_filters_version(conn, paused=False)
        if version == self._version:
            return True
        affordable = within_budget(store.webhooks.matchers.list_prompt_filters(conn), KEY_BUDGET)
        store.webhooks.matchers.assign_prompt(conn, [row.id for row in affordable], after)
        return self._set(conn, affordable, version, version, now)


class BackgroundMatcher(FeedMatcher):
    """The background matcher, never ahead of the prompt one."""

    cursor, seconds = BACKGROUND_MATCHER, BACKGROUND_SECONDS

    def _end(self, conn: Connection) -> int:
        return store.feed.get_cursor(conn, MATCHER)

    def _refresh(self, conn: Connection, after: int, now: datetime) -> bool:
        filters = store.webhooks.matchers.get_filters_version(conn, paused=True)
        version = filters, store.webhooks.matchers.get_assignment(conn)
        if version == self._version:
            return True
        rows = store.webhooks.matchers.list_background_filters(conn, after)
        return self._set(conn, rows, filters, version, now)
