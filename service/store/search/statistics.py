"""Statistics of the collection: its size, the lengths of its texts, and document frequencies."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from psycopg import Connection

from service.store.search.conditions import SearchFilter, matches_tsquery
from service.store.search.documents import BUCKETS
from service.store.search.tsquery import TsQuery

#: The rows of a sample for averages and shares. In a smaller table all rows are read.
SAMPLE = 16_000

#: The most events that are counted one by one for all words of a search, at 2 us each. The rarest words are counted so;
#: for the others one bucket gives an estimate, which is off by a tenth at most for thousands of events.
_COUNTED = 20_000

#: The most phrases that are looked up by themselves, and the most events that are compared with each, at 2 us.
_MOST_PHRASES, _MOST_COMPARED = 8, 5_000


@dataclass(frozen=True)
class Collection:
    """The searchable events: their number, averages of length and words, and their number by month, newest first."""

    events: int
    average_length: float
    average_words: float
    months: Sequence[tuple[int, int]]


@dataclass(frozen=True)
class EventCount:
    """A number of events, exact or estimated."""

    value: int
    exact: bool


def measure_collection(conn: Connection) -> Collection:
    """Return the collection as it is now; a large one by some of its buckets."""
    # Autovacuum's number of rows, scaled by the pages that were added since.
    [(rows,)] = conn.execute(
        """
        SELECT CASE WHEN relpages = 0 THEN 0
                    ELSE reltuples / relpages * pg_relation_size(oid) / current_setting('block_size')::int
                END
          FROM pg_class
         WHERE oid = 'event_search'::regclass
        """
    ).fetchall()
    buckets = BUCKETS if rows <= SAMPLE else max(1, round(BUCKETS * SAMPLE / rows))
    by_month = conn.execute(
        f"""
        SELECT month, count(*), sum(length)::float8, sum(words)::float8
          FROM event_search
          {"" if buckets == BUCKETS else "WHERE bucket < %(buckets)s::smallint"}
         GROUP BY month
         ORDER BY month DESC
        """,
        {"buckets": buckets},
        prepare=False,
    ).fetchall()
    events = sum(row[1] for row in by_month)
    scale = BUCKETS / buckets
    return Collection(
        events=round(events * scale),
        average_length=sum(row[2] for row in by_month) / events if events else 1.0,
        average_words=sum(row[3] for row in by_month) / events if events else 1.0,
        months=[(row[0], round(row[1] * scale)) for row in by_month],
    )


def estimate_matches(conn: Connection, query: TsQuery, filter: SearchFilter, events: int) -> int:
    """Return about how many of the `events` match a query and a filter; in a large collection 0 for few matches."""
    sampled = events > SAMPLE
    words = matches_tsquery(query)
    matches = filter.sql.from_search(words.render("search", "words"), *([_ONE_BUCKET] if sampled else []))
    values = words.parameters("words") | filter.parameters
    [(matching,)] = conn.execute(f"SELECT count(*) {matches}", values, prepare=False).fetchall()
    return int(matching) * (BUCKETS if sampled else 1)


def count_combinations(
    conn: Connection, queries: Sequence[TsQuery], within: TsQuery, filter: SearchFilter, events: int
) -> dict[int, int]:
    """Return about how many of the `events` match each combination of the queries, of those that match `within`.

    A combination is a number with a bit for each query that its events match, the lowest for the first query.
    """
    sampled = events > SAMPLE
    words = matches_tsquery(within)
    matches = filter.sql.from_search(words.render("search", "words"), *([_ONE_BUCKET] if sampled else []))
    bits = (f"(search.tsv @@ %(query_{number})s::tsquery)::integer << {number}" for number in range(len(queries)))
    values: dict[str, Any] = {f"query_{number}": query for number, query in enumerate(queries)}
    values |= words.parameters("words") | filter.parameters
    rows = conn.execute(f"SELECT {' | '.join(bits)}, count(*) {matches} GROUP BY 1", values, prepare=False)
    return {combination: matching * (BUCKETS if sampled else 1) for combination, matching in rows}


#: The first bucket. The index begins at one bucket, but would combine the rows of several buckets first.
_ONE_BUCKET = "bucket = 0::smallint"


def count_matches(conn: Connection, queries: Sequence[TsQuery], events: int) -> list[EventCount]:
    """Return the number of the `events` that match each query: exact for rare ones, else estimated by one bucket."""
    if events <= SAMPLE:
        return [EventCount(matching, exact=True) for matching in _matches(conn, queries)]
    estimates = [matching * BUCKETS for matching in _matches(conn, queries, f" AND {_ONE_BUCKET}")]
    rarest = queries_to_count(dict(zip(queries, estimates, strict=True)))
    exact = dict(zip(rarest, _matches(conn, rarest), strict=True))
    return [
        EventCount(exact.get(query, estimate), exact=query in exact)
        for query, estimate in zip(queries, estimates, strict=True)
    ]


def queries_to_count(estimates: Mapping[TsQuery, int]) -> list[TsQuery]:
    """Return the queries with the fewest matches that are, taken together, few enough to be counted one by one."""
    rarest = sorted(estimates, key=lambda query: estimates[query])
    so_far = accumulate(estimates[query] for query in rarest)
    return [query for query, together in zip(rarest, so_far, strict=True) if together <= _COUNTED]


def find_unmatched(conn: Connection, queries: Sequence[TsQuery]) -> set[int]:
    """Return the places of the first queries that no event matches.

    The index knows no positions: of the events with the words of a query a limited number is compared. If there are
    more, the query counts as matched.
    """
    compared = queries[:_MOST_PHRASES]
    if not compared:
        return set()
    subqueries = (
        f"""
        (SELECT count(*) <= %(most)s AND bool_or(tsv @@ %(query_{number})s::tsquery) IS NOT TRUE
           FROM (SELECT tsv
                   FROM event_search
                  WHERE tsv @@ %(words_{number})s::tsquery
                  LIMIT %(most)s + 1) AS candidate)
        """
        for number in range(len(compared))
    )
    values: dict[str, Any] = {"most": _MOST_COMPARED}
    for number, query in enumerate(compared):
        values |= {f"query_{number}": query, f"words_{number}": query.without_order()}
    [row] = conn.execute(f"SELECT {', '.join(subqueries)}", values, prepare=False).fetchall()
    return {place for place, is_unmatched in enumerate(row) if is_unmatched}


def _matches(conn: Connection, queries: Sequence[TsQuery], within: str = "") -> list[int]:
    """Return the number of events that match each query, and the condition `within`."""
    if not queries:
        return []
    subqueries = (
        f"(SELECT count(*) FROM event_search WHERE tsv @@ %(query_{number})s::tsquery{within})"
        for number in range(len(queries))
    )
    values = {f"query_{number}": query for number, query in enumerate(queries)}
    [row] = conn.execute(f"SELECT {', '.join(subqueries)}", values, prepare=False).fetchall()
    return list(row)
