"""How many events there are to be found, how long their texts are, and how many have a word."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

from psycopg import Connection

from service.store.search.conditions import SearchFilter, matches_tsquery
from service.store.search.documents import BUCKETS
from service.store.search.tsquery import TsQuery

#: Rows that are enough to know averages and shares by; with fewer in the table all of them are looked at.
SAMPLE = 16_000

#: Events that are counted one by one, at 2 us each, with all words of a search together: the rarest are. How many have
#: the others is estimated by one bucket, wrong by a tenth at most where they are thousands.
_COUNTED = 20_000


@dataclass(frozen=True)
class Collection:
    """The events that can be found. `months` are pairs of month and events, the newest first."""

    events: int
    length: float
    words: float
    months: Sequence[tuple[int, int]]


@dataclass(frozen=True)
class Count:
    """How many events there are of a kind."""

    value: int
    exact: bool


def measure(conn: Connection) -> Collection:
    """The collection as it is now; a large one by some of its buckets."""
    # Rows as autovacuum last saw them, and by the pages that have come since.
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
    found = conn.execute(
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
    events = sum(row[1] for row in found)
    scale = BUCKETS / buckets
    return Collection(
        events=round(events * scale),
        length=sum(row[2] for row in found) / events if events else 1.0,
        words=sum(row[3] for row in found) / events if events else 1.0,
        months=[(row[0], round(row[1] * scale)) for row in found],
    )


def guess_matches(conn: Connection, query: TsQuery, filter: SearchFilter, events: int) -> int:
    """About how many events meet a tsquery and what narrows it; of many, 0 where they are too few to tell."""
    sampled = events > SAMPLE
    words, sql = matches_tsquery(query), filter.sql
    conditions = [words.render("search", "words"), *([_ONE_BUCKET] if sampled else []), *sql.conditions()]
    [(found,)] = conn.execute(
        f"SELECT count(*) FROM event_search AS search {sql.join()} WHERE {' AND '.join(conditions)}",
        words.parameters("words") | filter.parameters,
        prepare=False,
    ).fetchall()
    return int(found) * (BUCKETS if sampled else 1)


#: By one bucket the index begins at it; a range of buckets it would put together first.
_ONE_BUCKET = "bucket = 0::smallint"


def count_matches(conn: Connection, queries: Sequence[TsQuery], events: int) -> list[Count]:
    """How many events meet each tsquery: exactly where they are few, else by some of the buckets."""
    if events <= SAMPLE:
        return [Count(found, exact=True) for found in _matches(conn, queries)]
    guessed = [found * BUCKETS for found in _matches(conn, queries, f" AND {_ONE_BUCKET}")]
    few = worth_counting(dict(zip(queries, guessed, strict=True)))
    counted = dict(zip(few, _matches(conn, few), strict=True))
    return [
        Count(counted.get(query, guess), exact=query in counted) for query, guess in zip(queries, guessed, strict=True)
    ]


def worth_counting(guessed: Mapping[TsQuery, int]) -> list[TsQuery]:
    """Those that the fewest events meet, as long as all these together are not too many to be counted one by one."""
    rarest = sorted(guessed, key=lambda query: guessed[query])
    so_far = accumulate(guessed[query] for query in rarest)
    return [query for query, together in zip(rarest, so_far, strict=True) if together <= _COUNTED]


def _matches(conn: Connection, queries: Sequence[TsQuery], within: str = "") -> list[int]:
    """How many events meet each tsquery, `within` a part of them."""
    if not queries:
        return []
    counted = (
        f"(SELECT count(*) FROM event_search WHERE tsv @@ %(query_{number})s::tsquery{within})"
        for number in range(len(queries))
    )
    values = {f"query_{number}": query for number, query in enumerate(queries)}
    [row] = conn.execute(f"SELECT {', '.join(counted)}", values, prepare=False).fetchall()
    return list(row)
