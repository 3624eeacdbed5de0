"""Facet counts: exact for few matches, and for many an estimate from a sample, within a time limit."""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from psycopg import Connection

from service import store
from service.search.filter import EVERYTHING, Filter
from service.search.filters.expand import compile_filter
from service.search.filters.sql import pushdown
from service.search.index.facet_keys import (
    FACETS,
    TOPIC_SET,
    WITHOUT,
    Tally,
    count_matched,
    facets_by_filter,
    most_frequent,
    tally_rows,
    topics_in,
)
from service.search.ranking.statistics import statistics_of
from service.store.condition import TRUE
from service.store.database_cache import DatabaseCache
from service.store.search.conditions import EVERY_EVENT, SearchFilter
from service.store.search.documents import BUCKETS

#: Events that are read for each event of a sample, at most: the rows decide conditions on the date.
_READ_FOR_EACH = 2

#: The most buckets to sample after counting all matches took too long.
_AFTER_TIMEOUT = 8

#: Seconds for which a sample of all events is cached: most pages need it, and few events change it.
_FRESH = 30.0

Rows = Sequence[tuple[str, int]]


@dataclass(frozen=True)
class Effort:
    """Limits of counting: matches that are counted exactly, matches in a sample, and seconds for all facets together.

    A facet that the filter names is counted under a filter of its own. When the time is over, one bucket is the sample.
    """

    exact: int
    sample: int
    patience: float


@dataclass(frozen=True)
class Facet:
    """The most frequent values of a facet with their numbers, the number of other values, and of events without any."""

    name: str
    kind: str
    values: Sequence[tuple[str, int]]
    left_out: int
    without: int


@dataclass(frozen=True)
class FacetCounts:
    """The number of matching events, `exact` or an `estimate`, and the counts of each facet."""

    matched: int
    kind: str
    facets: Sequence[Facet]


@dataclass(frozen=True)
class _Sample:
    """Rows of key and number, counted in so many buckets; None: in all."""

    rows: Rows
    buckets: int | None


@dataclass(frozen=True)
class _SampleTally:
    """The tally of a sample of so many buckets; None: of all."""

    tally: Tally
    buckets: int | None

    @property
    def kind(self) -> str:
        return "exact" if self.buckets is None else "estimate"

    def scale(self, number: int) -> int:
        """Return the number of all events that `number` in the sample stands for."""
        return number if self.buckets is None else round(number * BUCKETS / self.buckets)


def count_facets(conn: Connection, filter: Filter, names: Sequence[str], limit: int, effort: Effort) -> FacetCounts:
    """Return the counts of the events that pass, with at most `limit` values of each facet. `conn` is in autocommit."""
    groups = {filter: list[str]()} | facets_by_filter(filter, names)
    until = time.monotonic() + effort.patience
    tallies = {rest: _tally(conn, rest, _kinds(members), effort, until) for rest, members in groups.items()}
    facets = {name: _facet(tallies[rest], name, limit) for rest, members in groups.items() for name in members}
    whole = tallies[filter]
    return FacetCounts(whole.scale(whole.tally.matched), whole.kind, [facets[name] for name in names])


def _tally(conn: Connection, filter: Filter, kinds: Sequence[str], effort: Effort, until: float) -> _SampleTally:
    if filter == EVERYTHING and statistics_of(conn).collection.events > effort.exact:
        sample = _sample_of_all(conn, effort)
    else:
        sample = _sample(conn, compile_filter(conn, filter), kinds, effort, until)
    broader = store.topics.find_broader(conn, topics_in(sample.rows))
    return _SampleTally(tally_rows(sample.rows, broader), sample.buckets)


def _sample(conn: Connection, filter: Filter, kinds: Sequence[str], effort: Effort, until: float) -> _Sample:
    """Return the counts for one filter, `until` a time of the monotonic clock, give or take one bucket."""
    parts, rows = pushdown(filter), None
    # Few matches that the index of events finds at once would hardly be in one bucket of all others.
    are_few = parts.rest != TRUE and store.events.ordering.estimate_events(conn, parts.rest) <= effort.exact
    if not are_few:
        rows = store.search.facets.count_keys(conn, parts, kinds, [0])
        are_few = count_matched(rows) * BUCKETS <= effort.exact
    if are_few:
        every = store.search.facets.count_keys_within(conn, pushdown(filter, few=True), kinds, until - time.monotonic())
        if every is not None:
            return _Sample(every, None)
    rows = store.search.facets.count_keys(conn, parts, kinds, [0]) if rows is None else rows
    if time.monotonic() > until:
        return _Sample(rows, 1)
    buckets = buckets_for(count_matched(rows), _rows_to_read(conn, parts), effort.sample)
    buckets = min(buckets, _AFTER_TIMEOUT) if are_few else buckets
    if buckets == 1:
        return _Sample(rows, 1)
    more = store.search.facets.count_keys_within(conn, parts, kinds, until - time.monotonic(), range(1, buckets))
    return _Sample(rows, 1) if more is None else _Sample(_sum(rows, more), buckets)


def _rows_to_read(conn: Connection, filter: SearchFilter) -> int:
    """Return the number of rows in one bucket that must be read, 0 if the index decides the filter."""
    if filter.unindexed == filter.rest == TRUE:
        return 0
    if filter.indexed == TRUE:
        return statistics_of(conn).collection.events // BUCKETS
    return store.search.facets.count_indexed(conn, filter)


def buckets_for(matched: int, rows_to_read: int, sample: int) -> int:
    """Return the number of buckets with about `sample` matches, or fewer if too many rows must be read for them.

    One bucket has so many `matched` events and `rows_to_read`.
    """
    enough = round(sample / max(matched, 1))
    affordable = sample * _READ_FOR_EACH // max(rows_to_read, 1)
    return max(1, min(enough, affordable, BUCKETS))


def _sum(rows: Rows, more: Rows) -> Rows:
    if not more:
        return rows
    total = Counter(dict(rows))
    total.update(dict(more))
    return list(total.items())


_samples_of_all = DatabaseCache[_Sample]()


def _sample_of_all(conn: Connection, effort: Effort, *, now: Callable[[], float] = time.monotonic) -> _Sample:
    """Return a sample of all events, with the keys of every facet."""

    def measure() -> tuple[_Sample, float]:
        buckets = buckets_for(statistics_of(conn).collection.events // BUCKETS, 0, effort.sample)
        keys = store.search.facets.count_keys(conn, EVERY_EVENT, _kinds(FACETS), range(buckets))
        return _Sample(keys, buckets), _FRESH

    return _samples_of_all.get(conn, measure, now)


def _kinds(names: Iterable[str]) -> list[str]:
    """Return the kinds of the keys by which the facets `names`, and all events, are counted."""
    return [*(TOPIC_SET if name == "topic" else FACETS[name] for name in names), WITHOUT]


def _facet(tally: _SampleTally, name: str, limit: int) -> Facet:
    values: Mapping[str, int] = tally.tally.values[name]
    return Facet(
        name,
        tally.kind,
        [(value, tally.scale(number)) for value, number in most_frequent(values, limit)],
        max(0, len(values) - limit),
        tally.scale(tally.tally.without[name]),
    )
