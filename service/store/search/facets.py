"""Counting what events count as: in all of them, or in some of their buckets.

No statement is prepared: a plan made for whatever words and codes may come would read every row.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import Connection
from psycopg.errors import QueryCanceled
from psycopg.sql import SQL, Composed

from service.store.condition import Condition

#: Hash classes of the events' ids: some of them stand for all.
BUCKETS = 64

#: What those keys begin with that stand apart since nobody looks for them.
COUNTED_ONLY = frozenset({"year", "month", "topics", "without"})


@dataclass(frozen=True)
class Among:
    """The events that are counted: conditions on event_search, named `event` in them, and on event where one is needed.

    `indexed` is what the index of event_search finds, `seen` what is seen in its rows.
    """

    indexed: Condition
    seen: Condition
    far: Condition | None = None

    @property
    def values(self) -> dict[str, Any]:
        """The values of all conditions."""
        return {**self.indexed.values, **self.seen.values, **(self.far.values if self.far else {})}


def count_indexed(conn: Connection, among: Among) -> int:
    """How many events the index finds in the first bucket, whatever is seen in them."""
    query = SQL("SELECT count(*) FROM event_search AS event WHERE {}").format(_near(among.indexed, sampled=True))
    [(number,)] = conn.execute(query, dict(among.indexed.values) | {"buckets": [0]}, prepare=False)
    return int(number)


def count_up_to(conn: Connection, among: Among, limit: int) -> int:
    """How many events match, `limit` at most."""
    query = SQL("SELECT count(*) FROM (SELECT 1 {} LIMIT %(limit)s) AS first").format(_from(among, sampled=False))
    [(number,)] = conn.execute(query, among.values | {"limit": limit}, prepare=False)
    return int(number)


def count_keys(
    conn: Connection, among: Among, kinds: Sequence[str], buckets: Sequence[int] | None = None
) -> list[tuple[str, int]]:
    """The keys of `kinds` and how many events have each, in some `buckets`, or in all."""
    # The others are five times as many.
    keys = SQL("found.counted") if COUNTED_ONLY.issuperset(kinds) else SQL("found.facets || found.counted")
    query = SQL(
        """
        SELECT key, count(*)
          FROM (SELECT unnest({keys}) AS key {among}) AS said
         GROUP BY key
        HAVING split_part(key, ':', 1) = ANY(%(kinds)s)
        """
    ).format(keys=keys, among=_from(among, sampled=buckets is not None))
    values = among.values | {"kinds": list(kinds), "buckets": list(buckets or ())}
    return conn.execute(query, values, binary=True, prepare=False).fetchall()


def count_keys_within(
    conn: Connection, among: Among, kinds: Sequence[str], seconds: float, buckets: Sequence[int] | None = None
) -> list[tuple[str, int]] | None:
    """The same; None where it would take longer. `conn` is in autocommit."""
    try:
        with conn.transaction():
            conn.execute(SQL("SET LOCAL statement_timeout = {}").format(max(1, round(seconds * 1000))))
            return count_keys(conn, among, kinds, buckets)
    except QueryCanceled:
        return None


def _from(among: Among, *, sampled: bool) -> Composed:
    """FROM and WHERE of the events that match, each as `found`."""
    near = SQL("FROM (SELECT event_id, facets, counted FROM event_search AS event WHERE {}) AS found").format(
        _near(among.indexed, among.seen, sampled=sampled)
    )
    if among.far is None:
        return near
    joined = SQL("JOIN event ON event.id = found.event_id WHERE event.record_state = 'active' AND ({})")
    return SQL(" ").join([near, joined.format(SQL(among.far.text))])


def _near(*conditions: Condition, sampled: bool) -> Composed:
    taken = [SQL("event.bucket = ANY(%(buckets)s::smallint[])")] if sampled else []
    return SQL(" AND ").join([*taken, *(SQL("({})").format(SQL(condition.text)) for condition in conditions)])
