"""Statistics of the collection, computed on demand and cached for half a minute."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from psycopg import Connection

from service.store.database_cache import DatabaseCache
from service.store.search.conditions import FilterSql, SearchFilter
from service.store.search.statistics import (
    SAMPLE,
    Collection,
    EventCount,
    count_matches,
    estimate_matches,
    measure_collection,
)
from service.store.search.tsquery import TsQuery

#: Seconds for which statistics are cached: a small collection is measured again at almost no cost.
FRESH, FRESH_IF_SMALL = 30.0, 1.0

#: The most queries whose numbers are cached.
_MOST_COUNTS = 10_000


@dataclass
class Statistics:
    """The collection at one time, and the number of matches of queries since then."""

    collection: Collection
    _counts: dict[TsQuery, EventCount] = field(default_factory=dict)
    _estimates: dict[tuple[frozenset[TsQuery], FilterSql, str], int] = field(default_factory=dict)

    def counts(self, conn: Connection, queries: Sequence[TsQuery]) -> list[EventCount]:
        """Return the number of events that match each query."""
        new = list(dict.fromkeys(query for query in queries if query not in self._counts))
        if new:
            if len(self._counts) > _MOST_COUNTS:
                self._counts.clear()
            self._counts |= zip(new, count_matches(conn, new, self.collection.events), strict=True)
        return [self._counts[query] for query in queries]

    def estimate(self, conn: Connection, query: TsQuery, filter: SearchFilter) -> int:
        """Return about how many events match a query and a filter; in a large collection 0 for few matches.

        The order of the words does not matter to the cache.
        """
        key = frozenset(query.conjuncts), filter.sql, repr(filter.parameters)
        if key not in self._estimates:
            if len(self._estimates) > _MOST_COUNTS:
                self._estimates.clear()
            self._estimates[key] = estimate_matches(conn, query, filter, self.collection.events)
        return self._estimates[key]


_cache = DatabaseCache[Statistics]()


def statistics_of(conn: Connection, *, now: Callable[[], float] = time.monotonic) -> Statistics:
    """Return the statistics of the database of the connection."""

    def measure() -> tuple[Statistics, float]:
        collection = measure_collection(conn)
        return Statistics(collection), FRESH if collection.events > SAMPLE else FRESH_IF_SMALL

    return _cache.get(conn, measure, now)
