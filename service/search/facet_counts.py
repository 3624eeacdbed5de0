"""Counting facets: how much has to be looked at for it, and what is found."""

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
from service.store.search.conditions import EVERY_EVENT, SearchFilter
from service.store.search.facets import BUCKETS

#: Events that are looked at for each that is to be counted, at most: a date is seen in the row alone.
_LOOKED_AT_FOR_EACH = 2

#: Buckets that are counted where it took too long to count all.
_AFTER_ALL = 8

#: Seconds for which a part that stands for all events is believed: most pages ask for it, and few events change it.
_FRESH = 30.0

Rows = Sequence[tuple[str, int]]


@dataclass(frozen=True)
class Effort:
    """How many matches are counted one by one, how many stand for more, and the seconds that counting may take.

    These are seconds for all facets together: each is counted under a filter of its own where it is filtered by. When
    they are over, one bucket stands for all.
    """

    exact: int
    sample: int
    patience: float


@dataclass(frozen=True)
class Facet:
    """The most frequent values of one facet and their numbers, how many there are besides, and events without any."""

    name: str
    kind: str
    values: Sequence[tuple[str, int]]
    left_out: int
    without: int


@dataclass(frozen=True)
class Spread:
    """How many events match, counted or estimated, and how they are spread over each facet."""

    matched: int
    kind: str
    facets: Sequence[Facet]


@dataclass(frozen=True)
class _Sample:
    """Counted rows, and in how many buckets; None: in all."""

    rows: Rows
    buckets: int | None


@dataclass(frozen=True)
class _Counted:
    """What was counted, in how many buckets."""

    tally: Tally
    buckets: int | None

    @property
    def kind(self) -> str:
        return "exact" if self.buckets is None else "estimate"

    def of_all(self, number: int) -> int:
        """What `number` stands for."""
        return number if self.buckets is None else round(number * BUCKETS / self.buckets)


def spread(conn: Connection, asked: Filter, names: Sequence[str], limit: int, effort: Effort) -> Spread:
    """How the events that `asked` lets pass are spread over the facets `names`, `limit` values of each.

    `conn` is in autocommit.
    """
    groups = {asked: list[str]()} | facets_by_filter(asked, names)
    until = time.monotonic() + effort.patience
    counted = {rest: _counted(conn, rest, _kinds(members), effort, until) for rest, members in groups.items()}
    facets = {name: _facet(counted[rest], name, limit) for rest, members in groups.items() for name in members}
    whole = counted[asked]
    return Spread(whole.of_all(whole.tally.matched), whole.kind, [facets[name] for name in names])


def _counted(conn: Connection, asked: Filter, kinds: Sequence[str], effort: Effort, until: float) -> _Counted:
    if asked == EVERYTHING and statistics_of(conn).collection.events > effort.exact:
        sample = _sample_of_all(conn, effort)
    else:
        sample = _sample(conn, compile_filter(conn, asked), kinds, effort, until)
    return _Counted(tally_rows(sample.rows, store.topics.find_broader(conn, topics_in(sample.rows))), sample.buckets)


def _sample(conn: Connection, asked: Filter, kinds: Sequence[str], effort: Effort, until: float) -> _Sample:
    """What is counted for one filter, by then on the monotonic clock, give or take one bucket."""
    among, rows = pushdown(asked), None
    # What the index of events finds at once, a bucket of all others would hardly show.
    is_found = among.rest != TRUE and store.events.ordering.estimate_events(conn, among.rest) <= effort.exact
    if not is_found:
        rows = store.search.facets.count_keys(conn, among, kinds, [0])
        is_found = count_matched(rows) * BUCKETS <= effort.exact
    if is_found:
        every = store.search.facets.count_keys_within(conn, pushdown(asked, few=True), kinds, until - time.monotonic())
        if every is not None:
            return _Sample(every, None)
    rows = store.search.facets.count_keys(conn, among, kinds, [0]) if rows is None else rows
    if time.monotonic() > until:
        return _Sample(rows, 1)
    buckets = buckets_for(count_matched(rows), _looked_at(conn, among), effort.sample)
    buckets = min(buckets, _AFTER_ALL) if is_found else buckets
    if buckets == 1:
        return _Sample(rows, 1)
    more = store.search.facets.count_keys_within(conn, among, kinds, until - time.monotonic(), range(1, buckets))
    return _Sample(rows, 1) if more is None else _Sample(_sum(rows, more), buckets)


def _looked_at(conn: Connection, among: SearchFilter) -> int:
    """How many events must be looked at in one bucket; those that match where the index finds no others."""
    if among.seen == among.rest == TRUE:
        return 0
    if among.indexed == TRUE:
        return statistics_of(conn).collection.events // BUCKETS
    return store.search.facets.count_indexed(conn, among)


def buckets_for(matched: int, looked_at: int, sample: int) -> int:
    """In how many buckets there are about `sample` matches, or not too many events to look at for them."""
    enough = round(sample / max(matched, 1))
    affordable = sample * _LOOKED_AT_FOR_EACH // max(looked_at, 1)
    return max(1, min(enough, affordable, BUCKETS))


def _sum(rows: Rows, more: Rows) -> Rows:
    if not more:
        return rows
    counted = Counter(dict(rows))
    counted.update(dict(more))
    return list(counted.items())


_known: dict[tuple[str, int, str], tuple[float, _Sample]] = {}


def _sample_of_all(conn: Connection, effort: Effort, *, now: Callable[[], float] = time.monotonic) -> _Sample:
    """A part that stands for all events, in every facet."""
    database = (conn.info.host, conn.info.port, conn.info.dbname)
    until, sample = _known.get(database, (0.0, None))
    if sample is None or until < now():
        buckets = buckets_for(statistics_of(conn).collection.events // BUCKETS, 0, effort.sample)
        sample = _Sample(store.search.facets.count_keys(conn, EVERY_EVENT, _kinds(FACETS), range(buckets)), buckets)
        _known[database] = now() + _FRESH, sample
    return sample


def _kinds(names: Iterable[str]) -> list[str]:
    """What the keys begin with by which `names` are counted, and events as such."""
    return [*(TOPIC_SET if name == "topic" else FACETS[name] for name in names), WITHOUT]


def _facet(counted: _Counted, name: str, limit: int) -> Facet:
    values: Mapping[str, int] = counted.tally.values[name]
    return Facet(
        name,
        counted.kind,
        [(value, counted.of_all(number)) for value, number in most_frequent(values, limit)],
        max(0, len(values) - limit),
        counted.of_all(counted.tally.without[name]),
    )
