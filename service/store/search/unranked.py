"""What follows behind ranked events: the others that words mean, the newest first."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

from psycopg import Connection

from service.store.search.conditions import FilterSql, SearchFilter, matches_tsquery
from service.store.search.ranking import IN_REGION, VISIBLE, Ranking
from service.store.search.tsquery import TsQuery

#: The day of an event that has none, as PostgreSQL writes it.
NO_DAY = "-infinity"


@dataclass(frozen=True)
class Place:
    """Where an event stands among all by its day: `day` as PostgreSQL writes it, since some have none."""

    day: str
    id: UUID


@dataclass(frozen=True)
class Months:
    """The months from `first` to `last`; None: from ever, for ever."""

    first: int | None
    last: int | None

    @property
    def condition(self) -> str:
        """By which they are found. A range with two ends would be made of all that lies beyond either of them."""
        if self.first is not None and self.last is not None:
            return "search.month = ANY(%(months)s::integer[])"
        if self.first is not None:
            return "search.month >= %(first)s::integer"
        # Most of the table: quicker without the index's help.
        return "search.month + 0 <= %(last)s::integer" if self.last is not None else "TRUE"

    @property
    def values(self) -> dict[str, Any]:
        """The parameters of the condition."""
        between = range(self.first, self.last + 1) if self.first is not None and self.last is not None else ()
        return {"months": list(between), "first": self.first, "last": self.last}


@dataclass(frozen=True)
class Remaining:
    """One event that is not ranked."""

    place: Place
    document: bytes


def page_remaining(
    conn: Connection,
    wanted: TsQuery,
    ranking: Ranking,
    filter: SearchFilter,
    after: Place | None,
    *,
    limit: int,
    months: Months,
) -> Sequence[Remaining]:
    """At most `limit` events that meet `wanted` behind `after` and are not ranked, of some months."""
    past, behind = ranking.snapshot is not None, after is not None
    words = matches_tsquery(wanted)
    text = _query((words.render("search", "words"), months.condition), filter.sql, past=past, behind=behind)
    region = ranking.region
    values: dict[str, Any] = filter.parameters | months.values | words.parameters("words")
    values |= {
        "candidates": ranking.candidates,
        # Where there is no region all candidates are ranked, in whatever month.
        "region_month": region.month if region else -1,
        "region_bucket": region.bucket if region else 0,
        "snapshot": ranking.snapshot,
        "limit": limit,
        "after_day": after.day if after else None,
        "after_id": after.id if after else None,
    }
    rows = conn.execute(text, values, binary=True, prepare=False).fetchall()
    return [Remaining(Place(day, id_), document) for day, id_, document in rows]


@lru_cache(maxsize=256)  # more than the shapes that clients use; each is two kilobytes
def _query(sought: tuple[str, ...], filter: FilterSql, *, past: bool, behind: bool) -> str:
    tables = ("event_search", "event_search_past") if past else ("event_search",)
    versions = (_versions(table, sought, filter, past=past, behind=behind) for table in tables)
    return f"""
        SELECT found.day::text, event_id, document
          FROM (SELECT *
                  FROM ({" UNION ALL ".join(versions)}) AS version
                 ORDER BY version.day DESC, version.event_id DESC) AS found
          JOIN event ON event.id = event_id AND event.record_state = 'active'
         ORDER BY found.day DESC, event_id DESC
         LIMIT %(limit)s
        """


def _versions(table: str, sought: tuple[str, ...], filter: FilterSql, *, past: bool, behind: bool) -> str:
    wanted = [*sought, f"NOT (search.tsv @@ %(candidates)s::tsquery AND {IN_REGION})"]
    if past:
        wanted.append(VISIBLE[table])
    if behind:
        wanted.append("(search.day, search.event_id) < (%(after_day)s::date, %(after_id)s::uuid)")
    current = table == "event_search"
    wanted += filter.conditions(current=current)
    return f"""
        SELECT search.day, search.event_id
          FROM {table} AS search
          {filter.join(current=current)}
         WHERE {" AND ".join(wanted)}
        """
