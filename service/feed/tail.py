"""The newest entries of the feed, read once for all in this process who wait for them."""

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
from service.feed.document_words import Reading
from service.feed.sequencer import catch_up
from service.store.feed import BATCH, FeedHead

#: Seconds between two looks, and after one that failed.
EVERY, EVERY_FAILED = 0.05, 1.0

#: Seconds after which nobody looks any more if nobody waits.
LINGER = 5.0

#: Entries that are kept, and bytes of their documents: who is further behind reads from the database.
MOST_ENTRIES, MOST_BYTES = 1_000, 8 * 1024**2

log = structlog.get_logger()


class Tail:
    """Entries as they come in. One thread looks for them (under gevent a greenlet), and only while somebody waits."""

    def __init__(self, reading: Reading, places: int, told: Callable[[int], object]) -> None:
        """Nothing is read yet. So many may wait; `told` is told how many do."""
        self.ended = False
        self._places, self._taken, self._told = places, 0, told
        self._reading = reading
        self._news = Condition()
        self._looking = False
        self._wanted = 0.0
        self._head: FeedHead | None = None
        #: Without a gap, the last one that of the head.
        self._changes: deque[Change] = deque()
        self._bytes = 0

    def changes_after(self, generation: UUID, after: int, patience: float) -> list[Change] | None:
        """The changes behind the number `after`, awaited for so many seconds; none where none came.

        None where they are not all here: the database has them.
        """
        deadline = time.monotonic() + patience
        with self._news:
            while True:
                self._want()
                head, left = self._head, deadline - time.monotonic()
                if head and head.generation != generation:
                    self._news.wait(max(0, min(left, EVERY_FAILED)))  # it may be we who have not heard of it yet
                    return None
                if head and after < head.seq - len(self._changes):
                    return None
                if head and after < head.seq:
                    return list(islice(self._changes, len(self._changes) - (head.seq - after), None))
                if left <= 0 or self.ended:
                    return []
                self._news.wait(min(left, LINGER / 2))

    def enter(self) -> None:
        """Take a place among those who wait. Unavailable if there is none left."""
        with self._news:
            if self._taken >= self._places:
                raise Unavailable("Too many follow the changes here already.")
            self._taken += 1
            self._told(self._taken)

    def leave(self) -> None:
        """Give the place back."""
        with self._news:
            self._taken -= 1
            self._told(self._taken)

    def end(self) -> None:
        """Let nobody wait any longer."""
        self.ended = True
        with self._news:
            self._news.notify_all()

    def _want(self) -> None:
        """Have somebody look."""
        self._wanted = time.monotonic()
        if not self._looking and not self.ended:
            self._looking, self._head = True, None
            Thread(target=self._look_on, daemon=True).start()

    def _look_on(self) -> None:
        while True:
            pause = EVERY
            try:
                with self._reading() as conn:
                    self._look(conn)
            except Exception as error:  # noqa: BLE001 (whatever it is, those who wait are told by their own next request)
                log.warning("feed_not_read", cause=type(error).__name__)
                pause = EVERY_FAILED
            with self._news:
                if self.ended or time.monotonic() > self._wanted + LINGER:
                    self._looking = False
                    return
            time.sleep(pause)

    def _look(self, conn: Connection) -> None:
        head = store.feed.get_head(conn)
        if head.waiting:
            catch_up(conn)
            head = store.feed.get_head(conn)
        known = self._head
        if known and (known.generation, known.seq) == (head.generation, head.seq):
            return
        new: list[Change] = []
        if known and known.generation == head.generation and head.seq - known.seq <= MOST_ENTRIES:
            new = _read(conn, known.seq, head.seq)
        with self._news:
            if known is None or known.seq + len(new) != head.seq:
                self._forget()
            else:
                self._keep(new)
            self._head = head
            self._news.notify_all()

    def _keep(self, new: list[Change]) -> None:
        for change in new:
            self._changes.append(change)
            self._bytes += _size(change)
        while self._changes and (len(self._changes) > MOST_ENTRIES or self._bytes > MOST_BYTES):
            self._bytes -= _size(self._changes.popleft())

    def _forget(self) -> None:
        self._changes.clear()
        self._bytes = 0


def _read(conn: Connection, after: int, until: int) -> list[Change]:
    """The changes behind `after` up to `until`."""
    found: list[Change] = []
    while after < until:
        part = store.feed_entries.read_slice(
            conn, after, limit=BATCH, scan=until - after, most_bytes=MOST_BYTES, before=True
        )
        found += map(Change, part.entries)
        after = part.end
    return found


def _size(change: Change) -> int:
    return len(change.entry.document or b"") + len(change.entry.before or b"")
