"""Similar events: those with the rarest words of an event, ranked as by any search."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log1p
from typing import Final
from uuid import UUID

from psycopg import Connection

from service import store
from service.search.ranking.bm25 import CorpusStatistics, build_ranking, inverse_document_frequency
from service.search.ranking.candidates import CandidateChoice
from service.search.ranking.statistics import statistics_of
from service.search.text.analyzer import MARK
from service.search.text.compiled_words import CompiledWords, Term
from service.search.text.lexemes import without_tag
from service.store.condition import Condition
from service.store.search.conditions import SearchFilter
from service.store.search.ranking import RankedEvent, page_ranked
from service.store.search.tsquery import Lexeme, TsQuery

#: The number of most frequent lexemes of the event that are compared, and of those that are searched for.
_CONSIDERED: Final = 60
_MOST_WORDS: Final = 16

#: The largest document frequency of a lexeme that is searched for: a share of all events, or in a small collection so
#: many, but at most half of all.
_LARGEST_SHARE: Final = 0.3
_FEW: Final = 10

#: The most candidates to rank, as a multiple of the cap.
_OVER: Final = 4


@dataclass(frozen=True)
class Similar:
    """Similar events, the best first, and the stems that they were found by, the rarest first."""

    events: Sequence[RankedEvent]
    words: Sequence[str]


def similar_to(conn: Connection, id: UUID, condition: Condition, limit: int, *, cap: int) -> Similar:
    """Return at most `limit` events that meet the condition and have the best lexemes of the event `id`."""
    statistics = statistics_of(conn)
    lexemes = store.search.words.find_frequent_lexemes(conn, id, _CONSIDERED, MARK)
    counts = [count.value for count in statistics.counts(conn, [_query(lexeme) for lexeme, _ in lexemes])]
    events = statistics.collection.events
    best = sorted(
        (
            (log1p(times) * inverse_document_frequency(events, count), lexeme, count)
            for (lexeme, times), count in zip(lexemes, counts, strict=True)
            # A lexeme of this event alone finds no other one.
            if 1 < count <= max(min(_FEW, events / 2), events * _LARGEST_SHARE)
        ),
        reverse=True,
    )[:_MOST_WORDS]
    if not best:
        return Similar((), ())
    words = _words([lexeme for _, lexeme, _ in best])
    corpus = CorpusStatistics.of(statistics.collection, [count for _, _, count in best])
    meets = SearchFilter.on_event(condition)
    choice = CandidateChoice.of(words, corpus, cap)
    is_little = sum(corpus.document_frequencies) <= cap
    least = 0.0 if is_little else choice.find_least_weight(conn, words.all_words, meets, events)
    ranking = build_ranking(words, corpus, choice.query(least, words.all_words))
    page = page_ranked(conn, ranking, meets, None, limit + 1, most=_OVER * cap)
    others = [event for event in page.events if event.mark.id != id]
    rarest = sorted(best, key=lambda one: one[2])
    return Similar(others[:limit], list(dict.fromkeys(without_tag(lexeme) for _, lexeme, _ in rarest)))


def _words(lexemes: Sequence[str]) -> CompiledWords:
    """Return the search for events that have any of the lexemes."""
    return CompiledWords(
        " OR ".join(lexemes),
        all_words=TsQuery.any(map(Lexeme, lexemes)),
        terms=tuple(Term(lexeme, _query(lexeme), (Lexeme(lexeme),), 1) for lexeme in lexemes),
    )


def _query(lexeme: str) -> TsQuery:
    return TsQuery.all([Lexeme(lexeme)])
