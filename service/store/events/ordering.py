"""Lists of events as SQL: the events that meet a condition, their number, and their order."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg import Connection

from service.store.condition import Condition
from service.store.search.conditions import SearchFilter

#: A revision has the columns of an event. The revision at an instant is the last one of its event written by then.
#: Versions are compared rather than times, because the clocks of two machines can differ.
_AS_OF = """
    updated_at <= %(as_of)s
    AND NOT EXISTS (SELECT
                      FROM event_revision AS later
                     WHERE later.id = event.id AND later.version > event.version AND later.updated_at <= %(as_of)s)
    """


#: The most rows that the index finds of which the events that pass are counted, if only a few are needed.
_MOST_READ = 10_000


@dataclass(frozen=True)
class SortKey:
    """An expression to sort by, ascending and descending, and its SQL type. Rows without a value come last in both."""

    ascending: str
    descending: str
    type: str


def _plain(column: str, type_: str) -> SortKey:
    return SortKey(column, column, type_)


SORTS = {
    "date": SortKey("coalesce(date_earliest, 'infinity')", "coalesce(date_earliest, '-infinity')", "date"),
    "announced": SortKey(
        "coalesce(announced_earliest, 'infinity')", "coalesce(announced_earliest, '-infinity')", "date"
    ),
    "title": _plain("title_key", "text"),
    "created_at": _plain("created_at", "timestamptz"),
    "updated_at": _plain("updated_at", "timestamptz"),
}

#: Expression, SQL type, and True if descending.
Key = tuple[str, str, bool]

_ID = _plain("id", "uuid")


@dataclass(frozen=True)
class Order:
    """One sort key and its direction."""

    name: str
    descending: bool


def matching(condition: str, *, past: bool) -> str:
    """Return FROM and WHERE of the active events that meet `condition`, now or at the instant `as_of`."""
    table, as_of = ("event_revision AS event", f"AND {_AS_OF}") if past else ("event", "")
    return f"FROM {table} WHERE record_state = 'active' AND ({condition}) {as_of}"


def count_events(conn: Connection, condition: Condition, as_of: datetime | None = None) -> int:
    """Return the number of active events that meet `condition`, now or at an instant. Every one of them is read."""
    query = f"SELECT count(*) {matching(condition.render(), past=as_of is not None)}"
    [(number,)] = conn.execute(query, condition.parameters() | {"as_of": as_of}).fetchall()
    return int(number)


def count_up_to(conn: Connection, filter: SearchFilter, limit: int) -> int:
    """Return the number of active events that pass, `limit` at most, of the first ones that the index finds."""
    # Without a bound of its own, the index's part would be joined with every event where no match passes the rest.
    query = f"""
        SELECT count(*)
          FROM (SELECT 1
                  FROM (SELECT *
                          FROM event_search AS search
                         WHERE {filter.indexed.render("search", "indexed")}
                         LIMIT {_MOST_READ}) AS search
                  {filter.sql.join()}
                 WHERE {" AND ".join(filter.sql.conditions()) or "TRUE"}
                 LIMIT %(limit)s) AS first
        """
    values = filter.parameters | filter.indexed.parameters("indexed") | {"limit": limit}
    [(number,)] = conn.execute(query, values, prepare=False).fetchall()
    return int(number)


def estimate_events(conn: Connection, condition: Condition, as_of: datetime | None = None) -> int:
    """Return about the same number by PostgreSQL's statistics, without reading events."""
    query = f"EXPLAIN (FORMAT JSON) SELECT {matching(condition.render(), past=as_of is not None)}"
    [(plan,)] = conn.execute(query, condition.parameters() | {"as_of": as_of}).fetchall()
    return int(plan[0]["Plan"]["Plan Rows"])


def ordering(order: Sequence[Order]) -> str:
    """Return the members of ORDER BY: the keys of `order`, and the id."""
    return ", ".join(f"{key} DESC" if down else key for key, _, down in sort_keys(order))


def sort_keys(order: Sequence[Order]) -> list[Key]:
    """Return expression, SQL type and direction of each key; the id last, so that no two events are equal."""
    keys = [(SORTS[one.name], one.descending) for one in order]
    keys.append((_ID, keys[0][1] if keys else False))
    return [(key.descending if down else key.ascending, key.type, down) for key, down in keys]


def follows(keys: Sequence[Key]) -> str:
    """Return the condition that a row follows the values `after_0`, `after_1` and so on.

    It is one comparison of rows, at which an index can begin, if all keys have one direction; else key by key.
    """
    marks = [f"%(after_{place})s::{type_}" for place, (_, type_, _) in enumerate(keys)]
    expressions = [expression for expression, _, _ in keys]
    directions = {down for _, _, down in keys}
    if len(directions) == 1:
        return f"({', '.join(expressions)}) {'<' if directions.pop() else '>'} ({', '.join(marks)})"
    steps = []
    for place, (expression, _, down) in enumerate(keys):
        equal = [f"{e} = {m}" for e, m in zip(expressions[:place], marks[:place], strict=True)]
        steps.append(" AND ".join([*equal, f"{expression} {'<' if down else '>'} {marks[place]}"]))
    return "(" + " OR ".join(f"({step})" for step in steps) + ")"
