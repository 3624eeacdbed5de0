"""Partial matches of a search: the events that follow those with every word, and the words that no event has."""

from collections.abc import Iterator

from psycopg import Connection

from service import store
from service.search.ranking.bm25 import CorpusStatistics
from service.search.text.compiled_words import CompiledWords
from service.store.search.tsquery import TsQuery

#: The places of the quotations that partial matches must have.
PhrasePlaces = tuple[int, ...]


def relaxations(conn: Connection, words: CompiledWords, *, is_empty: bool) -> Iterator[PhrasePlaces]:
    """Return the quotations that partial matches must have, from the most to the least.

    They must have all, unless the search `is_empty` so far: then those that some event has, or in the end none.
    """
    everything = tuple(range(len(words.quoted)))
    if not words.quoted or not is_empty:
        if words.any_word:
            yield everything
        return
    unmatched = store.search.statistics.find_unmatched(conn, words.quoted)
    matched = tuple(place for place in everything if place not in unmatched)
    if matched and (unmatched or words.any_word):
        yield matched
    yield ()


def partial_query(words: CompiledWords, phrases: PhrasePlaces) -> TsQuery:
    """Return the query for all partial matches, and for the events with every word."""
    if len(phrases) == len(words.quoted):
        return words.any_word or TsQuery()
    quoted = [query for place, query in enumerate(words.quoted) if place in phrases]
    lexemes = (lexeme for term in words.terms for lexeme in term.lexemes)
    return TsQuery.all(quoted or [TsQuery.any(lexemes)], none_of=words.excluded)


def unmatched_parts(words: CompiledWords, statistics: CorpusStatistics, phrases: PhrasePlaces | None) -> list[str]:
    """Return the words that no event has, and the quotations that partial matches need not have."""
    frequencies = zip(words.terms, statistics.document_frequencies, strict=True)
    unknown = [term.word + "*" * term.begins for term, frequency in frequencies if not frequency]
    quotations = (
        [] if phrases is None else [text for place, text in enumerate(words.quotations) if place not in phrases]
    )
    return [*unknown, *quotations]
