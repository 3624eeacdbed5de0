"""Pages of events that meet a condition, in bounded time for any condition and any number of events.

PostgreSQL would read an index in the order of the list until enough rows meet the condition, or read and sort all rows
that meet it, and chooses by an estimate. The estimate is wrong if values are correlated, or if most rows that meet the
condition are old: then it reads most of a million events, in seconds. So the choice is made here. First a few foremost
rows are read, which is enough for frequent matches; then all rows that meet the condition, if they are few; otherwise
year by year and month by month, by the index of labels.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from psycopg import Connection

from service.store.condition import TRUE, Condition
from service.store.events.ordering import Order, estimate_events, follows, matching, ordering, sort_keys

#: Rows that are read first, at 1 to 3 us each, and rows for each event of the page: one match in ten fills it.
FOREMOST, FOREMOST_EACH = 300, 5
#: The same if no index finds rare matches, and in an order without labels.
FOREMOST_UNLABELLED, FOREMOST_OTHERWISE = 3_000, 20_000
#: The most matches, by PostgreSQL's estimate, that are all read and sorted: 20 ms at most.
FEW = 5_000

#: Shapes of statements that are cached: more than the combinations that clients use; each is some kilobytes.
_CACHED = 512

Row = tuple[Any, ...]


@dataclass(frozen=True)
class DocumentPage:
    """Documents in order, and the sort values that the next page follows: None on the last."""

    documents: list[bytes]
    end: list[str] | None


@dataclass(frozen=True)
class ListShape:
    """The parts that the text of a statement is made of: equal shapes have equal statements."""

    condition: str
    order: tuple[Order, ...]
    #: True if the page follows the sort values `after_0` and so on.
    follows: bool
    #: True if the list begins at `until`, the last day on which a main date that meets the condition can begin.
    bounded: bool

    @property
    def has_index(self) -> bool:
        """True if an index has this order. Orders of two keys have none."""
        return len(self.order) == 1

    @property
    def is_by_date(self) -> bool:
        """True if labels have the order, too."""
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
    """Return at most `limit` active events that meet `condition` and follow the sort values `after`.

    With `as_of`, those that matched at that instant, each in its version of then.
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
    """Return the rows of a page, and one more if there is a next page, in the quickest way for the condition."""
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
    # Planned for its values every time, as is the search by month: a plan for any values ignores that some are rare.
    return conn.execute(matching_query(shape), values, binary=True, prepare=False).fetchall()


@lru_cache(_CACHED)
def plain_query(shape: ListShape, *, past: bool) -> str:
    """Return the statement that reads a page as PostgreSQL chooses."""
    return _page(shape.order, f"{matching(shape.condition, past=past)} {_behind(shape)}")


@lru_cache(_CACHED)
def foremost_query(shape: ListShape) -> str:
    """Return the statement that finds a page among the `foremost` rows of an order with an index."""
    [(key, _, down), _] = sort_keys(shape.order)
    direction = "DESC" if down else "ASC"
    # By the name of the key PostgreSQL sees that the rows are in order already.
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
    """Return the statement that reads all rows that meet the condition, and sorts them."""
    return _page(shape.order, _all(shape, shape.condition))


@lru_cache(_CACHED)
def monthly_query(shape: ListShape) -> str:
    """Return the statement that finds a page in the order of the main date, month by month in the years that have any.

    Each year is looked up behind the previous one, in the index of dates; a year is tried as a whole before its months.
    The rows are in the order of the joins, which can be nested loops only.
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
    """Return the query of a page from `source`, a FROM with its WHERE: documents, and their sort values as text."""
    return f"SELECT document, {_ends(order)} {source} ORDER BY {ordering(order)} LIMIT %(limit)s"


def _ends(order: tuple[Order, ...]) -> str:
    """Return the sort values as text. They have names, or ORDER BY `id` would mean its text, which has no index."""
    return ", ".join(f"({expression})::text AS end_{place}" for place, (expression, *_) in enumerate(sort_keys(order)))


def _all(shape: ListShape, condition: str) -> str:
    """Return FROM all rows that meet the condition. OFFSET 0 makes PostgreSQL find them before it sorts."""
    return f"""
        FROM (SELECT * FROM event WHERE record_state = 'active' AND ({condition}) {_behind(shape)} OFFSET 0) AS event
        """


def _from_start(shape: ListShape) -> str:
    """Return the WHERE of the rows from the beginning of the page on."""
    until = f"AND {sort_keys(shape.order)[0][0]} <= %(until)s::date" if shape.bounded else ""
    return f"WHERE record_state = 'active' {until} {_behind(shape)}"


def _behind(shape: ListShape) -> str:
    return f"AND {follows(sort_keys(shape.order))}" if shape.follows else ""
