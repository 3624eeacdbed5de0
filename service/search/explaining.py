"""Why events were ranked as they were: what each word adds to the score of each."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from psycopg import Connection

from service import store
from service.search.understanding import Term, Understood
from service.search.weighing import Figures
from service.search.wording import TIMES
from service.store.explaining import Fields, Words
from service.store.ranking import Ranking, Weighed

#: What stands where the weights of a tsvector are.
FIELDS = {"A": "title", "B": "summary", "C": "body", "D": "sources"}

_LEXEME = re.compile(r"'((?:[^'\\]|''|\\.)*)'(:\*)?")


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
    conn: Connection, words: Understood, ranking: Ranking, figures: Figures, ids: Sequence[UUID]
) -> dict[UUID, Explanation]:
    """For each of the events that were ranked so why it was; what is not there any more lacks."""
    explained = list(_explained(words, ranking, figures))
    counted = store.explaining.find_frequencies(conn, ranking, ids)
    lexemes, beginnings = _lexemes(term for term, _, _ in explained)
    fields = store.explaining.find_fields(conn, lexemes, beginnings, ids)
    return {id_: _explanation(id_, of_one, explained, ranking, fields) for id_, of_one in counted.items()}


def _explained(words: Understood, ranking: Ranking, figures: Figures) -> Iterator[tuple[Term, Weighed, int]]:
    """Each term of a ranking with its weight there, and how many events have it."""
    known = {
        "(" + " | ".join(term.counted) + ")": (term, count)
        for term, count in zip(words.terms, figures.counts, strict=True)
    }
    for weighed in ranking.terms:
        term, count = known[weighed.query]
        yield term, weighed, count


def _explanation(
    id_: UUID, counted: Words, explained: Sequence[tuple[Term, Weighed, int]], ranking: Ranking, fields: Fields
) -> Explanation:
    relative = counted.length / ranking.length
    saturation = ranking.saturation * (1 - ranking.normalised + ranking.normalised * relative)
    parts = [
        Part(
            term=term.word,
            times=term.times,
            events=count,
            idf=weighed.weight / term.times / (ranking.saturation + 1),
            frequency=frequency,
            fields=_where(id_, term, fields),
            contribution=weighed.weight / (1 + saturation / frequency) if frequency else 0.0,
        )
        for (term, weighed, count), frequency in zip(explained, counted.frequencies, strict=True)
    ]
    return Explanation(counted.has_every, counted.length, ranking.length, parts)


def _where(id_: UUID, term: Term, fields: Fields) -> dict[str, int]:
    """How often a word stands in each field. What counts several times stands there so often."""
    exact, beginnings = _lexemes([term])
    stands = Counter(
        weight
        for (event, lexeme), weights in fields.items()
        if event == id_ and (lexeme in exact or lexeme.startswith(tuple(beginnings)))
        for weight in weights
    )
    return {name: round(stands[weight] / TIMES[weight]) for weight, name in FIELDS.items()}


def _lexemes(terms: Iterable[Term]) -> tuple[list[str], list[str]]:
    """The lexemes of terms, and the beginnings of lexemes."""
    found: tuple[list[str], list[str]] = ([], [])
    for term in terms:
        for query in term.counted:
            for lexeme, begins in _LEXEME.findall(query):
                found[bool(begins)].append(lexeme.replace("''", "'").replace("\\\\", "\\"))
    return found
