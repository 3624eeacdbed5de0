"""Reading on in the change feed: from the database as far as it goes, then with what comes in."""

from collections.abc import Iterable
from contextlib import nullcontext
from dataclasses import dataclass
from uuid import UUID

from psycopg import Connection

from service import store
from service.feed.change import Change, Wording
from service.feed.cursor import cursor_at, require_cursor_valid
from service.feed.document_words import DocumentWords, Reading, without_words, words_in
from service.feed.sequencer import catch_up
from service.feed.tail import Tail
from service.search.filter import EVERYTHING, Filter, Words
from service.search.filters.sql import condition_of
from service.store.feed_entries import FeedEntry, FeedSlice

#: Entries that are looked at for one page, however few of them are asked for: some 20 ms.
SCAN = 10_000

#: Bytes of documents on one page, about.
MOST_BYTES = 4 * 1024**2

#: Entries of one page where words are looked for in each.
_MOST_WORDED = 100


@dataclass(frozen=True)
class FeedRequest:
    """Of what a follower wants to be told: which events, which kinds of entries (None: all), with documents or not."""

    asked: Filter = EVERYTHING
    kinds: tuple[str, ...] | None = None
    documents: bool = True

    @property
    def words(self) -> tuple[Words, ...]:
        """The words among what is asked."""
        return tuple(words_in(self.asked))


def read_page(conn: Connection, question: FeedRequest, after: int, limit: int) -> FeedSlice:
    """Of what is committed by now, the entries behind `after` that answer `question`. `conn` must be in autocommit.

    There may be none, and the feed go on behind them.
    """
    found = _read(conn, question, after, limit)
    if found.head.waiting and not found.more:
        catch_up(conn)
        found = _read(conn, question, after, limit)
    return found


def _read(conn: Connection, question: FeedRequest, after: int, limit: int) -> FeedSlice:
    condition = None if question.asked == EVERYTHING else condition_of(without_words(question.asked), past=True)
    words = question.words
    found = store.feed_entries.read_slice(
        conn,
        after,
        limit=min(limit, _MOST_WORDED) if words else limit,
        scan=SCAN,
        most_bytes=MOST_BYTES,
        condition=condition,
        kinds=None if words else question.kinds,
        documents=question.documents or bool(words),
        before=bool(words),
    )
    if not words:
        return found
    wording = DocumentWords(lambda: nullcontext(conn), words)
    return FeedSlice(found.head, entries_for(map(Change, found.entries), question, wording), found.end)


def entries_for(changes: Iterable[Change], question: FeedRequest, wording: Wording) -> list[FeedEntry]:
    """The entries of `changes` that answer `question`, each as it is told."""
    found = (change.told_for(question.asked, wording) for change in changes)
    return [entry for entry in found if entry and (question.kinds is None or entry.kind in question.kinds)]


class Follower:
    """One who reads on: from the database until it has caught up, then from the tail."""

    def __init__(self, tail: Tail, reading: Reading, question: FeedRequest, generation: UUID, after: int) -> None:
        """Begins behind the entry `after`."""
        self.more = True
        self._tail, self._reading, self._question = tail, reading, question
        self._generation, self._after = generation, after
        self._from_tail = False

    @property
    def cursor(self) -> str:
        """Where it stands."""
        return cursor_at(self._generation, self._after)

    def cursor_behind(self, entry: FeedEntry) -> str:
        """Where it stood when it had been told of `entry`."""
        return cursor_at(self._generation, entry.seq)

    def next(self, limit: int, patience: float) -> list[FeedEntry]:
        """At most `limit` entries that answer the question, awaited for so many seconds if it has caught up.

        There may be none although there is more. CursorExpired where some are missing.
        """
        return self._next_from_tail(limit, patience) if self._from_tail else self._next_page(limit)

    def _next_page(self, limit: int) -> list[FeedEntry]:
        with self._reading() as conn:
            page = read_page(conn, self._question, self._after, limit)
        require_cursor_valid(page.head, self._generation, self._after)
        self._after, self.more, self._from_tail = page.end, page.more, not page.more
        return page.entries

    def _next_from_tail(self, limit: int, patience: float) -> list[FeedEntry]:
        changes = self._tail.changes_after(self._generation, self._after, patience)
        if changes is None:
            self._from_tail = False
            return self._next_page(limit)
        found = entries_for(changes, self._question, DocumentWords(self._reading, self._question.words))
        self.more = len(found) > limit
        if self.more:
            found = found[:limit]
            self._after = found[-1].seq
        elif changes:
            self._after = changes[-1].entry.seq
        return found
