"""The candidates of a ranking: events that hold most of a search, by the weights of its words, from all months."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

from psycopg import Connection

from service.search.ranking.bm25 import CorpusStatistics, WeighedTerm, weighed_terms
from service.search.text.compiled_words import CompiledWords
from service.store.search.conditions import SearchFilter
from service.store.search.statistics import count_combinations
from service.store.search.tsquery import TsQuery

#: The most terms whose combinations are compared.
_COMBINED: Final = 8

#: The most events that the index reads for combinations of terms, as a multiple of the cap.
_MOST_READ: Final = 4

#: Differences of weights that rounding makes.
_ROUNDING: Final = 1e-9


@dataclass(frozen=True)
class CandidateChoice:
    """The choice of about `cap` events with some of the terms: those that hold the most of them by weight.

    Events with a term of `alone`, which few have, are all chosen. Of the others those are chosen that have enough of
    the terms `combined`, and one of `rarest` among these: the index reads every event with one of them.
    """

    alone: Sequence[WeighedTerm]
    combined: Sequence[WeighedTerm]
    rarest: int
    cap: int

    @classmethod
    def of(cls, words: CompiledWords, statistics: CorpusStatistics, cap: int) -> "CandidateChoice":
        """Return the choice among the events with words of a search."""
        terms = (term for term in weighed_terms(words, statistics) if term.events)
        by_rarity = sorted(terms, key=lambda term: term.events)
        spare = max(0, len(by_rarity) - _COMBINED)
        so_far = accumulate(term.events for term in by_rarity[:spare])
        alone = [term for term, events in zip(by_rarity, so_far, strict=False) if events <= cap]
        combined = by_rarity[len(alone) :][:_COMBINED]
        postings = accumulate(term.events for term in combined)
        rarest = max(1, sum(events <= _MOST_READ * cap for events in postings))
        return cls(alone, combined, rarest, max(1, cap - sum(term.events for term in alone)))

    @property
    def readable(self) -> TsQuery:
        """Return the query for the events that the index reads for combinations."""
        return TsQuery.all(
            [TsQuery.any(term.query for term in self.combined[: self.rarest])],
            none_of=[term.query for term in self.alone],
        )

    def least_weight(self, events_by_combination: Mapping[int, int]) -> float:
        """Return the weight that the terms of an event must have together for about `cap` events to be chosen.

        The events with the heaviest combination are chosen, however many they are. A combination is a number with a bit
        for each term that its events have, the lowest for the first of `combined`.
        """
        by_weight: dict[float, int] = {}
        for combination, events in events_by_combination.items():
            weight = sum(term.weight for n, term in enumerate(self.combined) if combination >> n & 1)
            by_weight[weight] = by_weight.get(weight, 0) + events
        heaviest = sorted(by_weight, reverse=True)
        so_far = accumulate(by_weight[weight] for weight in heaviest)
        chosen = [weight for weight, events in zip(heaviest, so_far, strict=True) if events <= self.cap]
        return chosen[-1] if chosen else max(by_weight, default=0.0)

    def find_least_weight(self, conn: Connection, listed: TsQuery, filter: SearchFilter, events: int) -> float:
        """Return the weight, as `least_weight`, for the events of a list, of so many `events` in all."""
        queries = [term.query for term in self.combined]
        within = TsQuery.all([self.readable, listed])
        return self.least_weight(count_combinations(conn, queries, within, filter, events))

    def query(self, least: float, listed: TsQuery) -> TsQuery:
        """Return the query for the chosen events of a list, which have terms of the weight `least` or more."""
        chosen = TsQuery.any([*(term.query for term in self.alone), self._holding(least, range(self.rarest))])
        return TsQuery.all([chosen], none_of=listed.none_of) if self._implies(listed) else TsQuery.all([chosen, listed])

    def _implies(self, listed: TsQuery) -> bool:
        """Return whether a list has all events with one of the terms, but for those that it excludes.

        The index need not compare its words again then.
        """
        required = listed.required
        alternatives = {TsQuery.all([one]) for one in required[0].any_of} if len(required) == 1 else set()
        return alternatives.issuperset(term.query for term in (*self.alone, *self.combined))

    def _holding(self, least: float, firsts: range) -> TsQuery:
        """Return the query for events with one of the terms `firsts`, and with later ones of the weight `least`."""
        alternatives = []
        for first in firsts:
            term = self.combined[first]
            if sum(one.weight for one in self.combined[first:]) < least - _ROUNDING:
                break
            needed = least - term.weight
            further = self._holding(needed, range(first + 1, len(self.combined))) if needed > _ROUNDING else TsQuery()
            alternatives.append(TsQuery.all([term.query, further]))
        return TsQuery.any(alternatives)
