"""Pages of the matching events that are not ranked, the newest first. They follow the ranked ones."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

from psycopg import Connection

from service.store.search.conditions import IN_REGION, FilterSql, SearchFilter, matches_tsquery
from service.store.search.ranking import VISIBLE, Ranking
from service.store.search.tsquery import TsQuery

#: The day of an event without a date, as PostgreSQL writes it.
NO_DAY = "-infinity"

#: The most months in one condition on the index.
_MOST_MONTHS = 60


@dataclass(frozen=True)
class DayMark:
    """The place of an event in the order of days. The `day` is text, since NO_DAY is no date."""

    day: str
    id: UUID

    @property
    def month(self) -> int:
        """The month of the day, as in event_search; 0 for no day."""
        if self.day == NO_DAY:
            return 0
        year, month, _ = self.day.split("-")
        return int(year) * 12 + int(month) - 1


@dataclass(frozen=True)
class Months:
    """The months from `first` to `last`, both included; None is open."""

    first: int | None
    last: int | None

    @property
    def condition(self) -> str:
        """The condition on a row. For a range with two ends the index would combine all rows beyond either end."""
        if self.first is not None and self.last is not None:
            return "search.month = ANY(%(months)s::integer[])"
        if self.first is not None:
            return "search.month >= %(first)s::integer"
        # Most of the table: faster without the index.
        return "search.month + 0 <= %(last)s::integer" if self.last is not None else "TRUE"

    @property
    def values(self) -> dict[str, Any]:
        """The parameters of the condition."""
        between = range(self.first, self.last + 1) if self.first is not None and self.last is not None else ()
        return {"months": list(between), "first": self.first, "last": self.last}


def ever_more_months(months: Sequence[int], newest: int | None) -> Iterator[Months]:
    """Return the months from the newest on in ever larger parts; the last part has all earlier months."""
    reach = 1
    while True:
        behind = months if newest is None else [month for month in months if month <= newest]
        if len(behind) <= reach or (newest or behind[0]) - behind[reach - 1] > _MOST_MONTHS:
            yield Months(None, newest)
            return
        oldest = behind[reach - 1]
        yield Months(oldest, newest)
        newest, reach = oldest - 1, reach * 4


@dataclass(frozen=True)
class UnrankedEvent:
    """An event of a page."""

    mark: DayMark
    document: bytes


def page_unranked(
    conn: Connection,
    query: TsQuery,
    ranking: Ranking,
    filter: SearchFilter,
    after: DayMark | None,
    *,
    limit: int,
    months: Months,
) -> Sequence[UnrankedEvent]:
    """Return at most `limit` events behind `after` that match the query and are not ranked, of some months."""
    past, behind = ranking.snapshot is not None, after is not None
    words = matches_tsquery(query)
    text = _query((words.render("search", "words"), months.condition), filter.sql, past=past, behind=behind)
    region = ranking.region
    values: dict[str, Any] = filter.parameters | months.values | words.parameters("words")
    values |= {
        "candidates": ranking.candidates,
        "leading": ranking.leading,
        # Without a region all candidates are ranked, whatever their month.
        "region_month": region.month if region else -1,
        "region_bucket": region.bucket if region else 0,
        "snapshot": ranking.snapshot,
        "limit": limit,
        "after_day": after.day if after else None,
        "after_id": after.id if after else None,
    }
    rows = conn.execute(text, values, binary=True, prepare=False).fetchall()
    return [UnrankedEvent(DayMark(day, id_), document) for day, id_, document in rows]


@lru_cache(maxsize=256)  # more than the shapes that clients use; each is two kilobytes
def _query(conditions: tuple[str, ...], filter: FilterSql, *, past: bool, behind: bool) -> str:
    tables = ("event_search", "event_search_past") if past else ("event_search",)
    versions = (_versions(table, conditions, filter, past=past, behind=behind) for table in tables)
    return f"""
        SELECT unranked.day::text, event_id, document
          FROM (SELECT *
                  FROM ({" UNION ALL ".join(versions)}) AS version
                 ORDER BY version.day DESC, version.event_id DESC) AS unranked
          JOIN event ON event.id = event_id AND event.record_state = 'active'
         ORDER BY unranked.day DESC, event_id DESC
         LIMIT %(limit)s
        """


def _versions(table: str, conditions: Sequence[str], filter: FilterSql, *, past: bool, behind: bool) -> str:
    is_ranked = f"search.tsv @@ %(candidates)s::tsquery AND {IN_REGION} OR search.tsv @@ %(leading)s::tsquery"
    conditions = [*conditions, f"NOT ({is_ranked})"]
    if past:
        conditions.append(VISIBLE[table])
    if behind:
        conditions.append("(search.day, search.event_id) < (%(after_day)s::date, %(after_id)s::uuid)")
    current = table == "event_search"
    conditions += filter.conditions(current=current)
    return f"""
        SELECT search.day, search.event_id
          FROM {table} AS search
          {filter.join(current=current)}
         WHERE {" AND ".join(conditions)}
        """
