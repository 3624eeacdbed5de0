"""Pages of the feed: with a filter they keep a copy correct, and SQL and memory select the same entries."""

from collections.abc import Iterator, Sequence

import psycopg
import pytest

from service import store
from service.feed.change import Change
from service.feed.reader import FeedRequest, entries_for, read_page
from service.store.feed_entries import LEAVE, FeedEntry
from tests.random_writer import FILTERS, Writer, compiled_filter, matching_events


@pytest.fixture
def feed(database: str) -> Iterator[psycopg.Connection]:
    """A connection in autocommit to a database with a history of random writes."""
    with psycopg.connect(database, autocommit=True) as conn:
        yield conn


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_sql_and_memory_select_the_same_entries(feed: psycopg.Connection, seed: int) -> None:
    Writer(feed, seed).write(120)
    changes = [Change(entry) for entry in read_all(feed, before=True)]
    for text in FILTERS:
        request = FeedRequest(compiled_filter(feed, text), documents=True)
        in_memory = entries_for(changes, request, never)
        assert kinds(read_page(feed, request, 0, 1_000).entries) == kinds(in_memory), text
        leaving = FeedRequest(request.filter, (LEAVE, "delete"))
        assert kinds(read_page(feed, leaving, 0, 1_000).entries) == kinds(entries_for(changes, leaving, never)), text


#: Filters with words.
WORD_FILTERS = ("q=two", "q=two OR three&tag=a", "q=-two&not_status=planned")


@pytest.mark.parametrize(("seed", "filters"), [(4, FILTERS), (5, FILTERS), (6, WORD_FILTERS)])
def test_a_copy_that_applies_every_entry_equals_the_result_of_the_filter(
    feed: psycopg.Connection, seed: int, filters: Sequence[str]
) -> None:
    writer = Writer(feed, seed)
    copies: dict[str, dict[str, bytes]] = {text: {} for text in filters}
    after = dict.fromkeys(filters, 0)
    for _ in range(6):
        writer.write(15)
        for text in filters:
            page = read_page(feed, FeedRequest(compiled_filter(feed, text)), after[text], 1_000)
            after[text] = page.end
            for entry in page.entries:
                if entry.kind in ("create", "update"):
                    copies[text][str(entry.event_id)] = entry.document or b""
                else:
                    copies[text].pop(str(entry.event_id))  # an event leaves only after it matched
    for text in filters:
        assert copies[text] == matching_events(feed, text) != {} or text == "tag=nobody", text


def test_without_a_filter_every_entry_is_returned(feed: psycopg.Connection) -> None:
    Writer(feed, 7).write(60)
    entries = read_page(feed, FeedRequest(), 0, 1_000).entries
    assert [entry.seq for entry in entries] == list(range(1, len(entries) + 1))
    assert entries == entries_for(map(Change, entries), FeedRequest(), never)


def test_changed_fields_and_features_exist_if_there_is_a_version_to_compare(feed: psycopg.Connection) -> None:
    Writer(feed, 8).write(80)
    for entry in read_all(feed, before=True):
        change = Change(entry)
        assert (entry.changed is None) == (entry.kind in ("create", "delete"))
        assert (change.before is None) == (entry.version == 1)
        assert (change.after is None) == (entry.kind in ("delete", "merge"))


def never(*_: object) -> bool:
    raise AssertionError("no filter here has words")


def read_all(conn: psycopg.Connection, *, before: bool) -> list[FeedEntry]:
    while store.feed.sequence(conn):
        pass
    return store.feed_entries.read_slice(conn, 0, limit=1_000, scan=1_000, most_bytes=10**9, before=before).entries


def kinds(entries: list[FeedEntry]) -> list[tuple[int, str]]:
    return [(entry.seq, entry.kind) for entry in entries]
