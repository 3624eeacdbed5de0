"""The words of a long query that are read: the rarest that some event has."""

from collections.abc import Mapping, Sequence

from psycopg import Connection

from service.search.filter import Words
from service.search.ranking.rare_words import common_lexemes_of
from service.search.ranking.statistics import statistics_of
from service.search.text.long_queries import BestWords, Clause, best_clauses, clauses_of, is_long, join_clauses
from service.search.text.query_compiler import compile_query
from service.search.text.query_parser import count_words
from service.store.search.tsquery import TsQuery


def best_words(conn: Connection, words: Words, languages: Sequence[str], places: Sequence[int] | None = None) -> Words:
    """Return the words of a query that are read, for texts in `languages`: of too many, the best.

    `places` are those of the first page, since events change meanwhile.
    """
    if not is_long(words.text):
        return words
    clauses = clauses_of(words.text)
    best = best_clauses(clauses, _frequencies(conn, clauses, languages)) if places is None else places
    text = join_clauses(clauses, best)
    return BestWords(text, tuple(best), count_words(words.text) - count_words(text))


def _frequencies(conn: Connection, clauses: Sequence[Clause], languages: Sequence[str]) -> list[int]:
    """Return the number of events that have each clause."""
    queries = [compile_query(clause.words, languages).all_words for clause in clauses]
    statistics = statistics_of(conn)
    common = common_lexemes_of(conn).shares
    estimates = {query: round(_share(query, common) * statistics.collection.events) for query in queries}
    rare = [query for query, estimate in estimates.items() if query and not estimate]
    counts = (count.value for count in statistics.counts(conn, rare))
    estimates |= zip(rare, counts, strict=True)
    return [estimates[query] for query in queries]


def _share(query: TsQuery, common: Mapping[str, float]) -> float:
    return max((common.get(lexeme.text, 0.0) for lexeme in query.lexemes()), default=0.0)
