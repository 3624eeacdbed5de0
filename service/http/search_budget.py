"""The connections that searches may hold: searches for words take longest, and those without a key are anybody's."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial

import psycopg

from service.errors import Invalid, Unavailable
from service.http.context import caller, reading, service, settings
from service.search.filter import Filter, every_words
from service.search.text.query_parser import count_words
from service.store.connect import Connect

#: The most words of a search without a key, in all `q` together.
MOST_PUBLIC_WORDS = 32


def connect_for(filter_: Filter) -> Connect:
    """Return a function that opens a connection for a search by `filter_`; hold none while you compute.

    Searches for words share a part of the pool. Invalid if a caller without a key sends more than MOST_PUBLIC_WORDS.
    """
    words = sum(count_words(one.text) for one in every_words(filter_))
    if not words:
        return reading
    is_public = caller() is None
    if is_public and words > MOST_PUBLIC_WORDS:
        detail = f"Must have at most {MOST_PUBLIC_WORDS} words without a key, has {words}. Send an API key."
        raise Invalid.at(detail, parameter="q")
    return partial(_within_budget, is_public=is_public)


def connect_within(filter_: Filter) -> AbstractContextManager[psycopg.Connection]:
    """Open a connection as `connect_for` does."""
    return connect_for(filter_)()


@contextmanager
def _within_budget(*, is_public: bool) -> Iterator[psycopg.Connection]:
    """Open a connection. Unavailable if searches hold as many as they may for longer than a request waits."""
    budget = service().public_searches if is_public else service().searches
    if not budget.acquire(timeout=settings().pool_wait):
        raise Unavailable("Too many searches are running; try again shortly.")
    try:
        with reading() as conn:
            yield conn
    finally:
        budget.release()
