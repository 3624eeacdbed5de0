"""Pages of events: what a client may filter and sort by, as closed tables."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from psycopg import Connection
from psycopg.sql import SQL, Composed, Identifier, Literal

#: A filter's name and the condition it stands for; the value is always a list, any of which may match.
FILTERS = {
    "event_type": SQL("event_type = ANY(%(event_type)s)"),
    "status": SQL("status = ANY(%(status)s)"),
    "party": SQL("parties && %(party)s"),
    "affected": SQL("affected && %(affected)s"),
    "jurisdiction": SQL("jurisdictions && %(jurisdiction)s"),
    "topic": SQL("topics && %(topic)s"),
    "tag": SQL("tags && %(tag)s"),
}


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

_ID = _plain(SQL("id"), SQL("uuid"))


@dataclass(frozen=True)
class Order:
    """One sort key and its direction."""

    name: str
    descending: bool


@dataclass(frozen=True)
class Page:
    """Documents in order, and the sort values after which the next page begins: None on the last."""

    documents: list[bytes]
    end: list[str] | None


def page_events(
    conn: Connection,
    filters: Mapping[str, list[str]],
    order: Sequence[Order],
    after: Sequence[str] | None,
    limit: int,
    *,
    as_of: datetime | None = None,
) -> Page:
    """At most `limit` active events that match all `filters`, beginning behind the sort values `after`.

    With `as_of` those that matched at that instant, each in its version of then.
    """
    values: dict[str, Any] = dict(filters) | {"limit": limit + 1, "as_of": as_of}
    if after is not None:
        values |= {f"after_{place}": value for place, value in enumerate(after)}
    query = _page_query(tuple(sorted(filters)), tuple(order), behind=after is not None, past=as_of is not None)
    rows = conn.execute(query, values, binary=True).fetchall()
    more = len(rows) > limit
    return Page([row[0] for row in rows[:limit]], list(rows[limit - 1][1:]) if more else None)


@lru_cache(maxsize=512)  # more than the combinations that clients use; each is a kilobyte
def _page_query(filters: tuple[str, ...], order: tuple[Order, ...], *, behind: bool, past: bool) -> bytes:
    keys = _sort_keys(order)
    query = SQL("SELECT document, {ends} {matching} {behind} ORDER BY {order} LIMIT %(limit)s").format(
        matching=matching(filters, past=past),
        behind=SQL("AND {}").format(_behind(keys)) if behind else SQL(""),
        # Named, or ORDER BY would take `id` for the text of it, which no index is in the order of.
        ends=SQL(", ").join(
            SQL("({})::text AS {}").format(expression, Identifier(f"end_{place}"))
            for place, (expression, _, _) in enumerate(keys)
        ),
        order=SQL(", ").join(SQL("{} DESC" if down else "{}").format(expression) for expression, _, down in keys),
    )
    return query.as_bytes()


def matching(filters: tuple[str, ...], *, past: bool) -> Composed:
    """FROM and WHERE of the active events that match `filters`, now or at the instant `as_of`."""
    conditions = [SQL("record_state = 'active'"), *(FILTERS[name] for name in filters), *([_AS_OF] if past else [])]
    table = SQL("event_revision AS event" if past else "event")
    return SQL("FROM {table} WHERE {conditions}").format(table=table, conditions=SQL(" AND ").join(conditions))


def _sort_keys(order: Sequence[Order]) -> list[tuple[SQL, SQL, bool]]:
    """Expression, type and direction of each key; the id last, so that no two events are equal."""
    keys = [(SORTS[one.name], one.descending) for one in order]
    keys.append((_ID, keys[0][1]))
    return [(key.descending if down else key.ascending, key.type, down) for key, down in keys]


def _behind(keys: Sequence[tuple[SQL, SQL, bool]]) -> Composed:
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
