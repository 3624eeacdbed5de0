"""The tiers of a list with partial matches: what comes first whatever the scores."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Final

from service.search.ranking.bm25 import CorpusStatistics, WeighedTerm, weighed_terms
from service.search.text.compiled_words import CompiledWords
from service.store.search.ranking import Tier
from service.store.search.tsquery import Lexeme, TsQuery

#: The fewest events in which the rarity of a word says something. Among fewer all words weigh the same.
_MANY_EVENTS: Final = 1_000

#: The share of the weight of a search that a title must hold to come before long texts with every word.
_MOST_OF_IT: Final = 0.75

#: The fewest and the most words of a search of which a title can have most, and the fewest that it must have.
_FEWEST, _MOST, _FEWEST_IN_TITLE = 4, 6, 3


def match_tiers(words: CompiledWords, statistics: CorpusStatistics) -> tuple[Tier, ...]:
    """Return the tiers of the events with every word, which come first.

    Only titles with most of the words come between those and the long texts in which the words are scattered.
    """
    terms = weighed_terms(words, statistics)
    if statistics.events < _MANY_EVENTS:
        terms = [replace(term, weight=1.0) for term in terms]
    titles = most_in_title(terms)
    every_word = Tier(words.all_words)
    if not titles:
        return (every_word,)
    near = TsQuery.all([words.all_words, *(pair.near for pair in words.pairs)]) if words.pairs else TsQuery()
    in_title = TsQuery.all([words.all_words, *(_in_title(term.query) for term in terms)])
    return (Tier(TsQuery.any([near, in_title]), in_short_text=words.all_words), Tier(titles), every_word)


def most_in_title(terms: Sequence[WeighedTerm]) -> TsQuery:
    """Return the query for titles with most of the terms; an empty one for too few or too many terms."""
    if not _FEWEST <= len(terms) <= _MOST:
        return TsQuery()
    sets = list(_heavy_sets(terms))
    smallest = [one for one in sets if not any(other < one for other in sets)]
    return TsQuery.any(TsQuery.all(_in_title(terms[n].query) for n in sorted(one)) for one in smallest)


def _heavy_sets(terms: Sequence[WeighedTerm]) -> Iterator[frozenset[int]]:
    least = _MOST_OF_IT * sum(term.weight for term in terms) - 1e-9
    for size in range(_FEWEST_IN_TITLE, len(terms)):
        for several in combinations(range(len(terms)), size):
            if sum(terms[n].weight for n in several) >= least:
                yield frozenset(several)


def _in_title(query: TsQuery) -> TsQuery:
    return query.map_lexemes(lambda lexeme: Lexeme(lexeme.text, lexeme.begins, "A"))
