"""Conditions on the rows of event_search, which hold the words of events, and on the events themselves."""

from dataclasses import dataclass
from typing import Any, NamedTuple

from service.store.condition import FALSE, TRUE, Condition, and_
from service.store.search.tsquery import TsQuery


class FilterSql(NamedTuple):
    """A SearchFilter as SQL, by which statements are cached: equal shapes have equal texts. None: no condition."""

    event: str | None
    search: str | None
    rest: str | None

    def join(self, *, current: bool = True) -> str:
        """Return the join that follows the table `search`. For rows that are not `current` the event decides all."""
        needed = self.rest or (self.event and not current)
        return "JOIN event ON event.id = search.event_id" if needed else ""

    def from_search(self, *conditions: str) -> str:
        """Return FROM and WHERE of the rows of event_search, named `search`, that pass and meet more `conditions`."""
        where = " AND ".join([*conditions, *self.conditions()]) or "TRUE"
        return f"FROM event_search AS search {self.join()} WHERE {where}"

    def conditions(self, *, current: bool = True) -> list[str]:
        """Return the members of WHERE, to be joined by AND."""
        search, event = (self.search, self.rest) if current else (None, self.event)
        by_event = ["event.record_state = 'active'", f"({event})"] if event else []
        return [*([f"({search})"] if search else []), *by_event]


@dataclass(frozen=True)
class SearchFilter:
    """A filter for statements on event_search, as a whole and in parts that must all hold.

    `event` is the whole filter, as a condition on event. Of the parts, `indexed` and `unindexed` are conditions on a
    row of event_search, which its index finds or not; `rest` is the condition that only event decides.
    """

    event: Condition
    indexed: Condition
    unindexed: Condition
    rest: Condition

    @classmethod
    def on_event(cls, condition: Condition) -> "SearchFilter":
        """Return a filter that only event decides."""
        return cls(condition, TRUE, TRUE, condition)

    @property
    def search(self) -> Condition:
        """The condition on a row of event_search, of both kinds."""
        return and_(*(part for part in (self.indexed, self.unindexed) if part != TRUE))

    @property
    def sql(self) -> FilterSql:
        """The SQL of the whole filter and its parts, for the aliases `event` and `search`."""
        return FilterSql(
            *(
                None if condition == TRUE else condition.render(row, name)
                for row, name, condition in (
                    ("event", "filter", self.event),
                    ("search", "search", self.search),
                    ("event", "rest", self.rest),
                )
            )
        )

    @property
    def parameters(self) -> dict[str, Any]:
        """The values of `sql` by their names."""
        return self.event.parameters("filter") | self.search.parameters("search") | self.rest.parameters("rest")


#: The filter that every event passes.
EVERY_EVENT = SearchFilter.on_event(TRUE)


def has_search_row(condition: Condition) -> Condition:
    """Return the condition on an event that its row of event_search meets `condition`."""
    if condition == FALSE:
        return condition
    row = condition.on("words")
    return Condition(
        f"EXISTS (SELECT FROM event_search AS words WHERE words.event_id = {{row}}.id AND ({row.template}))", row.values
    )


def matches_tsquery(query: TsQuery) -> Condition:
    """Return the condition that a row of event_search matches the query, with one comparison for each conjunct."""
    # The index is not used where words are only excluded: it would be read from end to end.
    template = "({row}.tsv @@ {}::tsquery) IS TRUE" if query.matches_empty else "{row}.tsv @@ {}::tsquery"
    return and_(*(Condition(template, (part,)) for part in query.conjuncts))


@dataclass(frozen=True)
class Region:
    """The events of the months after `month`, and of the buckets of that month before `bucket`.

    With `by_index` the index finds them; otherwise the rows that the index finds by words are compared.
    """

    month: int
    bucket: int
    by_index: bool = True

    @property
    def condition(self) -> str:
        """The condition that a row of `search` lies in it, as a search has it."""
        if not self.by_index:
            return _IN_REGION_BY_ROW
        return IN_REGION if self.bucket else _IN_WHOLE_MONTHS


def _in_region(month: str) -> str:
    return f"""
        ({month} > %(region_month)s::integer
         OR {month} = %(region_month)s::integer AND search.bucket < %(region_bucket)s::smallint)
        """


IN_REGION = _in_region("search.month")

_IN_WHOLE_MONTHS = "search.month > %(region_month)s::integer"

#: The same condition, for which no index is used.
_IN_REGION_BY_ROW = _in_region("search.month + 0")
