"""A compiled search: the queries of an expression, by which events are matched and ranked."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from service.search.filter import Words
from service.store.search.tsquery import Lexeme, TsQuery

#: Matches nothing.
_NOTHING: Final = TsQuery()


@dataclass(frozen=True)
class Term:
    """A word by which events are ranked, and how many times the search has it.

    `query` matches the events that have the word, and those in whose language it is a function word: its document
    frequency. `lexemes` are all that stand for the word, in any language. `in_sources` matches the events with sources
    whose names have it: these match, but are not counted.
    """

    word: str
    query: TsQuery
    lexemes: tuple[Lexeme, ...]
    times: int
    in_sources: TsQuery = _NOTHING

    @property
    def begins(self) -> bool:
        """Whether it is the beginning of words."""
        return any(lexeme.begins for lexeme in self.lexemes)


@dataclass(frozen=True)
class Pair:
    """Two neighbours in a search: `beside` matches them in that order, `near` near each other in either order."""

    words: tuple[str, str]
    beside: TsQuery
    near: TsQuery


@dataclass(frozen=True)
class CompiledWords(Words):
    """A web-search expression as queries.

    `all_words` matches the events that the expression means; it is empty where nothing can match. `any_word` matches
    those with part of the words as well, None where that is no more: they have all that is `quoted`, and nothing that
    is `excluded`.
    """

    all_words: TsQuery
    any_word: TsQuery | None = None
    quoted: tuple[TsQuery, ...] = ()
    excluded: tuple[TsQuery, ...] = ()
    terms: tuple[Term, ...] = ()
    pairs: tuple[Pair, ...] = ()
    #: The queries for events whose whole title it is, and for those known by it otherwise; see whole_titles.
    whole_titles: tuple[TsQuery, ...] = ()
    languages: tuple[str, ...] = ()
    #: The number of words that were not read because there were too many.
    ignored: int = 0
    #: The places in a long query of the clauses that are read.
    places: tuple[int, ...] = ()
    #: The text of each of `quoted`, with its quotes.
    quotations: tuple[str, ...] = ()
    #: Whether events may match that lack some of the terms: the expression has OR.
    has_alternatives: bool = False
    #: The queries of several expressions, one of which must match: an index is faster with a condition for each.
    alternatives: tuple[TsQuery, ...] = ()


def conjunction(searches: Sequence[CompiledWords]) -> CompiledWords:
    """Return the condition that all of several searches match. Nothing is ranked by it."""
    queries = [words.all_words for words in searches]
    return _joint(searches, TsQuery.all(queries) if all(queries) else TsQuery())


def disjunction(searches: Sequence[CompiledWords]) -> CompiledWords:
    """Return the condition that one of several searches matches. Nothing is ranked by it."""
    alternatives = tuple(words.all_words for words in searches if words.all_words)
    return _joint(searches, TsQuery.any(alternatives), alternatives)


def _joint(
    searches: Sequence[CompiledWords], all_words: TsQuery, alternatives: tuple[TsQuery, ...] = ()
) -> CompiledWords:
    return CompiledWords(
        " ".join(words.text for words in searches),
        all_words,
        languages=searches[0].languages,
        ignored=sum(words.ignored for words in searches),
        alternatives=alternatives,
    )
