"""Events in the order of how well words fit them: BM25 from what tsvectors know, over a bounded part of the events."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

from psycopg import Connection

from service.store.search.conditions import FilterSql, SearchFilter, matches_tsquery
from service.store.search.tsquery import TsQuery

#: ts_rank with equal weights adds 1/1 + 1/4 + 1/9 … for each time that a word stands in a text, and divides by the
#: limit of that sum. What is left until the limit tells how many times that was: about this divided by times + 0.5.
_LEFT = 0.6079271


@dataclass(frozen=True)
class Weighed:
    """A word by which is ranked: its `stems` as one tsquery of so many parts, and what it is worth at most."""

    query: TsQuery
    stems: int
    weight: float


@dataclass(frozen=True)
class Neighbours:
    """Two words that are worth more where they stand beside each other, and half of that where they are near."""

    beside: TsQuery
    near: TsQuery
    weight: float


@dataclass(frozen=True)
class Region:
    """The events of the months after `month`, and those of it whose bucket is less than `bucket`.

    They are found `by_index`, or seen in the rows that are found by words.
    """

    month: int
    bucket: int
    by_index: bool = True

    @property
    def condition(self) -> str:
        """That a row of `search` lies in it, as a search asks for it."""
        if not self.by_index:
            return _SEEN_IN_REGION
        return IN_REGION if self.bucket else _IN_WHOLE_MONTHS


@dataclass(frozen=True)
class Ranking:
    """How events are ranked: which ones, and by what.

    `candidates` are those that are ranked, of the `region` if there is one; of them those go first that meet `every`.
    A word that stands once in a text of `length` counts half where `saturation` is 1. Beginning with the score `near`,
    neighbours count as well.
    """

    candidates: TsQuery
    every: TsQuery
    terms: Sequence[Weighed]
    neighbours: Sequence[Neighbours]
    saturation: float
    normalised: float
    length: float
    region: Region | None = None
    near: float | None = None
    snapshot: str | None = None


@dataclass(frozen=True)
class Mark:
    """Where a page ends: whether the last event has every word, its score and its id."""

    every: bool
    score: float
    id: UUID


@dataclass(frozen=True)
class Ranked:
    """One event of a page."""

    mark: Mark
    document: bytes


@dataclass(frozen=True)
class RankedPage:
    """Ranked events; how many were ranked in all, how many of them have every word; what held while they were."""

    events: Sequence[Ranked]
    scored: int
    every: int
    near: float | None
    snapshot: str


def page_ranked(
    conn: Connection, ranking: Ranking, filter: SearchFilter, after: Mark | None, limit: int, *, most: int
) -> RankedPage:
    """At most `limit` events behind `after`. Of more than `most` candidates not all were ranked: `scored` is larger."""
    candidates = matches_tsquery(ranking.candidates)
    shape = _Shape(
        candidates=(candidates.render("search", "candidates"), *([ranking.region.condition] if ranking.region else [])),
        terms=tuple(term.stems > 1 for term in ranking.terms),
        every=ranking.candidates == ranking.every,
        neighbours=len(ranking.neighbours),
        filter=filter.sql,
        past=ranking.snapshot is not None,
        first=ranking.near is None,
        behind=after is not None,
    )
    text = _page_query(shape)
    values = _values(ranking) | candidates.parameters("candidates") | filter.parameters
    values |= {"limit": limit, "most": most + 1}
    if after:
        values |= {"after_every": after.every, "after_score": after.score, "after_id": after.id}
    rows = conn.execute(text, values, binary=True, prepare=False).fetchall()
    scored, every, near, snapshot = rows[0][:4]
    events = [Ranked(Mark(row[4], row[5], row[6]), row[7]) for row in rows if row[6] is not None]
    return RankedPage(events, scored, every, near, snapshot)


@dataclass(frozen=True)
class _Shape:
    """What the text of a statement is made of; equal ones make equal statements."""

    candidates: tuple[str, ...]
    #: For each term whether it has several stems.
    terms: tuple[bool, ...]
    #: Whether all candidates have every word.
    every: bool
    neighbours: int
    filter: FilterSql
    past: bool
    first: bool
    behind: bool


#: Of the best candidates neighbours are looked at in so many.
LOOKED_INTO = 50


_NEAR = f"coalesce((SELECT score FROM found ORDER BY score DESC OFFSET {LOOKED_INTO - 1} LIMIT 1), '-infinity')"


@lru_cache(maxsize=512)  # more than the shapes that clients use; each is five kilobytes
def _page_query(shape: _Shape) -> str:
    versions = [_versions("event_search", shape)]
    if shape.past:
        versions.append(_versions("event_search_past", shape))
    near = _NEAR if shape.first else "%(near)s::float8"
    score = "score + coalesce(extra, 0)"
    return f"""
        WITH found AS MATERIALIZED (
            SELECT event_id, former, has_every, {_score(shape.terms)} AS score
              FROM ({" UNION ALL ".join(versions)} LIMIT %(most)s) AS counted
        ), total AS MATERIALIZED (
            SELECT count(*) AS scored, count(*) FILTER (WHERE has_every) AS complete, {near} AS near
              FROM found
        )
        SELECT total.scored, total.complete, total.near, pg_current_snapshot()::text,
               page.has_every, page.total_score, page.event_id, page.document
          FROM total
          LEFT JOIN LATERAL (
              SELECT ranked.*, event.document
                FROM (SELECT event_id, has_every, {score} AS total_score
                        FROM found
                        {_extra(shape.neighbours, past=shape.past)}
                       WHERE TRUE {_BEHIND.format(score=score) if shape.behind else ""}
                       ORDER BY has_every DESC, total_score DESC, event_id DESC) AS ranked
                JOIN event ON event.id = ranked.event_id AND event.record_state = 'active'
               ORDER BY ranked.has_every DESC, ranked.total_score DESC, ranked.event_id DESC
               LIMIT %(limit)s
          ) AS page ON TRUE
         ORDER BY page.has_every DESC, page.total_score DESC, page.event_id DESC
        """


_BEHIND = "AND (has_every, {score}, event_id) < (%(after_every)s::boolean, %(after_score)s::float8, %(after_id)s::uuid)"


def _versions(table: str, shape: _Shape) -> str:
    """What is counted in the candidates of one table."""
    counted = [
        f", %(stems_{n})s * ts_rank('{{1,1,1,1}}', search.tsv, %(term_{n})s::tsquery) AS rank_{n}"
        for n in range(len(shape.terms))
    ]
    has_every = "TRUE" if shape.every else "search.tsv @@ %(every)s::tsquery"
    wanted = [*shape.candidates]
    if shape.past:
        wanted.append(VISIBLE[table])
    current = table == "event_search"
    wanted += shape.filter.conditions(current=current)
    former = "NULL::xid8" if current else "search.written"
    return f"""
        (SELECT search.event_id, {former} AS former, {has_every} AS has_every,
                %(saturation)s * (1 - %(normalised)s + %(normalised)s * search.length / %(length)s) AS saturation
                {"".join(counted)}
           FROM {table} AS search
           {shape.filter.join(current=current)}
          WHERE {" AND ".join(wanted)}
         OFFSET 0)
        """


def _in_region(month: str) -> str:
    return f"""
        ({month} > %(region_month)s::integer
         OR {month} = %(region_month)s::integer AND search.bucket < %(region_bucket)s::smallint)
        """


IN_REGION = _in_region("search.month")

_IN_WHOLE_MONTHS = "search.month > %(region_month)s::integer"

#: The same as IN_REGION, of which no index knows.
_SEEN_IN_REGION = _in_region("search.month + 0")

# Rows that were restored from another server bear numbers of transactions that have not been here yet.
_WRITTEN_BEFORE = """
    (pg_visible_in_snapshot(search.written, %(snapshot)s::pg_snapshot)
     OR search.written >= (SELECT pg_snapshot_xmax(pg_current_snapshot())))
    """

#: Rows as they were when the first page was read, be they current or former ones.
VISIBLE = {
    "event_search": _WRITTEN_BEFORE,
    "event_search_past": f"""
        search.ended >= pg_snapshot_xmin(%(snapshot)s::pg_snapshot)
        AND {_WRITTEN_BEFORE}
        AND NOT pg_visible_in_snapshot(search.ended, %(snapshot)s::pg_snapshot)
        """,
}


def _score(terms: Sequence[bool]) -> str:
    parts = (
        f"CASE WHEN rank_{n} > 0 THEN %(weight_{n})s / (1 + saturation / {stands}) ELSE 0 END"
        for n, stands in enumerate(times(f"rank_{n}", several=several) for n, several in enumerate(terms))
    )
    return " + ".join(parts) or "0::float8"


def times(rank: str, *, several: bool) -> str:
    """How many times a word stands in a text, from the sum of what ts_rank made of each of its stems.

    Exact where one stem is there, as it is in a text of one language. Where a word has `several`, a stem that is there
    has at least what is `left` at first, and none has 1: so many stems are there, as often each.
    """
    if not several:
        return f"round(({_LEFT} / (1 - {rank}) - 0.5)::float8)"
    stems = f"greatest(1, floor({rank} / {_LEFT - 0.00001}))"
    return f"round(({stems} * ({_LEFT} / (1 - {rank} / {stems}) - 0.5))::float8)"


def _extra(neighbours: int, *, past: bool) -> str:
    """What neighbours add to the best."""
    if not neighbours:
        return "CROSS JOIN (SELECT NULL::float8 AS extra) AS none"
    worth = " + ".join(
        f"CASE WHEN tsv @@ %(beside_{n})s::tsquery THEN %(beside_weight_{n})s"
        f" WHEN tsv @@ %(near_{n})s::tsquery THEN %(beside_weight_{n})s / 2 ELSE 0 END"
        for n in range(neighbours)
    )
    former = """
        UNION ALL
        SELECT tsv FROM event_search_past AS past WHERE past.event_id = found.event_id AND past.written = found.former
        """
    return f"""
        CROSS JOIN total
        LEFT JOIN LATERAL (
            SELECT {worth} AS extra
              FROM (SELECT tsv FROM event_search AS now WHERE now.event_id = found.event_id AND found.former IS NULL
                    {former if past else ""}) AS text
             WHERE found.score >= total.near
             LIMIT 1
        ) AS beside ON TRUE
        """


def _values(ranking: Ranking) -> dict[str, Any]:
    values: dict[str, Any] = {
        "every": ranking.every,
        "saturation": ranking.saturation,
        "normalised": ranking.normalised,
        "length": ranking.length,
        "near": ranking.near,
        "snapshot": ranking.snapshot,
    }
    for n, term in enumerate(ranking.terms):
        values |= {f"term_{n}": term.query, f"stems_{n}": term.stems, f"weight_{n}": term.weight}
    for n, pair in enumerate(ranking.neighbours):
        values |= {f"beside_{n}": pair.beside, f"near_{n}": pair.near, f"beside_weight_{n}": pair.weight}
    if ranking.region:
        values |= {"region_month": ranking.region.month, "region_bucket": ranking.region.bucket}
    return values
