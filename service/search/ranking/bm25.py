"""BM25: the weights of terms, the events to rank by them, and the months to take these from."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, combinations
from math import log, prod
from typing import Final

from service.search.text.query_compiler import CompiledWords
from service.store.search.conditions import Region
from service.store.search.documents import BUCKETS
from service.store.search.ranking import Ranking, WeightedPair, WeightedTerm
from service.store.search.statistics import Collection
from service.store.search.tsquery import TsQuery

#: k1, the saturation of term frequencies, and b, the weight of the length of a text.
K1, B = 1.2, 0.75

#: The weight of two terms beside each other, as a share of the inverse document frequency of the more frequent one.
_PAIR_WEIGHT: Final = 0.5

#: The most terms of a ranking: those with the largest weights.
_MOST_TERMS: Final = 32

#: The most events that the index reads for combinations of terms, as a multiple of the cap.
_MOST_READ: Final = 4

#: The most matches of a month that is ranked as a whole, as a share of the cap.
_LARGE_MONTH: Final = 0.5

#: Microseconds for an event of a range of months that the index combines, for an event that it compares by one lexeme,
#: and for a row that is read.
_COMBINE, _COMPARE, _READ = 0.35, 0.005, 2.0

#: The most terms whose combinations are compared to choose the events to rank.
_COMBINED: Final = 8


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


def build_ranking(words: CompiledWords, statistics: CorpusStatistics, *, partial: bool, cap: int) -> Ranking:
    """Return the ranking of the events that match all words, or with `partial` some of them; about `cap` at most.

    With `partial` few events have all words, and these lead.
    """
    idfs = [inverse_document_frequency(statistics.events, frequency) for frequency in statistics.document_frequencies]
    factor = statistics.saturation + 1
    weights = [term.times * idf * factor for term, idf in zip(words.terms, idfs, strict=True)]
    best = sorted(range(len(weights)), key=lambda n: -weights[n])[:_MOST_TERMS]
    idf_of_word = {term.word: idf for term, idf in zip(words.terms, idfs, strict=True)}
    return Ranking(
        candidates=_candidates(words, statistics, weights, cap) if partial and words.any_word else words.all_words,
        leading=words.all_words if partial else TsQuery(),
        tiers=(words.all_words,) if partial else (),
        terms=[
            WeightedTerm(TsQuery.any(words.terms[n].lexemes), len(words.terms[n].lexemes), weights[n])
            for n in sorted(best)
        ],
        pairs=[
            WeightedPair(pair.beside, pair.near, _PAIR_WEIGHT * min(idf_of_word.get(word, 0.0) for word in pair.words))
            for pair in words.pairs
        ],
        saturation=statistics.saturation,
        length_weight=B,
        average_length=statistics.average_length,
    )


def _candidates(words: CompiledWords, statistics: CorpusStatistics, weights: Sequence[float], cap: int) -> TsQuery:
    """Return the query for about `cap` of the events with some of the words: those with the largest weights."""
    frequencies = statistics.document_frequencies
    if sum(frequencies) <= cap or not words.any_word:
        return words.any_word or TsQuery()
    rarest = sorted((n for n, frequency in enumerate(frequencies) if frequency), key=lambda n: frequencies[n])
    # If there are more terms than are combined, the rarest ones are taken by themselves.
    spare = max(0, len(rarest) - _COMBINED)
    so_far = accumulate(frequencies[n] for n in rarest[:spare])
    alone = [n for n, events in zip(rarest, so_far, strict=False) if events <= cap]
    rarest = rarest[len(alone) :][:_COMBINED]
    rest = cap - sum(frequencies[n] for n in alone)
    sets = term_sets_to_rank([weights[n] for n in rarest], [frequencies[n] for n in rarest], statistics.events, rest)
    queries = [words.terms[n].query for n in alone]
    queries += [TsQuery.all(words.terms[rarest[index]].query for index in indexes) for indexes in sets]
    return TsQuery.all([TsQuery.any([words.all_words, *queries]), *words.quoted], none_of=words.excluded)


def term_sets_to_rank(
    weights: Sequence[float], frequencies: Sequence[int], events: int, cap: int
) -> list[tuple[int, ...]]:
    """Return the smallest sets of terms such that about `cap` events have all terms of one, and the largest weights.

    The terms are in the order of their document frequencies, and taken to be independent of each other. Each set has
    one of the rarest terms, because the index reads every event with those.
    """
    shares = [min(1.0, frequency / max(1, events)) for frequency in frequencies]
    terms = range(len(weights))
    before = [0, *accumulate(frequencies)]
    rarest = {n for n in terms if not before[n] or before[n + 1] <= _MOST_READ * cap}
    sets = [
        several
        for size in range(1, len(weights) + 1)
        for several in combinations(terms, size)
        if rarest.intersection(several)
    ]
    sets.sort(key=lambda several: -sum(weights[n] for n in several))
    expected = 0.0
    best: list[frozenset[int]] = []
    for several in sets:
        expected += events * prod(shares[n] if n in several else 1 - shares[n] for n in terms)
        if best and expected > cap:
            break
        best.append(frozenset(several))
    return [tuple(sorted(several)) for several in best if not any(other < several for other in best)]


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
