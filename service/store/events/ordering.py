"""What a list is selected and ordered by, as SQL: closed tables, and the conditions that were made elsewhere."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import LiteralString

from psycopg.sql import SQL, Composed, Literal

#: A revision has the columns of an event. The one readable at an instant is the last of its event written by then;
#: versions rather than times are compared, since two machines' clocks may differ.
_AS_OF = SQL(
    """
    updated_at <= %(as_of)s
    AND NOT EXISTS (SELECT
                      FROM event_revision AS later
                     WHERE later.id = event.id AND later.version > event.version AND later.updated_at <= %(as_of)s)
    """
)


@dataclass(frozen=True)
class SortKey:
    """An expression to sort by, its SQL type, and where to put what has none: last, both ways round."""

    ascending: SQL
    descending: SQL
    type: SQL


def _plain(column: SQL, type_: SQL) -> SortKey:
    return SortKey(column, column, type_)


SORTS = {
    "date": SortKey(
        SQL("coalesce(date_earliest, 'infinity')"), SQL("coalesce(date_earliest, '-infinity')"), SQL("date")
    ),
    "announced": SortKey(
        SQL("coalesce(announced_earliest, 'infinity')"), SQL("coalesce(announced_earliest, '-infinity')"), SQL("date")
    ),
    "title": _plain(SQL("title_key"), SQL("text")),
    "created_at": _plain(SQL("created_at"), SQL("timestamptz")),
    "updated_at": _plain(SQL("updated_at"), SQL("timestamptz")),
}

#: Expression, SQL type, and whether it goes down.
Key = tuple[SQL, SQL, bool]

_ID = _plain(SQL("id"), SQL("uuid"))


@dataclass(frozen=True)
class Order:
    """One sort key and its direction."""

    name: str
    descending: bool


def matching(condition: LiteralString, *, past: bool) -> Composed:
    """FROM and WHERE of the active events that meet `condition`, now or at the instant `as_of`."""
    conditions = [SQL("record_state = 'active'"), SQL("({})").format(SQL(condition)), *([_AS_OF] if past else [])]
    table = SQL("event_revision AS event" if past else "event")
    return SQL("FROM {table} WHERE {conditions}").format(table=table, conditions=SQL(" AND ").join(conditions))


def ordering(order: Sequence[Order]) -> Composed:
    """What stands behind ORDER BY: the keys of `order`, and the id."""
    return SQL(", ").join(SQL("{} DESC" if down else "{}").format(key) for key, _, down in sort_keys(order))


def sort_keys(order: Sequence[Order]) -> list[Key]:
    """Expression, SQL type and direction of each key; the id last, so that no two events are equal."""
    keys = [(SORTS[one.name], one.descending) for one in order]
    keys.append((_ID, keys[0][1] if keys else False))
    return [(key.descending if down else key.ascending, key.type, down) for key, down in keys]


def behind(keys: Sequence[Key]) -> Composed:
    """The condition that a row stands behind the values `after_0`, `after_1` and so on.

    One comparison of rows where every key runs one way, which an index can begin at; else key by key.
    """
    marks = [SQL("%(after_{})s::{}").format(Literal(place), type_) for place, (_, type_, _) in enumerate(keys)]
    expressions = [expression for expression, _, _ in keys]
    directions = {down for _, _, down in keys}
    if len(directions) == 1:
        return SQL("({}) {} ({})").format(
            SQL(", ").join(expressions), SQL("<" if directions.pop() else ">"), SQL(", ").join(marks)
        )
    steps = []
    for place, (expression, _, down) in enumerate(keys):
        equal = [SQL("{} = {}").format(e, m) for e, m in zip(expressions[:place], marks[:place], strict=True)]
        beyond = SQL("{} < {}" if down else "{} > {}").format(expression, marks[place])
        steps.append(SQL("({})").format(SQL(" AND ").join([*equal, beyond])))
    return SQL("({})").format(SQL(" OR ").join(steps))
