"""Whoever follows with a filter is told what keeps a copy right: by SQL and in memory the same."""

from collections.abc import Iterator, Sequence

import psycopg
import pytest

from service import store
from service.feed.change import Change
from service.feed.reader import FeedRequest, entries_for, read_page
from service.search.filters.sql import filter_condition
from service.store.feed_entries import LEAVE, FeedEntry
from tests.service.writing import FILTERS, Writer, asked


@pytest.fixture
def feed(database: str) -> Iterator[psycopg.Connection]:
    """A connection in autocommit to a database with a history of random writes."""
    with psycopg.connect(database, autocommit=True) as conn:
        yield conn


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_what_is_told_by_sql_is_what_is_told_in_memory(feed: psycopg.Connection, seed: int) -> None:
    Writer(feed, seed).write(120)
    changes = [Change(entry) for entry in read_all(feed, before=True)]
    for text in FILTERS:
        question = FeedRequest(asked(feed, text), documents=True)
        in_memory = entries_for(changes, question, never)
        assert kinds(read_page(feed, question, 0, 1_000).entries) == kinds(in_memory), text
        leaving = FeedRequest(question.filter, (LEAVE, "delete"))
        assert kinds(read_page(feed, leaving, 0, 1_000).entries) == kinds(entries_for(changes, leaving, never)), text


#: Filters that ask for words, too.
WORDED = ("q=two", "q=two OR three&tag=a", "q=-two&not_status=planned")


@pytest.mark.parametrize(("seed", "filters"), [(4, FILTERS), (5, FILTERS), (6, WORDED)])
def test_who_applies_what_is_told_holds_what_the_filter_finds(
    feed: psycopg.Connection, seed: int, filters: Sequence[str]
) -> None:
    writer = Writer(feed, seed)
    held: dict[str, dict[str, bytes]] = {text: {} for text in filters}
    after = dict.fromkeys(filters, 0)
    for _ in range(6):
        writer.write(15)
        for text in filters:
            page = read_page(feed, FeedRequest(asked(feed, text)), after[text], 1_000)
            after[text] = page.end
            for entry in page.entries:
                if entry.kind in ("create", "update"):
                    held[text][str(entry.event_id)] = entry.document or b""
                else:
                    held[text].pop(str(entry.event_id))  # each that ends was there
    for text in filters:
        assert held[text] == found(feed, text) != {} or text == "tag=nobody", text


def test_every_entry_is_told_to_who_asks_for_all(feed: psycopg.Connection) -> None:
    Writer(feed, 7).write(60)
    entries = read_page(feed, FeedRequest(), 0, 1_000).entries
    assert [entry.seq for entry in entries] == list(range(1, len(entries) + 1))
    assert entries == entries_for(map(Change, entries), FeedRequest(), never)


def test_fields_that_changed_are_those_that_differ(feed: psycopg.Connection) -> None:
    Writer(feed, 8).write(80)
    for entry in read_all(feed, before=True):
        change = Change(entry)
        assert (entry.changed is None) == (entry.kind in ("create", "delete"))
        assert (change.before is None) == (entry.version == 1)
        assert (change.after is None) == (entry.kind in ("delete", "merge"))


def never(*_: object) -> bool:
    raise AssertionError("no filter here asks for words")


def read_all(conn: psycopg.Connection, *, before: bool) -> list[FeedEntry]:
    while store.feed.sequence(conn):
        pass
    return store.feed_entries.read_slice(conn, 0, limit=1_000, scan=1_000, most_bytes=10**9, before=before).entries


def kinds(entries: list[FeedEntry]) -> list[tuple[int, str]]:
    return [(entry.seq, entry.kind) for entry in entries]


def found(conn: psycopg.Connection, text: str) -> dict[str, bytes]:
    """The events that the filter finds now."""
    condition = filter_condition(asked(conn, text))
    query = f"SELECT id::text, document FROM event WHERE record_state = 'active' AND ({condition.render()})"
    return dict(conn.execute(query, condition.parameters()).fetchall())
