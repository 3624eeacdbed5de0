"""Facet counts: of all matching events, or of those in some of their buckets.

No statement is prepared: a plan made for whatever words and codes may come would read every row.
"""

from collections.abc import Sequence

from psycopg import Connection
from psycopg.errors import QueryCanceled

from service.store.search.conditions import SearchFilter

#: Hash classes of the events' ids: some of them stand for all.
BUCKETS = 64

#: What those keys begin with that stand apart since nobody looks for them.
COUNTED_ONLY = frozenset({"year", "month", "topics", "without"})

_IN_BUCKETS = "search.bucket = ANY(%(buckets)s::smallint[])"


def count_indexed(conn: Connection, filter: SearchFilter) -> int:
    """Return how many events the index finds in the first bucket, whatever is seen in them."""
    query = f"SELECT count(*) FROM event_search AS search WHERE {_IN_BUCKETS} AND ({filter.indexed.render('search')})"
    [(number,)] = conn.execute(query, filter.indexed.parameters() | {"buckets": [0]}, prepare=False)
    return int(number)


def count_up_to(conn: Connection, filter: SearchFilter, limit: int) -> int:
    """Return how many events match, `limit` at most."""
    query = f"SELECT count(*) FROM (SELECT 1 {_from(filter, sampled=False)} LIMIT %(limit)s) AS first"
    [(number,)] = conn.execute(query, filter.parameters | {"limit": limit}, prepare=False)
    return int(number)


def count_keys(
    conn: Connection, filter: SearchFilter, kinds: Sequence[str], buckets: Sequence[int] | None = None
) -> list[tuple[str, int]]:
    """Return the keys of `kinds` and how many events have each, in some `buckets`, or in all."""
    # The others are five times as many.
    keys = "match.counted" if COUNTED_ONLY.issuperset(kinds) else "match.facets || match.counted"
    query = f"""
        SELECT key, count(*)
          FROM (SELECT unnest({keys}) AS key {_from(filter, sampled=buckets is not None)}) AS keys
         GROUP BY key
        HAVING split_part(key, ':', 1) = ANY(%(kinds)s)
        """
    values = filter.parameters | {"kinds": list(kinds), "buckets": list(buckets or ())}
    return conn.execute(query, values, binary=True, prepare=False).fetchall()


def count_keys_within(
    conn: Connection, filter: SearchFilter, kinds: Sequence[str], seconds: float, buckets: Sequence[int] | None = None
) -> list[tuple[str, int]] | None:
    """Return the same, or None where it would take longer than so many `seconds`. `conn` is in autocommit."""
    try:
        with conn.transaction():
            conn.execute(f"SET LOCAL statement_timeout = {max(1, round(seconds * 1000))}")
            return count_keys(conn, filter, kinds, buckets)
    except QueryCanceled:
        return None


def _from(filter: SearchFilter, *, sampled: bool) -> str:
    """FROM and WHERE of the events that match, each as `match`."""
    sql = filter.sql
    conditions = [*([_IN_BUCKETS] if sampled else []), *([f"({sql.search})"] if sql.search else [])]
    in_search = (
        f"SELECT event_id, facets, counted FROM event_search AS search WHERE {' AND '.join(conditions) or 'TRUE'}"
    )
    by_event = f"JOIN event ON event.id = match.event_id WHERE event.record_state = 'active' AND ({sql.rest})"
    return f"FROM ({in_search}) AS match {by_event if sql.rest else ''}"
