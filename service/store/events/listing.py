"""Pages of events that meet a condition, in bounded time whatever it is and however many events there are.

PostgreSQL would read an index in the order asked for until enough rows meet the condition, or all that meet it and sort
them, and takes its choice by a guess. The guess is wrong where values go together, or where most of those that meet it
are old: of a million events it then reads most, in seconds. So it is not left to guess: first the few foremost rows
are looked at, which ends it for what is frequent; then all that meet the condition, where they are few; and otherwise
year by year and month by month, which the index of labels knows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from psycopg import Connection

from service.store.condition import TRUE, Condition
from service.store.events.ordering import Order, behind, estimate_events, matching, ordering, sort_keys

#: Rows that are looked at first, at 1 to 3 us each, and for each one on the page: what one event in ten meets fills it.
FOREMOST, FOREMOST_EACH = 300, 5
#: The same where no index finds what is rare, and in an order that the labels do not know.
FOREMOST_UNLABELLED, FOREMOST_OTHERWISE = 3_000, 20_000
#: Rows, as PostgreSQL guesses, that are all read and sorted: 20 ms at most.
FEW = 5_000

#: Shapes of statements that are cached: more than the combinations that clients use; each is some kilobytes.
_CACHED = 512

Row = tuple[Any, ...]


@dataclass(frozen=True)
class DocumentPage:
    """Documents in order, and the sort values after which the next page begins: None on the last."""

    documents: list[bytes]
    end: list[str] | None


@dataclass(frozen=True)
class ListShape:
    """The parts that the text of a statement is made of: equal shapes have equal statements."""

    condition: str
    order: tuple[Order, ...]
    #: True where the page follows another: it begins behind the values `after_0` and so on.
    follows: bool
    #: True where the condition has a last day `until` on which a main date can begin, and the list begins there.
    bounded: bool

    @property
    def has_index(self) -> bool:
        """True where an index is in this order. Two keys have none."""
        return len(self.order) == 1

    @property
    def is_by_date(self) -> bool:
        """True where labels know the order."""
        return self.has_index and self.order[0].name == "date"


def page_events(
    conn: Connection,
    condition: Condition,
    order: Sequence[Order],
    after: Sequence[str] | None,
    limit: int,
    *,
    as_of: datetime | None = None,
) -> DocumentPage:
    """Return at most `limit` active events that meet `condition`, beginning behind the sort values `after`.

    With `as_of` those that matched at that instant, each in its version of then.
    """
    values = condition.parameters() | {"limit": limit + 1, "as_of": as_of}
    values |= {"since": condition.since, "until": condition.until}
    values |= {f"after_{place}": value for place, value in enumerate(after or ())}
    bounded = condition.until is not None and tuple(order) == (Order("date", descending=True),)
    shape = ListShape(condition.render(), tuple(order), follows=after is not None, bounded=bounded)
    if as_of is not None or condition == TRUE:
        rows = _read_plainly(conn, shape, values, past=as_of is not None)
    else:
        rows = _read_filtered(conn, condition, shape, values, limit)
    more = len(rows) > limit
    return DocumentPage([row[0] for row in rows[:limit]], list(rows[limit - 1][1:]) if more else None)


def _read_filtered(
    conn: Connection, condition: Condition, shape: ListShape, values: Mapping[str, Any], limit: int
) -> list[Row]:
    """Read the rows of a page, and one more if there is a next one, in the way that is quickest for the condition."""
    if shape.has_index:
        foremost = max(FOREMOST if condition.labelled else FOREMOST_UNLABELLED, FOREMOST_EACH * limit)
        rows = _read_among_foremost(conn, shape, values, foremost)
        if len(rows) > limit:
            return rows
    if (shape.has_index and not condition.labelled) or estimate_events(conn, condition) <= FEW:
        return _read_all(conn, shape, values)
    if not shape.has_index:
        return _read_plainly(conn, shape, values, past=False)
    if shape.is_by_date:
        return conn.execute(monthly_query(shape), values, binary=True, prepare=False).fetchall()
    rows = _read_among_foremost(conn, shape, values, FOREMOST_OTHERWISE)
    return rows if len(rows) > limit else _read_all(conn, shape, values)


def _read_plainly(conn: Connection, shape: ListShape, values: Mapping[str, Any], *, past: bool) -> list[Row]:
    return conn.execute(plain_query(shape, past=past), values, binary=True).fetchall()


def _read_among_foremost(conn: Connection, shape: ListShape, values: Mapping[str, Any], foremost: int) -> list[Row]:
    return conn.execute(foremost_query(shape), {**values, "foremost": foremost}, binary=True).fetchall()


def _read_all(conn: Connection, shape: ListShape, values: Mapping[str, Any]) -> list[Row]:
    # Planned for its values every time, as is the search by month: a plan for any values would not know which are rare.
    return conn.execute(matching_query(shape), values, binary=True, prepare=False).fetchall()


@lru_cache(_CACHED)
def plain_query(shape: ListShape, *, past: bool) -> str:
    """Return the statement that reads a page as PostgreSQL thinks best."""
    return _page(shape.order, f"{matching(shape.condition, past=past)} {_behind(shape)}")


@lru_cache(_CACHED)
def foremost_query(shape: ListShape) -> str:
    """Return the statement that finds those of a page among the `foremost` rows, in an order that has an index."""
    [(key, _, down), _] = sort_keys(shape.order)
    direction = "DESC" if down else "ASC"
    # The key has a name, by which PostgreSQL sees that what it reads is in order already.
    return f"""
        SELECT document, {_ends(shape.order)}
          FROM (SELECT *, {key} AS key
                  FROM event
                 {_from_start(shape)}
                 ORDER BY {ordering(shape.order)}
                 LIMIT %(foremost)s) AS event
         WHERE {shape.condition}
         ORDER BY key {direction}, id {direction}
         LIMIT %(limit)s
        """


@lru_cache(_CACHED)
def matching_query(shape: ListShape) -> str:
    """Return the statement that reads all that meets the condition, and sorts it."""
    return _page(shape.order, _all(shape, shape.condition))


@lru_cache(_CACHED)
def monthly_query(shape: ListShape) -> str:
    """Return the statement that finds a page in the order of the main date, month by month in the years that have any.

    Each year is looked up behind the one before, in the index of dates; a year is tried as a whole before its months.
    The rows come in the order of the joins, of which nothing but nested loops can be made.
    """
    [(key, _, down), _] = sort_keys(shape.order)
    order = ordering(shape.order)
    undated = "'-infinity'" if down else "'infinity'"
    year = "extract(year FROM year.day)::integer"
    beyond = f"{key} < make_date({year}, 1, 1)" if down else f"{key} >= make_date({year} + 1, 1, 1)"
    page = _page(shape.order, _all(shape, f"labels && ARRAY[month] AND ({shape.condition})"))
    return f"""
        WITH RECURSIVE year (day) AS (
            (SELECT {key} FROM event {_from_start(shape)} ORDER BY {order} LIMIT 1)
         UNION ALL
            SELECT (SELECT {key} FROM event WHERE record_state = 'active' AND {beyond} ORDER BY {order} LIMIT 1)
              FROM year
             WHERE day <> {undated}
        ), named AS (
            SELECT CASE day WHEN {undated} THEN ARRAY['month:none']
                            ELSE ARRAY(SELECT CASE WHEN first < date_trunc('month', %(since)s::timestamp) THEN 'beyond:'
                                                   ELSE 'month:' END || to_char(first, 'YYYY-MM')
                                         FROM generate_series({"12, 1, -1" if down else "1, 12"}) AS number
                                        CROSS JOIN LATERAL
                                              make_date(extract(year FROM day)::integer, number, 1) AS first)
                            END AS months
              FROM year
             WHERE day IS NOT NULL
        )
        SELECT page.*
          FROM named
         CROSS JOIN LATERAL (
               SELECT page.*
                 FROM unnest(months) AS month
                CROSS JOIN LATERAL ({page}) AS page
                WHERE EXISTS (SELECT {_all(shape, f"labels && months AND ({shape.condition})")})
               ) AS page
         LIMIT %(limit)s
        """


def _page(order: tuple[Order, ...], source: str) -> str:
    """Return the page that `source`, a FROM with its WHERE, gives: documents, and their sort values as text."""
    return f"SELECT document, {_ends(order)} {source} ORDER BY {ordering(order)} LIMIT %(limit)s"


def _ends(order: tuple[Order, ...]) -> str:
    """The sort values as text; named, or ORDER BY would take `id` for the text of it, which no index is in order of."""
    return ", ".join(f"({expression})::text AS end_{place}" for place, (expression, *_) in enumerate(sort_keys(order)))


def _all(shape: ListShape, condition: str) -> str:
    """FROM all that meets the condition. OFFSET 0 has it found before it is sorted, by an index of what it is."""
    return f"""
        FROM (SELECT * FROM event WHERE record_state = 'active' AND ({condition}) {_behind(shape)} OFFSET 0) AS event
        """


def _from_start(shape: ListShape) -> str:
    """WHERE a list begins: behind the page before, and not before the day `until`."""
    until = f"AND {sort_keys(shape.order)[0][0]} <= %(until)s::date" if shape.bounded else ""
    return f"WHERE record_state = 'active' {until} {_behind(shape)}"


def _behind(shape: ListShape) -> str:
    return f"AND {behind(sort_keys(shape.order))}" if shape.follows else ""
