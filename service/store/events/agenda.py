"""What is still to come of the events that meet a condition, by the day on which it is due."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from psycopg import Connection

from service.store.condition import Condition
from service.store.events.ordering import estimate_events

#: Events up to which their items are gathered and sorted; of more PostgreSQL walks through all items in order until
#: enough are found that belong to one. Of 8,500 among a million that took 47 ms, against 230 ms by walking.
MOST_GATHERED = 20_000


@dataclass(frozen=True)
class Span:
    """The days on which what is asked for is due, both included, and in which order it comes.

    None: open on that side. What is `undated` is due on none.
    """

    first: date | None = None
    last: date | None = None
    undated: bool = False
    latest_first: bool = False


@dataclass(frozen=True, slots=True)
class Due:
    """An open item of an event, and the event's document."""

    due: date | None
    event_id: UUID
    item: str
    document: bytes

    @property
    def place(self) -> list[str]:
        """The sort values behind which the next item stands."""
        return [self.due.isoformat() if self.due else "infinity", str(self.event_id), self.item]


def page_agenda(
    conn: Connection, condition: Condition, spans: Mapping[str, Span], after: Sequence[str] | None, limit: int
) -> dict[str, list[Due]]:
    """At most `limit` items due within each of `spans`, beginning behind the sort values `after`."""
    few = estimate_events(conn, condition) <= MOST_GATHERED
    matching = _matching(condition)
    source = "FROM items AS agenda WHERE true" if few else matching
    parts = " UNION ALL ".join(_part(name, span, source, behind=bool(after)) for name, span in spans.items())
    query = f"""
        {f"WITH items AS MATERIALIZED (SELECT agenda.* {matching})" if few else ""}
        SELECT found.*, document
          FROM ({parts}) AS found
          JOIN event ON event.id = event_id
        """
    values: dict[str, Any] = {**condition.parameters(), "limit": limit}
    for name, span in spans.items():
        values |= _bounds(name, span)
    values |= dict(zip(("due", "event", "item"), after or (), strict=False))
    found: dict[str, list[Due]] = {name: [] for name in spans}
    for name, *row in conn.execute(query, values, binary=True):
        found[name].append(Due(*row))
    return {name: sorted(found[name], key=_standing, reverse=span.latest_first) for name, span in spans.items()}


def stream_agenda(conn: Connection, condition: Condition, span: Span) -> Iterator[list[Due]]:
    """Every item due within `span`, in batches. `conn` must be in a transaction."""
    #: Rows of a round trip. Documents come along, of 2 to 20 kB.
    batch = 100
    query = f"""
        SELECT nullif(due, 'infinity'), event_id, item, document {_matching(condition)} AND {_within("span")}
         ORDER BY {_ordering(span)}
        """
    with conn.cursor("agenda", binary=True) as cursor:
        cursor.execute(query, {**condition.parameters(), **_bounds("span", span)})
        while rows := cursor.fetchmany(batch):
            yield [Due(*row) for row in rows]


def _matching(condition: Condition) -> str:
    """FROM and WHERE of the open items of the active events that meet `condition`."""
    return f"""
        FROM event_agenda AS agenda
        JOIN event ON event.id = agenda.event_id
       WHERE event.record_state = 'active' AND ({condition.render()})
       """


def _part(name: str, span: Span, source: str, *, behind: bool) -> str:
    """The first items of a span, with the name of the span."""
    beyond = "<" if span.latest_first else ">"
    return f"""
        (SELECT '{name}', nullif(due, 'infinity'), event_id, item
           {source}
           AND {_within(name)}
           {f"AND (due, event_id, item) {beyond} (%(due)s::date, %(event)s::uuid, %(item)s)" if behind else ""}
         ORDER BY {_ordering(span)}
         LIMIT %(limit)s)
        """


def _within(name: str) -> str:
    return f"due >= %({name}_first)s::date AND due <= %({name}_last)s::date"


def _bounds(name: str, span: Span) -> dict[str, str]:
    """What `_within` asks for. At infinity the undated stand: behind every day there is."""
    first = "infinity" if span.undated else str(span.first or "-infinity")
    last = "infinity" if span.undated else str(span.last or date.max)
    return {f"{name}_first": first, f"{name}_last": last}


def _ordering(span: Span) -> str:
    return "due DESC, event_id DESC, item DESC" if span.latest_first else "due, event_id, item"


def _standing(due: Due) -> tuple[date, UUID, str]:
    """By what items are sorted; PostgreSQL has the same order, since items are ASCII in the collation C."""
    return due.due or date.max, due.event_id, due.item
