"""Why events were ranked as they were: what each word adds to the score of each."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from psycopg import Connection

from service import store
from service.search.index.document import TIMES
from service.search.ranking.bm25 import Figures
from service.search.text.query_compiler import CompiledWords, Term
from service.store.search.ranking import Ranking, Weighed
from service.store.search.tsquery import TsQuery
from service.store.search.words import Fields, Words

#: What stands where the weights of a tsvector are.
FIELDS = {"A": "title", "B": "summary", "C": "body", "D": "sources"}


@dataclass(frozen=True)
class Part:
    """What one word adds: how many events have it, how rare that is, how often it counts here, and where it stands."""

    term: str
    times: int
    events: int
    idf: float
    frequency: int
    fields: Mapping[str, int]
    contribution: float


@dataclass(frozen=True)
class Explanation:
    """Whether an event has every word, its length and the usual one, and what each word adds to its score."""

    every_word: bool
    length: int
    usual_length: float
    terms: Sequence[Part]

    @property
    def sum(self) -> float:
        """What all words add. What neighbours add is the rest of the score."""
        return sum(part.contribution for part in self.terms)


def explain(
    conn: Connection, words: CompiledWords, ranking: Ranking, figures: Figures, ids: Sequence[UUID]
) -> dict[UUID, Explanation]:
    """For each of the events that were ranked so why it was; what is not there any more lacks."""
    explained = list(_explained(words, ranking, figures))
    counted = store.search.words.find_frequencies(conn, ranking, ids)
    lexemes, beginnings = _lexemes(one.term for one in explained)
    fields = store.search.words.find_fields(conn, lexemes, beginnings, ids)
    return {id_: _explanation(of_one, explained, ranking, fields.get(id_, {})) for id_, of_one in counted.items()}


@dataclass(frozen=True)
class _Explained:
    """A term of a ranking with its weight there, how many events have it, and the lexemes that it is found as."""

    term: Term
    weighed: Weighed
    events: int
    exact: Sequence[str]
    beginnings: tuple[str, ...]


def _explained(words: CompiledWords, ranking: Ranking, figures: Figures) -> Iterator[_Explained]:
    known = {TsQuery.any(term.lexemes): (term, count) for term, count in zip(words.terms, figures.counts, strict=True)}
    for weighed in ranking.terms:
        term, count = known[weighed.query]
        exact, beginnings = _lexemes([term])
        yield _Explained(term, weighed, count, exact, tuple(beginnings))


def _explanation(counted: Words, explained: Sequence[_Explained], ranking: Ranking, fields: Fields) -> Explanation:
    relative = counted.length / ranking.length
    saturation = ranking.saturation * (1 - ranking.normalised + ranking.normalised * relative)
    parts = [
        Part(
            term=one.term.word,
            times=one.term.times,
            events=one.events,
            idf=one.weighed.weight / one.term.times / (ranking.saturation + 1),
            frequency=frequency,
            fields=_where(one, fields),
            contribution=one.weighed.weight / (1 + saturation / frequency) if frequency else 0.0,
        )
        for one, frequency in zip(explained, counted.frequencies, strict=True)
    ]
    return Explanation(counted.has_every, counted.length, ranking.length, parts)


def _where(one: _Explained, fields: Fields) -> dict[str, int]:
    """How often a word stands in each field. What counts several times stands there so often."""
    found = {lexeme for lexeme in one.exact if lexeme in fields}
    if one.beginnings:
        found |= {lexeme for lexeme in fields if lexeme.startswith(one.beginnings)}
    stands = Counter(weight for lexeme in found for weight in fields[lexeme])
    return {name: round(stands[weight] / TIMES[weight]) for weight, name in FIELDS.items()}


def _lexemes(terms: Iterable[Term]) -> tuple[list[str], list[str]]:
    """The lexemes of terms, and the beginnings of lexemes."""
    found: tuple[list[str], list[str]] = ([], [])
    for term in terms:
        for lexeme in term.lexemes:
            found[lexeme.begins].append(lexeme.text)
    return found
