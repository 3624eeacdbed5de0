"""The tail: entries in memory belong to one generation of the feed."""

from contextlib import nullcontext

import psycopg

from service import store
from service.feed.tail import Tail
from tests.random_writer import Writer


def tail_with_entries(feed: psycopg.Connection) -> Tail:
    """A tail that has followed some writes."""
    tail, writer = Tail(lambda: nullcontext(feed), slots=1, on_count=lambda _: None), Writer(feed, 1)
    tail._polling = True  # the test polls, not a thread
    for _ in range(2):
        writer.write(3)
        tail._poll(feed)
    return tail


def test_entries_of_a_generation_that_ended_are_forgotten_even_at_the_same_number(feed: psycopg.Connection) -> None:
    tail, head = tail_with_entries(feed), store.feed.get_head(feed)
    [change] = tail.changes_after(head.generation, head.seq - 1, timeout=0) or []
    assert change.entry.seq == head.seq

    generation = store.feed.begin_generation(feed)
    tail._poll(feed)
    assert tail.changes_after(generation, head.seq - 1, timeout=0) is None


def test_entries_in_memory_are_forgotten_after_an_erasure(feed: psycopg.Connection) -> None:
    tail, head = tail_with_entries(feed), store.feed.get_head(feed)
    feed.execute("UPDATE feed_head SET erasures = erasures + 1")
    tail._poll(feed)
    assert tail.changes_after(head.generation, head.seq - 1, timeout=0) is None
