"""The open items of the events that meet a condition, by the day on which they are due."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from psycopg import Connection

from service.store.condition import Condition
from service.store.events.ordering import estimate_events

#: The most events whose items are gathered and sorted. For more, PostgreSQL reads all items in order until enough of
#: them belong to the events. For 8,500 events of a million, gathering took 47 ms, and reading in order 230 ms.
MOST_GATHERED = 20_000


@dataclass(frozen=True)
class DueRange:
    """The days on which items are due, both included, and the order of the items.

    None: open on that side. An `undated` range has the items that are due on no day.
    """

    first: date | None = None
    last: date | None = None
    undated: bool = False
    latest_first: bool = False


@dataclass(frozen=True, slots=True)
class DueItem:
    """An open item of an event, and the event's document."""

    due: date | None
    event_id: UUID
    item: str
    document: bytes

    @property
    def place(self) -> list[str]:
        """The sort values that the next item follows."""
        return [self.due.isoformat() if self.due else "infinity", str(self.event_id), self.item]


def page_agenda(
    conn: Connection, condition: Condition, ranges: Mapping[str, DueRange], after: Sequence[str] | None, limit: int
) -> dict[str, list[DueItem]]:
    """Return at most `limit` items of each range that follow the sort values `after`."""
    few = estimate_events(conn, condition) <= MOST_GATHERED
    matching = _matching(condition)
    source = "FROM items AS agenda WHERE true" if few else matching
    parts = " UNION ALL ".join(_part(name, days, source, behind=bool(after)) for name, days in ranges.items())
    query = f"""
        {f"WITH items AS MATERIALIZED (SELECT agenda.* {matching})" if few else ""}
        SELECT item.*, document
          FROM ({parts}) AS item
          JOIN event ON event.id = event_id
        """
    values: dict[str, Any] = {**condition.parameters(), "limit": limit}
    for name, days in ranges.items():
        values |= _bounds(name, days)
    values |= dict(zip(("due", "event", "item"), after or (), strict=False))
    items: dict[str, list[DueItem]] = {name: [] for name in ranges}
    for name, *row in conn.execute(query, values, binary=True):
        items[name].append(DueItem(*row))
    return {name: sorted(items[name], key=_sort_key, reverse=days.latest_first) for name, days in ranges.items()}


def stream_agenda(conn: Connection, condition: Condition, days: DueRange) -> Iterator[list[DueItem]]:
    """Yield every item of a range, in batches. `conn` must be in a transaction."""
    #: Rows of a round trip, each with a document of 2 to 20 kB.
    batch = 100
    query = f"""
        SELECT nullif(due, 'infinity'), event_id, item, document {_matching(condition)} AND {_within("days")}
         ORDER BY {_ordering(days)}
        """
    with conn.cursor("agenda", binary=True) as cursor:
        cursor.execute(query, {**condition.parameters(), **_bounds("days", days)})
        while rows := cursor.fetchmany(batch):
            yield [DueItem(*row) for row in rows]


def _matching(condition: Condition) -> str:
    """Return FROM and WHERE of the open items of the active events that meet `condition`."""
    return f"""
        FROM event_agenda AS agenda
        JOIN event ON event.id = agenda.event_id
       WHERE event.record_state = 'active' AND ({condition.render()})
       """


def _part(name: str, days: DueRange, source: str, *, behind: bool) -> str:
    """Return the query of the first items of a range, each with the name of the range."""
    beyond = "<" if days.latest_first else ">"
    return f"""
        (SELECT '{name}', nullif(due, 'infinity'), event_id, item
           {source}
           AND {_within(name)}
           {f"AND (due, event_id, item) {beyond} (%(due)s::date, %(event)s::uuid, %(item)s)" if behind else ""}
         ORDER BY {_ordering(days)}
         LIMIT %(limit)s)
        """


def _within(name: str) -> str:
    return f"due >= %({name}_first)s::date AND due <= %({name}_last)s::date"


def _bounds(name: str, days: DueRange) -> dict[str, str]:
    """Return the values of `_within`. Undated items are stored at infinity, behind every day."""
    first = "infinity" if days.undated else str(days.first or "-infinity")
    last = "infinity" if days.undated else str(days.last or date.max)
    return {f"{name}_first": first, f"{name}_last": last}


def _ordering(days: DueRange) -> str:
    return "due DESC, event_id DESC, item DESC" if days.latest_first else "due, event_id, item"


def _sort_key(item: DueItem) -> tuple[date, UUID, str]:
    """Return the key of PostgreSQL's order: items are ASCII in the collation C."""
    return item.due or date.max, item.event_id, item.item
