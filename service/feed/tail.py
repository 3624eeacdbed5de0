"""The tail: the newest entries of the feed, read once for all followers in this process."""

import time
from collections import deque
from collections.abc import Callable
from itertools import islice
from threading import Condition, Thread
from uuid import UUID

import structlog
from psycopg import Connection

from service import store
from service.errors import Unavailable
from service.feed.change import Change
from service.feed.sequencer import catch_up
from service.store.connect import Connect
from service.store.feed import BATCH, FeedHead

#: Seconds between two polls of the database, and after a failed poll.
POLL_INTERVAL, RETRY_INTERVAL = 0.05, 1.0

#: Seconds without a follower after which polling stops.
LINGER = 5.0

#: Maximum entries in memory, and bytes of their documents. A follower that is further behind reads the database.
MOST_ENTRIES, MOST_BYTES = 1_000, 8 * 1024**2

log = structlog.get_logger()


class Tail:
    """The newest changes, polled by one thread (a greenlet under gevent) while there are followers."""

    def __init__(self, reading: Connect, slots: int, on_count: Callable[[int], object]) -> None:
        """`slots`: the maximum number of followers. `on_count` is called with each new number of followers."""
        self.ended = False
        self._slots, self._used_slots, self._on_count = slots, 0, on_count
        self._reading = reading
        self._news = Condition()
        self._polling = False
        self._last_demand = 0.0
        self._head: FeedHead | None = None
        #: Without gaps; the last one has the number of the head.
        self._changes: deque[Change] = deque()
        self._bytes = 0

    def changes_after(self, generation: UUID, after: int, timeout: float) -> list[Change] | None:
        """Return the changes after the number `after`; wait `timeout` seconds for one.

        None if not all of them are in memory: then read the database.
        """
        deadline = time.monotonic() + timeout
        with self._news:
            while True:
                self._demand()
                head, remaining = self._head, deadline - time.monotonic()
                if head and head.generation != generation:
                    # This process may not have seen the new generation yet.
                    self._news.wait(max(0, min(remaining, RETRY_INTERVAL)))
                    return None
                if head and after < head.seq - len(self._changes):
                    return None
                if head and after < head.seq:
                    return list(islice(self._changes, len(self._changes) - (head.seq - after), None))
                if remaining <= 0 or self.ended:
                    return []
                self._news.wait(min(remaining, LINGER / 2))

    def acquire_slot(self) -> None:
        """Count one more follower. Unavailable if all slots are in use."""
        with self._news:
            if self._used_slots >= self._slots:
                raise Unavailable("Too many clients follow the changes; try again later.")
            self._used_slots += 1
            self._on_count(self._used_slots)

    def release_slot(self) -> None:
        """Count one follower less."""
        with self._news:
            self._used_slots -= 1
            self._on_count(self._used_slots)

    def end(self) -> None:
        """Wake all followers; none waits from now on."""
        self.ended = True
        with self._news:
            self._news.notify_all()

    def _demand(self) -> None:
        """Note that a follower is waiting, and start polling."""
        self._last_demand = time.monotonic()
        if not self._polling and not self.ended:
            self._polling, self._head = True, None
            Thread(target=self._poll_forever, daemon=True).start()

    def _poll_forever(self) -> None:
        while True:
            pause = POLL_INTERVAL
            try:
                with self._reading() as conn:
                    self._poll(conn)
            except Exception as error:  # noqa: BLE001 (any error: each follower meets it in its own next read)
                log.warning("feed_not_read", cause=type(error).__name__)
                pause = RETRY_INTERVAL
            with self._news:
                if self.ended or time.monotonic() > self._last_demand + LINGER:
                    self._polling = False
                    return
            time.sleep(pause)

    def _poll(self, conn: Connection) -> None:
        head = store.feed.get_head(conn)
        if head.waiting:
            catch_up(conn)
            head = store.feed.get_head(conn)
        last = self._head
        continues = last is not None and (last.generation, last.erasures) == (head.generation, head.erasures)
        if last and continues and last.seq == head.seq:
            return
        new: list[Change] = []
        if last and continues and head.seq - last.seq <= MOST_ENTRIES:
            new = _read(conn, last.seq, head.seq)
        with self._news:
            if last and continues and last.seq + len(new) == head.seq:
                self._append(new)
            else:
                self._clear()
            self._head = head
            self._news.notify_all()

    def _append(self, new: list[Change]) -> None:
        for change in new:
            self._changes.append(change)
            self._bytes += _size(change)
        while self._changes and (len(self._changes) > MOST_ENTRIES or self._bytes > MOST_BYTES):
            self._bytes -= _size(self._changes.popleft())

    def _clear(self) -> None:
        self._changes.clear()
        self._bytes = 0


def _read(conn: Connection, after: int, until: int) -> list[Change]:
    """Return the changes after the number `after`, up to `until`."""
    changes: list[Change] = []
    while after < until:
        part = store.feed_entries.read_slice(
            conn, after, limit=BATCH, scan=until - after, most_bytes=MOST_BYTES, before=True
        )
        changes += map(Change, part.entries)
        after = part.end
    return changes


def _size(change: Change) -> int:
    return len(change.entry.document or b"") + len(change.entry.before or b"")
