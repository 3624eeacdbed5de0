"""The statements by which a page of events is read; listing.py says which one is for what.

Of each, `begins` says whether the page begins behind the values `after_0` and so on, or is the first one.
"""

from functools import lru_cache
from typing import LiteralString

from psycopg.sql import SQL, Composable, Composed, Identifier

from service.store.events.ordering import Order, behind, matching, ordering, sort_keys

#: Shapes of statements that are kept: more than the combinations that clients use; each is some kilobytes.
_KEPT = 512

_ACTIVE = SQL("record_state = 'active'")


@lru_cache(_KEPT)
def plain(condition: LiteralString, order: tuple[Order, ...], *, begins: bool, past: bool) -> bytes:
    """A page, read as PostgreSQL thinks best."""
    return _page(order, SQL("{} {}").format(matching(condition, past=past), _behind(order, begins=begins))).as_bytes()


@lru_cache(_KEPT)
def among_foremost(condition: LiteralString, order: tuple[Order, ...], *, begins: bool, until: bool) -> bytes:
    """What of a page stands among the `foremost` rows, in an order that has an index."""
    [(key, _, down), _] = sort_keys(order)
    return (
        SQL(_AMONG_FOREMOST)
        .format(
            key=key,
            ends=_ends(order),
            start=_from_start(order, begins=begins, until=until),
            order=ordering(order),
            condition=SQL(condition),
            down=SQL("DESC" if down else "ASC"),
        )
        .as_bytes()
    )


# The key has a name, by which PostgreSQL sees that what it reads is in order already.
_AMONG_FOREMOST = """
    SELECT document, {ends}
      FROM (SELECT *, {key} AS key FROM event {start} ORDER BY {order} LIMIT %(foremost)s) AS event
     WHERE {condition}
     ORDER BY key {down}, id {down}
     LIMIT %(limit)s
    """


@lru_cache(_KEPT)
def among_all(condition: LiteralString, order: tuple[Order, ...], *, begins: bool) -> bytes:
    """A page, found by reading all that meets the condition and sorting it."""
    return _page(order, _all(SQL(condition), order, begins=begins)).as_bytes()


@lru_cache(_KEPT)
def by_month(condition: LiteralString, order: tuple[Order, ...], *, begins: bool, until: bool) -> bytes:
    """A page in the order of the main date, found month by month in those years that have any."""
    [(key, _, down), _] = sort_keys(order)
    in_month = SQL("labels && ARRAY[month] AND ({})").format(SQL(condition))
    in_year = SQL("labels && months AND ({})").format(SQL(condition))
    return (
        SQL(_BY_MONTH)
        .format(
            key=key,
            start=_from_start(order, begins=begins, until=until),
            order=ordering(order),
            undated=SQL("'-infinity'" if down else "'infinity'"),
            beyond=SQL(_EARLIER if down else _LATER).format(key=key),
            numbers=SQL("12, 1, -1" if down else "1, 12"),
            any_in_year=_all(in_year, order, begins=begins),
            page=_page(order, _all(in_month, order, begins=begins)),
        )
        .as_bytes()
    )


# Each year is looked up behind the one before, in the index of dates; a year is asked for as a whole before its months
# are. The rows come in the order of the joins, of which nothing but nested loops can be made.
_BY_MONTH = """
    WITH RECURSIVE year (day) AS (
        (SELECT {key} FROM event {start} ORDER BY {order} LIMIT 1)
     UNION ALL
        SELECT (SELECT {key} FROM event WHERE record_state = 'active' AND {beyond} ORDER BY {order} LIMIT 1)
          FROM year
         WHERE day <> {undated}
    ), named AS (
        SELECT CASE day WHEN {undated} THEN ARRAY['month:none']
                        ELSE ARRAY(SELECT CASE WHEN first < date_trunc('month', %(since)s::timestamp) THEN 'beyond:'
                                               ELSE 'month:' END || to_char(first, 'YYYY-MM')
                                     FROM generate_series({numbers}) AS number
                                    CROSS JOIN LATERAL make_date(extract(year FROM day)::integer, number, 1) AS first)
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
            WHERE EXISTS (SELECT {any_in_year})
           ) AS page
     LIMIT %(limit)s
    """
_EARLIER = "{key} < make_date(extract(year FROM year.day)::integer, 1, 1)"
_LATER = "{key} >= make_date(extract(year FROM year.day)::integer + 1, 1, 1)"


def _page(order: tuple[Order, ...], source: Composable) -> Composed:
    """The page that `source`, a FROM with its WHERE, gives: documents, and their sort values as text."""
    return SQL("SELECT document, {} {} ORDER BY {} LIMIT %(limit)s").format(_ends(order), source, ordering(order))


def _ends(order: tuple[Order, ...]) -> Composed:
    """The sort values as text; named, or ORDER BY would take `id` for the text of it, which no index is in order of."""
    return SQL(", ").join(
        SQL("({})::text AS {}").format(expression, Identifier(f"end_{place}"))
        for place, (expression, _, _) in enumerate(sort_keys(order))
    )


def _all(condition: Composable, order: tuple[Order, ...], *, begins: bool) -> Composed:
    """FROM all that meets the condition. OFFSET 0 has it found before it is sorted, by an index of what it is."""
    return SQL("FROM (SELECT * FROM event WHERE {} AND ({}) {} OFFSET 0) AS event").format(
        _ACTIVE, condition, _behind(order, begins=begins)
    )


def _from_start(order: tuple[Order, ...], *, begins: bool, until: bool) -> Composed:
    """WHERE a list begins: behind the page before, and not before the day `until`."""
    latest = SQL("AND {} <= %(until)s::date" if until else "").format(*[sort_keys(order)[0][0]] * until)
    return SQL("WHERE {} {} {}").format(_ACTIVE, latest, _behind(order, begins=begins))


def _behind(order: tuple[Order, ...], *, begins: bool) -> Composed:
    return SQL("AND {}").format(behind(sort_keys(order))) if begins else Composed([])
