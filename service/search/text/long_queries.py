"""Queries of too many words: which of their words to read."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from service.search.filter import Words
from service.search.text.query_parser import MOST_WORDS, count_words

#: The most clauses of a query that are considered.
_MOST_CLAUSES: Final = 1_000

#: A clause: a word, a quotation, or an exclusion of one of these or of what stands in brackets.
_CLAUSE: Final = re.compile(r'(?:-+|NOT\s*)\([^()]*\)|(?:-+|NOT\s+)?(?:"[^"]*(?:"\*?|$)|[^\s"]+)')
_EXCLUSION: Final = re.compile(r"-+|NOT(?=[\s(])")


@dataclass(frozen=True)
class BestWords(Words):
    """The best words of a long query, which `text` has alone.

    `places` are those of its clauses in the query, and `ignored` is the number of its other words.
    """

    places: tuple[int, ...]
    ignored: int


@dataclass(frozen=True)
class Clause:
    """A clause of a query, and whether it is an alternative to the one before it."""

    text: str
    is_alternative: bool

    @property
    def words(self) -> Words:
        """The words that it requires or excludes."""
        return Words(_EXCLUSION.sub("", self.text))

    @property
    def is_excluded(self) -> bool:
        """Whether events that have it do not match."""
        return _EXCLUSION.match(self.text) is not None


def is_long(text: str) -> bool:
    """Return whether a query has more words than are read."""
    return len(text) > MOST_WORDS and count_words(text) > MOST_WORDS


def clauses_of(text: str) -> list[Clause]:
    """Return the first clauses of a query."""
    clauses: list[Clause] = []
    is_alternative = False
    for clause in _CLAUSE.finditer(text):
        if clause[0] in ("OR", "AND"):
            is_alternative = clause[0] == "OR" and bool(clauses)
        elif len(clauses) < _MOST_CLAUSES:
            clauses.append(Clause(clause[0], is_alternative))
            is_alternative = False
    return clauses


def best_clauses(clauses: Sequence[Clause], frequencies: Sequence[int]) -> list[int]:
    """Return the places of the clauses to read, in order: those that few events have, by `frequencies`.

    Exclusions come before all others, and clauses that no event has come last. They have MOST_WORDS together at most.
    """
    room = MOST_WORDS
    best = []
    for place in sorted(range(len(clauses)), key=lambda place: _order(clauses[place], frequencies[place])):
        words = count_words(clauses[place].text)
        if words <= room:
            best.append(place)
            room -= words
    return sorted(best)


def _order(clause: Clause, frequency: int) -> tuple[bool, bool, int]:
    return not clause.is_excluded, not frequency, frequency


def join_clauses(clauses: Sequence[Clause], places: Iterable[int]) -> str:
    """Return the query of some of the clauses. Alternatives to a clause that is left out stay alternatives."""
    return " ".join(_parts_of_query(clauses, set(places)))


def _parts_of_query(clauses: Sequence[Clause], places: set[int]) -> Iterator[str]:
    has_alternative = False
    for place, clause in enumerate(clauses):
        has_alternative = has_alternative and clause.is_alternative
        if place in places:
            yield f"OR {clause.text}" if has_alternative else clause.text
            has_alternative = True
