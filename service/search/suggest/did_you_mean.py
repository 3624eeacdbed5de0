"""The correction of a search that finds little: it must find more."""

from contextlib import nullcontext
from typing import Final

from psycopg import Connection

from service import store
from service.search.filter import All, Filter, Words
from service.search.filters.expand import compile_filter
from service.search.filters.sql import pushdown
from service.search.suggest.spelling import TIMES_MORE, correct_spelling
from service.store.search.plans import indexes_only

#: The most matches of a search for which every correction is tried, and those for which two words are tried as one.
FEW_MATCHES: Final = 20
SOME_MATCHES: Final = 1_000


def better_spelling(conn: Connection, filter: Filter, matches: int) -> str | None:
    """Return the words of a filter corrected; None unless it has few `matches` of every word, and so corrected more."""
    parts = filter.parts if isinstance(filter, All) else (filter,)
    words = [part for part in parts if isinstance(part, Words)]
    if len(words) != 1 or matches > SOME_MATCHES:
        return None
    joins_only = matches > FEW_MATCHES
    # A join looks up a few words: a transaction would take longer.
    with nullcontext() if joins_only else indexes_only(conn):
        correction = correct_spelling(conn, words[0].text, matches=matches, joins_only=joins_only)
    if correction is None:
        return None
    other = All((*(part for part in parts if part not in words), Words(correction)))
    enough = TIMES_MORE * matches if joins_only else matches + 1
    with indexes_only(conn):
        return correction if _count(conn, other, enough) >= enough else None


def _count(conn: Connection, filter: Filter, limit: int) -> int:
    """Return the number of matches, `limit` at most."""
    return store.events.ordering.count_up_to(conn, pushdown(compile_filter(conn, filter), few=True), limit)
