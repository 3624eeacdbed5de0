"""BM25: what each word of a search is worth, which events are worth ranking by it, and of how many months."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, combinations
from math import log, prod
from typing import Final

from service.search.text.query_compiler import CompiledWords
from service.store.search.documents import BUCKETS
from service.store.search.ranking import Neighbours, Ranking, Region, Weighed
from service.store.search.statistics import Collection
from service.store.search.tsquery import TsQuery

#: How soon a word that stands more often counts hardly more, and how much long texts are held against it.
K1, B = 1.2, 0.75

#: What two neighbours in a search are worth beside each other in a text, as a share of the rarer one's weight.
BESIDE: Final = 0.5

#: Words by which is ranked at most: those that say most.
MOST_TERMS: Final = 32

#: Events that the index looks at for combinations, as a multiple of the cap.
_LOOKED_AT: Final = 4

#: A month is ranked as a whole that has no more events than this share of the cap.
_LARGE_MONTH: Final = 0.5

#: Microseconds for an event of a range of months that the index puts together, for one that it compares by one lexeme,
#: and for a row that is read.
_PUT_TOGETHER, _COMPARED, _READ = 0.35, 0.005, 2.0

#: Words whose combinations are told apart when it is chosen which events are ranked.
_COMBINED: Final = 8


@dataclass(frozen=True)
class Figures:
    """What a ranking is computed from. A page that follows has the figures of the first one."""

    events: int
    length: float
    words: float
    counts: Sequence[int]

    @classmethod
    def of(cls, collection: Collection, counts: Sequence[int]) -> "Figures":
        """The figures of a collection in which so many events have each term of a search."""
        return cls(collection.events, collection.length, collection.words, counts)


def rarity(events: int, having: int) -> float:
    """What a word that `having` of the events have tells of one: the inverse document frequency."""
    return log(1 + (max(events, having) - having + 0.5) / (having + 0.5))


def saturation(figures: Figures) -> float:
    """K1 for texts of which titles and summaries count several times: so much larger as texts get longer by it."""
    return K1 * figures.length / figures.words


def ranking_of(words: CompiledWords, figures: Figures, *, partly: bool, cap: int) -> Ranking:
    """How the events are ranked that `words` mean, or that hold part of them. At most about `cap` are worth it."""
    rarities = [rarity(figures.events, count) for count in figures.counts]
    factor = saturation(figures) + 1
    weights = [term.times * idf * factor for term, idf in zip(words.terms, rarities, strict=True)]
    best = sorted(range(len(weights)), key=lambda n: -weights[n])[:MOST_TERMS]
    known = {term.word: idf for term, idf in zip(words.terms, rarities, strict=True)}
    return Ranking(
        candidates=_candidates(words, figures, weights, cap) if partly and words.any_word else words.all_words,
        every=words.all_words,
        terms=[
            Weighed(TsQuery.any(words.terms[n].lexemes), len(words.terms[n].lexemes), weights[n]) for n in sorted(best)
        ],
        neighbours=[
            Neighbours(pair.beside, pair.near, BESIDE * min(known.get(word, 0.0) for word in pair.words))
            for pair in words.pairs
        ],
        saturation=saturation(figures),
        normalised=B,
        length=figures.length,
    )


def _candidates(words: CompiledWords, figures: Figures, weights: Sequence[float], cap: int) -> TsQuery:
    """Which of the events with some of the words are ranked: those with the words that weigh most, about `cap`."""
    if sum(figures.counts) <= cap or not words.any_word:
        return words.any_word or TsQuery()
    rarest = sorted((n for n, count in enumerate(figures.counts) if count), key=lambda n: figures.counts[n])
    # Of more words than are combined the rarest will do each by itself.
    spare = max(0, len(rarest) - _COMBINED)
    together = accumulate(figures.counts[n] for n in rarest[:spare])
    alone = [n for n, events in zip(rarest, together, strict=False) if events <= cap]
    rarest = rarest[len(alone) :][:_COMBINED]
    left = cap - sum(figures.counts[n] for n in alone)
    chosen = worth_ranking([weights[n] for n in rarest], [figures.counts[n] for n in rarest], figures.events, left)
    ways = [words.terms[n].query for n in alone]
    ways += [TsQuery.all(words.terms[rarest[place]].query for place in way) for way in chosen]
    return TsQuery.all([TsQuery.any([words.all_words, *ways]), *words.quoted], none_of=words.excluded)


def worth_ranking(weights: Sequence[float], counts: Sequence[int], events: int, cap: int) -> list[tuple[int, ...]]:
    """The smallest sets of words such that about `cap` events have all words of one: those that weigh most.

    The rarest words come first. How many events have several is guessed as if they stood there by chance. Each set has
    one of the rarest, since all events with those are looked at by the index.
    """
    shares = [min(1.0, count / max(1, events)) for count in counts]
    everyone = range(len(weights))
    before = [0, *accumulate(counts)]
    rarest = {n for n in everyone if not before[n] or before[n + 1] <= _LOOKED_AT * cap}
    sets = [
        way for size in range(1, len(weights) + 1) for way in combinations(everyone, size) if rarest.intersection(way)
    ]
    sets.sort(key=lambda way: -sum(weights[n] for n in way))
    expected = 0.0
    taken: list[frozenset[int]] = []
    for way in sets:
        expected += events * prod(shares[n] if n in way else 1 - shares[n] for n in everyone)
        if taken and expected > cap:
            break
        taken.append(frozenset(way))
    return [tuple(sorted(way)) for way in taken if not any(other < way for other in taken)]


def most_with_all(query: TsQuery, words: CompiledWords, figures: Figures) -> int:
    """How many events meet a tsquery at most: no more than have the rarest of the words that it cannot do without."""
    needed = set(query.required)
    counts = (count for term, count in zip(words.terms, figures.counts, strict=True) if term.query in needed)
    return min(counts, default=figures.events)


def with_any(figures: Figures) -> int:
    """About how many events have some word, as if words stood there by chance."""
    lacking = prod(1 - min(1.0, count / max(1, figures.events)) for count in figures.counts)
    return round(figures.events * (1 - lacking))


def region_of(collection: Collection, share: float, cap: int, *, lexemes: int = 1) -> Region | None:
    """The newest months in which about `cap` events are that make up a `share` of all; None where all are needed.

    They are found by so many `lexemes`.
    """
    wanted = cap / share if share else float("inf")
    for month, events in collection.months:
        if events >= wanted:
            # Part of a month is asked of the index by itself, which takes as long as all the others.
            whole = events * share <= cap * _LARGE_MONTH
            region = Region(month - 1, 0) if whole else Region(month, max(1, round(BUCKETS * wanted / events)))
            return replace(
                region, by_index=is_found_sooner(collection.events, part_of(collection, region), cap, lexemes)
            )
        wanted -= events
    return None


def is_found_sooner(events: int, part: float, cap: int, lexemes: int) -> bool:
    """Whether the index finds a `part` of all events sooner than about `cap` in it are seen among all that match.

    It puts together every event of the part. Else those that lie beyond it are compared by so many lexemes as well, and
    those read that match.
    """
    beyond = events * (1 - part) * lexemes * _COMPARED + cap * (1 - part) / part * _READ
    return events * part * _PUT_TOGETHER < beyond


def part_of(collection: Collection, region: Region | None) -> float:
    """The part of all events that lies in a region."""
    if region is None or not collection.events:
        return 1.0
    whole = sum(events for month, events in collection.months if month > region.month)
    partial = sum(events for month, events in collection.months if month == region.month) * region.bucket / BUCKETS
    return min(1.0, (whole + partial) / collection.events)
