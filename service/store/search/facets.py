"""Facet counts: of all matching events, or of those in some buckets.

No statement is prepared: a plan for any words and codes would read every row.
"""

from collections.abc import Sequence

from psycopg import Connection
from psycopg.errors import QueryCanceled

from service.store.search.conditions import SearchFilter

#: Kinds of keys in a column of their own, which no filter needs.
COUNTED_ONLY = frozenset({"year", "month", "topics", "without"})

_IN_BUCKETS = "search.bucket = ANY(%(buckets)s::smallint[])"


def count_indexed(conn: Connection, filter: SearchFilter) -> int:
    """Return the number of rows that the index finds in the first bucket, before other conditions decide."""
    query = f"SELECT count(*) FROM event_search AS search WHERE {_IN_BUCKETS} AND ({filter.indexed.render('search')})"
    [(number,)] = conn.execute(query, filter.indexed.parameters() | {"buckets": [0]}, prepare=False)
    return int(number)


def count_keys(
    conn: Connection, filter: SearchFilter, kinds: Sequence[str], buckets: Sequence[int] | None = None
) -> list[tuple[str, int]]:
    """Return the keys of `kinds` with the number of events that have each, in some `buckets` or in all."""
    # The keys that filters need are five times as many.
    keys = "search.counted" if COUNTED_ONLY.issuperset(kinds) else "search.facets || search.counted"
    matches = filter.sql.from_search(*([_IN_BUCKETS] if buckets is not None else []))
    query = f"""
        SELECT key, count(*)
          FROM (SELECT unnest({keys}) AS key {matches}) AS keys
         GROUP BY key
        HAVING split_part(key, ':', 1) = ANY(%(kinds)s)
        """
    values = filter.parameters | {"kinds": list(kinds), "buckets": list(buckets or ())}
    return conn.execute(query, values, binary=True, prepare=False).fetchall()


def count_keys_within(
    conn: Connection, filter: SearchFilter, kinds: Sequence[str], seconds: float, buckets: Sequence[int] | None = None
) -> list[tuple[str, int]] | None:
    """Return the same, or None if it takes longer than so many `seconds`. `conn` is in autocommit."""
    try:
        with conn.transaction():
            conn.execute(f"SET LOCAL statement_timeout = {max(1, round(seconds * 1000))}")
            return count_keys(conn, filter, kinds, buckets)
    except QueryCanceled:
        return None
