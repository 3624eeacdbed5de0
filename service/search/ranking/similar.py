"""Events like one event: those that have its rarest words, ranked as by any other search."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log1p
from typing import Final
from uuid import UUID

from psycopg import Connection

from service import store
from service.search.ranking.bm25 import Figures, ranking_of, rarity
from service.search.ranking.statistics import statistics_of
from service.search.text.analyzer import MARK
from service.search.text.query_compiler import CompiledWords, Term
from service.store.condition import Condition
from service.store.search.conditions import SearchFilter
from service.store.search.ranking import Ranked, page_ranked
from service.store.search.tsquery import Lexeme, TsQuery

#: Words of the event that are considered, those that count most often in it; and by how many it is known.
_CONSIDERED: Final = 60
_KNOWN_BY: Final = 16

#: The part of all events that may have a word which still tells something; half of them, as long as they are few.
_COMMONEST: Final = 0.3
_FEW: Final = 10

#: Candidates that are ranked at most, as a multiple of the cap.
_OVER: Final = 4


@dataclass(frozen=True)
class Similar:
    """Events in order, and the words by which they were found, as PostgreSQL knows them, the rarest first."""

    events: Sequence[Ranked]
    words: Sequence[str]


def similar_to(conn: Connection, id: UUID, condition: Condition, limit: int, *, cap: int) -> Similar:
    """At most `limit` events that have the most telling words of the event `id`, and meet `condition`."""
    statistics = statistics_of(conn)
    said = store.search.words.find_lexemes(conn, id, _CONSIDERED, MARK)
    counts = [count.value for count in statistics.counts(conn, [_query(lexeme) for lexeme, _ in said])]
    events = statistics.collection.events
    telling = sorted(
        (
            (log1p(times) * rarity(events, count), lexeme, count)
            for (lexeme, times), count in zip(said, counts, strict=True)
            # What this event alone has leads to no other one.
            if 1 < count <= max(min(_FEW, events / 2), events * _COMMONEST)
        ),
        reverse=True,
    )[:_KNOWN_BY]
    if not telling:
        return Similar((), ())
    words = _words([lexeme for _, lexeme, _ in telling])
    figures = Figures.of(statistics.collection, [count for _, _, count in telling])
    ranking = ranking_of(words, figures, partly=True, cap=cap)
    found = page_ranked(conn, ranking, SearchFilter.on_event(condition), None, limit + 1, most=_OVER * cap)
    others = [event for event in found.events if event.mark.id != id]
    rarest = sorted(telling, key=lambda one: one[2])
    return Similar(others[:limit], [lexeme for _, lexeme, _ in rarest])


def _words(lexemes: Sequence[str]) -> CompiledWords:
    """Return the search for events that have any of the lexemes."""
    return CompiledWords(
        " OR ".join(lexemes),
        all_words=TsQuery.all(map(Lexeme, lexemes)),
        any_word=TsQuery.any(map(Lexeme, lexemes)),
        terms=tuple(Term(lexeme, _query(lexeme), (Lexeme(lexeme),), 1) for lexeme in lexemes),
    )


def _query(lexeme: str) -> TsQuery:
    return TsQuery.all([Lexeme(lexeme)])
