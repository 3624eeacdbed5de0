"""BM25: the weights of terms, and the months from which events are ranked by them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import log, prod
from typing import Final

from service.search.text.compiled_words import CompiledWords
from service.store.search.conditions import Region
from service.store.search.documents import BUCKETS
from service.store.search.ranking import Ranking, WeightedPair, WeightedTerm
from service.store.search.statistics import Collection
from service.store.search.tsquery import TsQuery

#: k1, the saturation of term frequencies, and b, the weight of the length of a text.
K1, B = 1.2, 0.6

#: The weight of two terms beside each other, as a share of the inverse document frequency of the more frequent one.
_PAIR_WEIGHT: Final = 0.5

#: The most terms of a ranking: those with the largest weights.
_MOST_TERMS: Final = 32

#: The most matches of a month that is ranked as a whole, as a share of the cap.
_LARGE_MONTH: Final = 0.5

#: Microseconds for an event of a range of months that the index combines, for an event that it compares by one lexeme,
#: and for a row that is read.
_COMBINE, _COMPARE, _READ = 0.35, 0.005, 2.0


@dataclass(frozen=True)
class CorpusStatistics:
    """The statistics from which scores are computed, with the document frequency of each term of a search.

    All pages of a search have the statistics of the first one.
    """

    events: int
    average_length: float
    average_words: float
    document_frequencies: Sequence[int]

    @classmethod
    def of(cls, collection: Collection, document_frequencies: Sequence[int]) -> "CorpusStatistics":
        """Return the statistics of a collection, for the terms of one search."""
        return cls(collection.events, collection.average_length, collection.average_words, document_frequencies)

    @property
    def saturation(self) -> float:
        """K1, larger by as much as texts are longer since their titles and summaries count several times."""
        return K1 * self.average_length / self.average_words


def inverse_document_frequency(events: int, document_frequency: int) -> float:
    """Return the weight of a term that is in so many of the events."""
    return log(1 + (max(events, document_frequency) - document_frequency + 0.5) / (document_frequency + 0.5))


@dataclass(frozen=True)
class WeighedTerm:
    """A term with its document frequency, and the most that it can add to a score."""

    query: TsQuery
    events: int
    weight: float


def weighed_terms(words: CompiledWords, statistics: CorpusStatistics) -> list[WeighedTerm]:
    """Return the terms of a search in its order."""
    factor = statistics.saturation + 1
    return [
        WeighedTerm(
            TsQuery.any(term.lexemes),
            frequency,
            term.times * inverse_document_frequency(statistics.events, frequency) * factor,
        )
        for term, frequency in zip(words.terms, statistics.document_frequencies, strict=True)
    ]


def build_ranking(words: CompiledWords, statistics: CorpusStatistics, candidates: TsQuery) -> Ranking:
    """Return the ranking of the candidates, by the largest weights of all words."""
    terms = weighed_terms(words, statistics)
    best = sorted(range(len(terms)), key=lambda n: -terms[n].weight)[:_MOST_TERMS]
    frequencies = zip(words.terms, statistics.document_frequencies, strict=True)
    idfs = {term.word: inverse_document_frequency(statistics.events, frequency) for term, frequency in frequencies}
    return Ranking(
        candidates=candidates,
        leading=TsQuery(),
        tiers=(),
        terms=[WeightedTerm(terms[n].query, len(words.terms[n].lexemes), terms[n].weight) for n in sorted(best)],
        pairs=[
            WeightedPair(pair.beside, pair.near, _PAIR_WEIGHT * min(idfs.get(word, 0.0) for word in pair.words))
            for pair in words.pairs
        ],
        saturation=statistics.saturation,
        length_weight=B,
        average_length=statistics.average_length,
    )


def most_matches(query: TsQuery, words: CompiledWords, statistics: CorpusStatistics) -> int:
    """Return an upper bound of the matches of a query: the document frequency of its rarest required term."""
    required = set(query.required)
    frequencies = zip(words.terms, statistics.document_frequencies, strict=True)
    return min((frequency for term, frequency in frequencies if term.query in required), default=statistics.events)


def estimate_any_word(statistics: CorpusStatistics) -> int:
    """Return about how many events have some of the terms, taken to be independent of each other."""
    events = statistics.events
    without = prod(1 - min(1.0, frequency / max(1, events)) for frequency in statistics.document_frequencies)
    return round(events * (1 - without))


def newest_region(collection: Collection, share: float, cap: int, *, lexemes: int = 1) -> Region | None:
    """Return the newest months with about `cap` matches, which are a `share` of all events; None for all months.

    `lexemes` is the number of lexemes of the query.
    """
    needed = cap / share if share else float("inf")
    for month, events in collection.months:
        if events >= needed:
            # Part of a month is a condition of its own, which takes the index as long as all other months.
            whole = events * share <= cap * _LARGE_MONTH
            region = Region(month - 1, 0) if whole else Region(month, max(1, round(BUCKETS * needed / events)))
            return replace(
                region, by_index=is_index_faster(collection.events, share_of(region, collection), cap, lexemes)
            )
        needed -= events
    return None


def is_index_faster(events: int, part: float, cap: int, lexemes: int) -> bool:
    """Return whether the index finds a `part` of all events faster than the `cap` matches in it are found by rows.

    The index combines every event of the part. Otherwise it compares the events beyond the part as well, by each of the
    lexemes, and the matches among them are read.
    """
    beyond = events * (1 - part) * lexemes * _COMPARE + cap * (1 - part) / part * _READ
    return events * part * _COMBINE < beyond


def share_of(region: Region | None, collection: Collection) -> float:
    """Return the share of all events that lies in a region."""
    if region is None or not collection.events:
        return 1.0
    whole = sum(events for month, events in collection.months if month > region.month)
    partial = sum(events for month, events in collection.months if month == region.month) * region.bucket / BUCKETS
    return min(1.0, (whole + partial) / collection.events)
