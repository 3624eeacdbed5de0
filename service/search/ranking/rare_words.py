"""The query for the events that have most of the rare words of a title. It is cheap however large the collection is."""

import time
from collections.abc import Callable, Iterable, Sequence
from itertools import combinations
from math import prod
from typing import Final

from psycopg import Connection

from service.search.text.lexemes import query_lexemes
from service.store.database_cache import DatabaseCache
from service.store.search.common_lexemes import CommonLexemes, find_common_lexemes
from service.store.search.tsquery import Lexeme, TsQuery

#: The most words that the query has: the rarest.
MOST_WORDS: Final = 5

#: The most entries of the index that it may read, at 0.1 us each.
_MOST_READ: Final = 10_000

#: The most events that are expected to match if they may lack a word.
_MOST_MATCHES: Final = 50

#: The fewest words of which an event may lack one.
_WORDS_WITH_A_GAP: Final = 3

#: Seconds for which the common lexemes are cached.
_FRESH: Final = 60.0


def query_for_title(common: CommonLexemes, words: Iterable[str], codes: Iterable[str], language: str) -> TsQuery:
    """Return the query for events with most of the words of a title, or with one of them beside one of the codes.

    The words are folded, and analyzed in the title's `language`. The query is empty if all of them are too common.
    """
    rarest = sorted(_terms(words, language), key=lambda term: _order(term, common))[:MOST_WORDS]
    rare_codes = [code for code in _terms(codes, language) if _frequency(code, common) <= _MOST_READ]
    anything = TsQuery.any(lexeme for term in rarest for lexeme in term)
    beside = [TsQuery.all([_query(code), anything]) for code in rare_codes]
    return TsQuery.any([most_of(rarest, common), *beside])


#: The lexemes of one word of a title, any of which stands for it.
Term = tuple[Lexeme, ...]


def most_of(terms: Sequence[Term], common: CommonLexemes) -> TsQuery:
    """Return the query for events with most of the terms, the rarest first; empty if the index reads too much for it.

    An event may lack one of the terms if few events do. Then the index reads every event with one of the two rarest,
    and otherwise every event with the rarest one.
    """
    frequencies = [_frequency(term, common) for term in terms]
    queries = [_query(term) for term in terms]
    lacking_one = list(combinations(range(len(terms)), len(terms) - 1)) if len(terms) >= _WORDS_WITH_A_GAP else []
    matches = sum(_expected([frequencies[n] for n in several], common.events) for several in lacking_one)
    if lacking_one and sum(frequencies[:2]) <= _MOST_READ and matches <= _MOST_MATCHES:
        return TsQuery.any(TsQuery.all(queries[n] for n in several) for several in lacking_one)
    return TsQuery.all(queries) if sum(frequencies[:1]) <= _MOST_READ else TsQuery()


def _query(term: Term) -> Lexeme | TsQuery:
    return term[0] if len(term) == 1 else TsQuery.any(term)


def _expected(frequencies: Iterable[float], events: int) -> float:
    """Return the expected number of events with several terms, taken to be independent of each other."""
    return events * prod(min(1.0, frequency / max(1, events)) for frequency in frequencies)


def _terms(words: Iterable[str], language: str) -> list[Term]:
    """Return the terms of words that are no function words, each once."""
    terms = (tuple(map(Lexeme, query_lexemes(word, language))) for word in words)
    return list(dict.fromkeys(filter(None, terms)))


def _frequency(term: Term, common: CommonLexemes) -> float:
    return sum(common.frequency(lexeme.text) for lexeme in term)


def _order(term: Term, common: CommonLexemes) -> tuple[float, int]:
    """Return the key by which the rarest terms come first, long ones before short ones."""
    return _frequency(term, common), -len(term[0].text)


_cache = DatabaseCache[CommonLexemes]()


def common_lexemes_of(conn: Connection, *, now: Callable[[], float] = time.monotonic) -> CommonLexemes:
    """Return the common lexemes of the database of the connection, not older than a minute."""
    return _cache.get(conn, lambda: (find_common_lexemes(conn), _FRESH), now)
