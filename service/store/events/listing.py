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
from typing import Any

from psycopg import Connection

from service.store.condition import EVERYTHING, Condition
from service.store.events import listing_queries
from service.store.events.counting import estimate_events
from service.store.events.ordering import Order, matching, ordering

__all__ = ["Order", "Page", "matching", "ordering", "page_events"]

#: Rows that are looked at first, at 1 to 3 us each, and for each one on the page: what one event in ten meets fills it.
FOREMOST, FOREMOST_EACH = 300, 5
#: The same where no index finds what is rare, and in an order that the labels do not know.
FOREMOST_UNLABELLED, FOREMOST_OTHERWISE = 3_000, 20_000
#: Rows, as PostgreSQL guesses, that are all read and sorted: 20 ms at most.
FEW = 5_000

Row = tuple[Any, ...]


@dataclass(frozen=True)
class Page:
    """Documents in order, and the sort values after which the next page begins: None on the last."""

    documents: list[bytes]
    end: list[str] | None


@dataclass(frozen=True)
class _Asked:
    """What is asked of the database: a condition, an order, and the values of both."""

    condition: Condition
    order: tuple[Order, ...]
    values: Mapping[str, Any]
    #: Whether the page begins behind another.
    begins: bool

    @property
    def has_index(self) -> bool:
        """Whether an index is in this order. Two keys have none."""
        return len(self.order) == 1

    @property
    def is_by_date(self) -> bool:
        """Whether labels know the order."""
        return self.has_index and self.order[0].name == "date"

    @property
    def until(self) -> bool:
        """Whether the list begins at the last day that the condition lets a main date begin."""
        return self.is_by_date and self.order[0].descending and self.condition.until is not None


def page_events(
    conn: Connection,
    condition: Condition,
    order: Sequence[Order],
    after: Sequence[str] | None,
    limit: int,
    *,
    as_of: datetime | None = None,
) -> Page:
    """At most `limit` active events that meet `condition`, beginning behind the sort values `after`.

    With `as_of` those that matched at that instant, each in its version of then.
    """
    values = {**condition.values, "limit": limit + 1, "as_of": as_of}
    values |= {"since": condition.since, "until": condition.until}
    values |= {f"after_{place}": value for place, value in enumerate(after or ())}
    asked = _Asked(condition, tuple(order), values, after is not None)
    if as_of is not None or condition == EVERYTHING:
        rows = _plainly(conn, asked, past=as_of is not None)
    else:
        rows = _found(conn, asked, limit)
    more = len(rows) > limit
    return Page([row[0] for row in rows[:limit]], list(rows[limit - 1][1:]) if more else None)


def _found(conn: Connection, asked: _Asked, limit: int) -> list[Row]:
    """The rows of a page, and one more if there is a next one, found in the way that is quickest for the condition."""
    labelled = asked.condition.labelled
    if asked.has_index:
        looked_at = max(FOREMOST if labelled else FOREMOST_UNLABELLED, FOREMOST_EACH * limit)
        rows = _among_foremost(conn, asked, looked_at)
        if len(rows) > limit:
            return rows
    if (asked.has_index and not labelled) or estimate_events(conn, asked.condition) <= FEW:
        return _among_all(conn, asked)
    if not asked.has_index:
        return _plainly(conn, asked, past=False)
    if asked.is_by_date:
        return _by_month(conn, asked)
    rows = _among_foremost(conn, asked, FOREMOST_OTHERWISE)
    return rows if len(rows) > limit else _among_all(conn, asked)


def _plainly(conn: Connection, asked: _Asked, *, past: bool) -> list[Row]:
    query = listing_queries.plain(asked.condition.text, asked.order, begins=asked.begins, past=past)
    return conn.execute(query, asked.values, binary=True).fetchall()


def _among_foremost(conn: Connection, asked: _Asked, foremost: int) -> list[Row]:
    query = listing_queries.among_foremost(asked.condition.text, asked.order, begins=asked.begins, until=asked.until)
    return conn.execute(query, {**asked.values, "foremost": foremost}, binary=True).fetchall()


# What follows is planned for its values every time: a plan for any values would not know what is rare.


def _among_all(conn: Connection, asked: _Asked) -> list[Row]:
    query = listing_queries.among_all(asked.condition.text, asked.order, begins=asked.begins)
    return conn.execute(query, asked.values, binary=True, prepare=False).fetchall()


def _by_month(conn: Connection, asked: _Asked) -> list[Row]:
    query = listing_queries.by_month(asked.condition.text, asked.order, begins=asked.begins, until=asked.until)
    return conn.execute(query, asked.values, binary=True, prepare=False).fetchall()
