"""The connections that searches may hold: searches for words take longest, and those without a key are anybody's."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from service.errors import Invalid, Unavailable
from service.http.context import caller, reading, service, settings
from service.search.filter import Filter, every_words
from service.search.text.query_parser import count_words
from service.store.connect import Connect

#: The most words of a search without a key, in all `q` together.
MOST_PUBLIC_WORDS = 32


def require_few_words(filter_: Filter) -> int:
    """Return the number of words in all `q`. Invalid if a caller without a key sends more than MOST_PUBLIC_WORDS."""
    words = sum(count_words(one.text) for one in every_words(filter_))
    if words > MOST_PUBLIC_WORDS and caller() is None:
        detail = f"Must have at most {MOST_PUBLIC_WORDS} words without a key, has {words}. Send an API key."
        raise Invalid.at(detail, parameter="q")
    return words


@contextmanager
def connect_for(filter_: Filter) -> Iterator[Connect]:
    """Yield a function that opens connections for a search by `filter_`; hold none while you compute.

    For words, the block is one of the searches that may run at once: Unavailable if none ends for as long as a request
    waits. Other errors as of `require_few_words`.
    """
    if not require_few_words(filter_):
        yield reading
        return
    budget = service().searches if caller() else service().public_searches
    if not budget.acquire(timeout=settings().pool_wait):
        raise Unavailable("Too many searches are running; try again shortly.")
    try:
        yield reading
    finally:
        budget.release()


@contextmanager
def connect_within(filter_: Filter) -> Iterator[psycopg.Connection]:
    """Open one connection for a search by `filter_`. Errors as of `connect_for`."""
    with connect_for(filter_) as connect, connect() as conn:
        yield conn
