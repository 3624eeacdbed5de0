"""Ranked pages of events: BM25 computed from tsvectors, over a bounded part of the events."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

from psycopg import Connection

from service.store.search.conditions import FilterSql, Region, SearchFilter, matches_tsquery
from service.store.search.related_words import RELATED, RelatedWord, related_tables, related_values, related_words
from service.store.search.transactions import is_before
from service.store.search.tsquery import TsQuery

#: The most words of a short text.
SHORT = 50

#: For a term that is n times in a text, ts_rank with equal weights returns 1/1 + 1/4 + … + 1/n², divided by the limit
#: of that sum, π²/6. The remainder to 1 is about this number divided by n + 0.5, which tells n.
_REMAINDER = 0.6079271


@dataclass(frozen=True)
class WeightedTerm:
    """A term of a ranking: the query for any of its stems, their number, and the most that the term can add."""

    query: TsQuery
    stems: int
    weight: float


@dataclass(frozen=True)
class WeightedPair:
    """Two terms that add a weight where they are beside each other, and half of it where they are near each other."""

    beside: TsQuery
    near: TsQuery
    weight: float


@dataclass(frozen=True)
class Tier:
    """The events that match `query`, or in texts of SHORT words at most `in_short_text`."""

    query: TsQuery
    in_short_text: TsQuery | None = None


@dataclass(frozen=True)
class Ranking:
    """The events to rank and the parameters of their scores.

    `candidates` matches the events to rank, in the `region` if there is one. Events that match `leading`, which must be
    few, are ranked as well, whatever their month.

    `tiers` sort before scores: an event belongs to the first of them that it matches. They are numbered downwards to 0,
    the tier of the events that match none. To add one, put it where it belongs in the order; if none of its events may
    be missed, add its query to `leading` too.

    `saturation` and `length_weight` are k1 and b of BM25. Pairs and `related` words add to scores from `score_floor`
    on; the first page finds these words, None without them. The `snapshot` is that of the first page, on later ones.
    """

    candidates: TsQuery
    leading: TsQuery
    tiers: Sequence[Tier]
    terms: Sequence[WeightedTerm]
    pairs: Sequence[WeightedPair]
    saturation: float
    length_weight: float
    average_length: float
    region: Region | None = None
    score_floor: float | None = None
    snapshot: str | None = None
    related: Sequence[RelatedWord] | None = None


@dataclass(frozen=True)
class RankMark:
    """The place of an event in the ranking: its tier, its score and its id."""

    tier: int
    score: float
    id: UUID


@dataclass(frozen=True)
class RankedEvent:
    """An event of a page."""

    mark: RankMark
    document: bytes


@dataclass(frozen=True)
class RankedPage:
    """The events of a page, the number of all ranked events, and the parameters for the next page."""

    events: Sequence[RankedEvent]
    scored: int
    score_floor: float | None
    snapshot: str
    related: Sequence[RelatedWord] | None


def page_ranked(
    conn: Connection, ranking: Ranking, filter: SearchFilter, after: RankMark | None, limit: int, *, most: int
) -> RankedPage:
    """Return at most `limit` events behind `after`.

    At most `most` events are ranked, leading ones first. If there are more, `scored` is larger than `most`.
    """
    candidates, leading = matches_tsquery(ranking.candidates), matches_tsquery(ranking.leading)
    shape = _Shape(
        candidates=(candidates.render("search", "candidates"), *([ranking.region.condition] if ranking.region else [])),
        leading=leading.render("search", "leading") if ranking.leading else None,
        tiers=tuple(tier.in_short_text is not None for tier in ranking.tiers),
        terms=tuple(term.stems > 1 for term in ranking.terms),
        pairs=len(ranking.pairs),
        related=ranking.related is not None,
        filter=filter.sql,
        past=ranking.snapshot is not None,
        first=ranking.score_floor is None,
        behind=after is not None,
    )
    text = _page_query(shape)
    values = _values(ranking) | filter.parameters | {"limit": limit, "most": most + 1}
    values |= candidates.parameters("candidates") | leading.parameters("leading")
    if after:
        values |= {"after_tier": after.tier, "after_score": after.score, "after_id": after.id}
    rows = conn.execute(text, values, binary=True, prepare=False).fetchall()
    scored, score_floor, snapshot, related = rows[0][:4]
    events = [RankedEvent(RankMark(*row[4:7]), row[7]) for row in rows if row[6] is not None]
    return RankedPage(events, scored, score_floor, snapshot, related_words(related))


@dataclass(frozen=True)
class _Shape:
    """The parts of which the text of a statement is made, by which it is cached."""

    candidates: tuple[str, ...]
    leading: str | None
    #: For each tier whether short texts have a query of their own.
    tiers: tuple[bool, ...]
    #: For each term whether it has several stems.
    terms: tuple[bool, ...]
    pairs: int
    related: bool
    filter: FilterSql
    past: bool
    first: bool
    behind: bool


#: The number of best candidates to whose scores pairs add.
_WITH_PAIRS = 50

_SCORE_FLOOR = f"coalesce((SELECT score FROM found ORDER BY score DESC OFFSET {_WITH_PAIRS - 1} LIMIT 1), '-infinity')"


@lru_cache(maxsize=512)  # more than the shapes that clients use; each is five kilobytes
def _page_query(shape: _Shape) -> str:
    score_floor = _SCORE_FLOOR if shape.first else "%(score_floor)s::float8"
    score = f"score + coalesce(extra, 0){' + coalesce(worth, 0)' if shape.related else ''}"
    related = f", {related_tables(_text(past=shape.past), first=shape.first)}" if shape.related else ""
    return f"""
        WITH found AS MATERIALIZED (
            SELECT event_id, former, tier, {_score(shape.terms)} AS score
              FROM ({_event_ranks(shape)}) AS counted
        ), total AS MATERIALIZED (
            SELECT count(*) AS scored, {score_floor} AS score_floor
              FROM found
        ){related}
        SELECT total.scored, total.score_floor, pg_current_snapshot()::text, {RELATED if shape.related else "NULL"},
               page.tier, page.total_score, page.event_id, page.document
          FROM total
          LEFT JOIN LATERAL (
              SELECT ranked.*, event.document
                FROM (SELECT event_id, tier, {score} AS total_score
                        FROM found
                        {_extra(shape.pairs, past=shape.past)}
                        {"LEFT JOIN related_worth USING (event_id)" if shape.related else ""}
                       WHERE TRUE {_BEHIND.format(score=score) if shape.behind else ""}
                       ORDER BY tier DESC, total_score DESC, event_id DESC) AS ranked
                JOIN event ON event.id = ranked.event_id AND event.record_state = 'active'
               ORDER BY ranked.tier DESC, ranked.total_score DESC, ranked.event_id DESC
               LIMIT %(limit)s
          ) AS page ON TRUE
         ORDER BY page.tier DESC, page.total_score DESC, page.event_id DESC
        """


_BEHIND = "AND (tier, {score}, event_id) < (%(after_tier)s::integer, %(after_score)s::float8, %(after_id)s::uuid)"


def _event_ranks(shape: _Shape) -> str:
    """Return the query for the tier of each event to rank, and for the rank of each of its terms."""
    ranks = [
        f", %(stems_{n})s * ts_rank('{{1,1,1,1}}', tsv, %(term_{n})s::tsquery) AS rank_{n}"
        for n in range(len(shape.terms))
    ]
    tables = ("event_search", "event_search_past") if shape.past else ("event_search",)
    versions = [_versions(table, conditions, shape) for conditions in _branches(shape) for table in tables]
    return f"""
        SELECT event_id, former, {_tier(shape.tiers)} AS tier,
               %(saturation)s * (1 - %(length_weight)s + %(length_weight)s * length / %(average_length)s) AS saturation
               {"".join(ranks)}
          FROM ({" UNION ALL ".join(versions)} LIMIT %(most)s) AS version
        OFFSET 0
        """


def _tier(tiers: Sequence[bool]) -> str:
    short = " OR words <= %(short)s AND tsv @@ %(short_tier_{n})s::tsquery"
    cases = (
        f"WHEN tsv @@ %(tier_{n})s::tsquery{short.format(n=n) if has_short else ''} THEN {len(tiers) - n}"
        for n, has_short in enumerate(tiers)
    )
    return f"CASE {' '.join(cases)} ELSE 0 END" if tiers else "0"


def _branches(shape: _Shape) -> list[list[str]]:
    """Return the conditions on leading events, if there can be some, and on all other candidates."""
    if not shape.leading:
        return [[*shape.candidates]]
    return [[shape.leading], [*shape.candidates, f"NOT ({shape.leading})"]]


def _versions(table: str, conditions: Sequence[str], shape: _Shape) -> str:
    """Return the query for the events to rank in one table."""
    visible = [VISIBLE[table]] if shape.past else []
    current = table == "event_search"
    conditions = [*conditions, *visible, *shape.filter.conditions(current=current)]
    former = "NULL::xid8" if current else "search.written"
    return f"""
        (SELECT search.event_id, {former} AS former, search.length, search.words, search.tsv
           FROM {table} AS search
           {shape.filter.join(current=current)}
          WHERE {" AND ".join(conditions)}
         OFFSET 0)
        """


_SNAPSHOT = "%(snapshot)s::pg_snapshot"

#: The condition for rows as they were when the first page was read, by table: of current and of former rows.
VISIBLE = {
    "event_search": f"({is_before('search', 'written', _SNAPSHOT)})",
    "event_search_past": f"""
        search.ended >= pg_snapshot_xmin({_SNAPSHOT})
        AND pg_visible_in_snapshot(search.written, {_SNAPSHOT})
        AND NOT ({is_before("search", "ended", _SNAPSHOT)})
        """,
}


def _score(terms: Sequence[bool]) -> str:
    parts = (
        f"CASE WHEN rank_{n} > 0 THEN %(weight_{n})s / (1 + saturation / {stands}) ELSE 0 END"
        for n, stands in enumerate(term_frequency(f"rank_{n}", several=several) for n, several in enumerate(terms))
    )
    return " + ".join(parts) or "0::float8"


def term_frequency(rank: str, *, several: bool) -> str:
    """Return SQL for the number of times that a term is in a text, by the sum of ts_rank for its stems.

    It is exact for one stem, as in a text of one language. If a term has `several` stems, each one in the text adds
    from 0.6 to 1 to the sum: that tells their number, and all are assumed to be there equally often.
    """
    if not several:
        return f"round(({_REMAINDER} / (1 - {rank}) - 0.5)::float8)"
    stems = f"greatest(1, floor({rank} / {_REMAINDER - 0.00001}))"
    return f"round(({stems} * ({_REMAINDER} / (1 - {rank} / {stems}) - 0.5))::float8)"


def _extra(pairs: int, *, past: bool) -> str:
    """Return the join with `extra`, which pairs add to the best scores."""
    if not pairs:
        return "CROSS JOIN (SELECT NULL::float8 AS extra) AS none"
    worth = " + ".join(
        f"CASE WHEN tsv @@ %(beside_{n})s::tsquery THEN %(beside_weight_{n})s"
        f" WHEN tsv @@ %(near_{n})s::tsquery THEN %(beside_weight_{n})s / 2 ELSE 0 END"
        for n in range(pairs)
    )
    return f"""
        CROSS JOIN total
        LEFT JOIN LATERAL (
            SELECT {worth} AS extra
              FROM ({_text(past=past)}) AS text
             WHERE found.score >= total.score_floor
             LIMIT 1
        ) AS beside ON TRUE
        """


def _text(*, past: bool) -> str:
    """Return the query for the tsvector of a row of `found`."""
    former = """
        UNION ALL
        SELECT tsv FROM event_search_past AS past WHERE past.event_id = found.event_id AND past.written = found.former
        """
    return f"""
        SELECT tsv FROM event_search AS now WHERE now.event_id = found.event_id AND found.former IS NULL
        {former if past else ""}
        """


def _values(ranking: Ranking) -> dict[str, Any]:
    values: dict[str, Any] = {
        "saturation": ranking.saturation,
        "length_weight": ranking.length_weight,
        "average_length": ranking.average_length,
        "short": SHORT,
        "score_floor": ranking.score_floor,
        "snapshot": ranking.snapshot,
    }
    values |= related_values(ranking.related or ())
    for n, tier in enumerate(ranking.tiers):
        values |= {f"tier_{n}": tier.query, f"short_tier_{n}": tier.in_short_text}
    for n, term in enumerate(ranking.terms):
        values |= {f"term_{n}": term.query, f"stems_{n}": term.stems, f"weight_{n}": term.weight}
    for n, pair in enumerate(ranking.pairs):
        values |= {f"beside_{n}": pair.beside, f"near_{n}": pair.near, f"beside_weight_{n}": pair.weight}
    if ranking.region:
        values |= {"region_month": ranking.region.month, "region_bucket": ranking.region.bucket}
    return values
