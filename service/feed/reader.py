"""Reading the change feed: from the database until its end, then from the tail."""

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from uuid import UUID

from psycopg import Connection

from service import store
from service.feed.change import Change, WordMatcher
from service.feed.cursor import cursor_at, require_cursor_valid
from service.feed.document_words import DocumentWords, without_words
from service.feed.sequencer import catch_up
from service.feed.tail import Tail
from service.search.filter import EVERYTHING, Filter, Words, every_words
from service.search.filters.sql import filter_condition
from service.store.connect import Connect
from service.store.feed_entries import FeedEntry, FeedSlice

#: Entries that are scanned for one page at most, however few of them match: some 20 ms.
SCAN = 10_000

#: Bytes of documents on one page, approximately.
MOST_BYTES = 4 * 1024**2

#: Entries of one page at most if each document is searched for words.
_MOST_SEARCHED = 100


@dataclass(frozen=True)
class FeedRequest:
    """The filter of the events, the kinds of the entries (None: all), and whether entries include documents."""

    filter: Filter = EVERYTHING
    kinds: tuple[str, ...] | None = None
    documents: bool = True

    @property
    def words(self) -> tuple[Words, ...]:
        """The words in the filter."""
        return tuple(every_words(self.filter))


def read_page(conn: Connection, request: FeedRequest, after: int, limit: int) -> FeedSlice:
    """Return the matching entries after the number `after`, of all writes committed by now.

    The page may be empty although more entries follow. `conn` must be in autocommit.
    """
    return _with_words(_read_candidates(conn, request, after, limit), request)


def _read_candidates(conn: Connection, request: FeedRequest, after: int, limit: int) -> FeedSlice:
    """Return the entries of which the words of the request decide."""
    page = _read(conn, request, after, limit)
    if page.head.waiting and not page.more:
        catch_up(conn)
        page = _read(conn, request, after, limit)
    return page


def _with_words(page: FeedSlice, request: FeedRequest) -> FeedSlice:
    """Return the page with the matching entries. Their texts are analysed, which needs no connection."""
    if not request.words:
        return page
    has_words = DocumentWords(request.words)
    return FeedSlice(page.head, entries_for(map(Change, page.entries), request, has_words), page.end)


def _read(conn: Connection, request: FeedRequest, after: int, limit: int) -> FeedSlice:
    condition = None if request.filter == EVERYTHING else filter_condition(without_words(request.filter), past=True)
    words = request.words
    return store.feed_entries.read_slice(
        conn,
        after,
        limit=min(limit, _MOST_SEARCHED) if words else limit,
        scan=SCAN,
        most_bytes=MOST_BYTES,
        condition=condition,
        kinds=None if words else request.kinds,
        documents=request.documents or bool(words),
        before=bool(words),
    )


def entries_for(changes: Iterable[Change], request: FeedRequest, has_words: WordMatcher) -> list[FeedEntry]:
    """Return the entries of those `changes` that match the request, each with its kind for the filter."""
    entries = (change.for_subscriber(request.filter, has_words) for change in changes)
    return [entry for entry in entries if entry and (request.kinds is None or entry.kind in request.kinds)]


#: Opens a block in which connections can be opened: one of the searches that may run at once.
SearchBlock = Callable[[], AbstractContextManager[Connect]]


class Follower:
    """A reader of the feed with its position: it reads the database until it has caught up, then the tail."""

    def __init__(self, tail: Tail, search: SearchBlock, request: FeedRequest, generation: UUID, after: int) -> None:
        """Begins after the entry with the number `after`. Each page is a `search` of its own; waiting is none."""
        self.more = True
        self._tail, self._search, self._request = tail, search, request
        self._generation, self._after = generation, after
        self._from_tail = False

    @property
    def cursor(self) -> str:
        """The cursor of its position."""
        return cursor_at(self._generation, self._after)

    def cursor_behind(self, entry: FeedEntry) -> str:
        """Return the cursor directly after `entry`."""
        return cursor_at(self._generation, entry.seq)

    def next(self, limit: int, timeout: float) -> list[FeedEntry]:
        """Return at most `limit` matching entries; at the end of the feed wait `timeout` seconds for one.

        The list may be empty although more entries follow. CursorExpired if entries are no longer available.
        """
        return self._next_from_tail(limit, timeout) if self._from_tail else self._next_page(limit)

    def _next_page(self, limit: int) -> list[FeedEntry]:
        with self._search() as connect:
            with connect() as conn:
                candidates = _read_candidates(conn, self._request, self._after, limit)
            require_cursor_valid(candidates.head, self._generation, self._after)
            page = _with_words(candidates, self._request)
        self._after, self.more, self._from_tail = page.end, page.more, not page.more
        return page.entries

    def _next_from_tail(self, limit: int, timeout: float) -> list[FeedEntry]:
        changes = self._tail.changes_after(self._generation, self._after, timeout)
        if changes is None:
            self._from_tail = False
            return self._next_page(limit)
        with self._search():
            entries = entries_for(changes, self._request, DocumentWords(self._request.words))
        self.more = len(entries) > limit
        if self.more:
            entries = entries[:limit]
            self._after = entries[-1].seq
        elif changes:
            self._after = changes[-1].entry.seq
        return entries
