"""What is known of all events by which words are weighed: looked up when it is asked for, and believed for a while."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from psycopg import Connection

from service.store.search.conditions import FilterSql, SearchFilter
from service.store.search.statistics import SAMPLE, Collection, Count, count_matches, guess_matches, measure
from service.store.search.tsquery import TsQuery

#: Seconds for which figures of a collection are believed: a small one is looked at again at almost no cost.
FRESH, FRESH_IF_SMALL = 30.0, 1.0

#: Counted queries that are kept for one collection.
_MOST_COUNTS = 10_000


@dataclass
class Statistics:
    """The collection as it was lately, and how many events met what was asked for since."""

    collection: Collection
    until: float
    _counts: dict[TsQuery, Count] = field(default_factory=dict)
    _guesses: dict[tuple[frozenset[TsQuery], FilterSql, str], int] = field(default_factory=dict)

    def counts(self, conn: Connection, queries: Sequence[TsQuery]) -> list[Count]:
        """How many events meet each tsquery."""
        new = list(dict.fromkeys(query for query in queries if query not in self._counts))
        if new:
            if len(self._counts) > _MOST_COUNTS:
                self._counts.clear()
            found = count_matches(conn, new, self.collection.events)
            self._counts |= zip(new, found, strict=True)
        return [self._counts[query] for query in queries]

    def guess(self, conn: Connection, query: TsQuery, filter: SearchFilter) -> int:
        """About how many events meet a tsquery and what narrows it; of many, 0 where they are too few to tell.

        In whatever order its words stand.
        """
        asked = frozenset(query.conjuncts), filter.sql, repr(filter.parameters)
        if asked not in self._guesses:
            if len(self._guesses) > _MOST_COUNTS:
                self._guesses.clear()
            self._guesses[asked] = guess_matches(conn, query, filter, self.collection.events)
        return self._guesses[asked]


_known: dict[tuple[str, int, str], Statistics] = {}


def statistics_of(conn: Connection, *, now: Callable[[], float] = time.monotonic) -> Statistics:
    """The statistics of the database that `conn` leads to."""
    database = (conn.info.host, conn.info.port, conn.info.dbname)
    known = _known.get(database)
    if known is None or known.until < now():
        collection = measure(conn)
        known = Statistics(collection, now() + (FRESH if collection.events > SAMPLE else FRESH_IF_SMALL))
        _known[database] = known
    return known
