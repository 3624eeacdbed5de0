"""Pages of a search: ranked events first, then the other matches, the newest first. Each page continues the last."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final
from uuid import UUID

import orjson
from psycopg import Connection

from service.search.ranking.bm25 import (
    CorpusStatistics,
    build_ranking,
    estimate_any_word,
    most_matches,
    newest_region,
    share_of,
)
from service.search.ranking.statistics import Statistics, statistics_of
from service.search.text.analyzer import CONFIGURATION_NAMES
from service.search.text.query_compiler import CompiledWords
from service.store.search.conditions import EVERY_EVENT, Region, SearchFilter
from service.store.search.ranking import RankedEvent, RankedPage, Ranking, RankMark, page_ranked
from service.store.search.tsquery import TsQuery
from service.store.search.unranked import NO_DAY, DayMark, UnrankedEvent, ever_more_months, page_unranked

#: If fewer events have all words, those with some of the words follow.
FEW: Final = 20

#: The most candidates to rank, as a multiple of the cap, since their number is an estimate.
_OVER: Final = 4

#: The most matches, as a multiple of the cap, that are all ranked: a region is a further condition for the index.
_SLACK: Final = 1.5

#: The most regions that are tried, since the number of matches in the first one is an estimate.
_TRIES: Final = 3

#: The most words for which matches of some of them are counted, which takes 0.2 s; for more words they are estimated.
_MANY_WORDS: Final = 16

#: The region without events, for a search that only excludes words: nothing is ranked by it.
_NOTHING: Final = Region(1_000_000, 0)

#: More events than a database has.
_LARGEST: Final = 2**31 - 1


@dataclass(frozen=True)
class Position:
    """The place at which a page begins, and the parameters of the ranking, which are those of the first page."""

    languages: tuple[str, ...]
    statistics: CorpusStatistics
    includes_partial: bool
    region: Region | None
    score_floor: float
    snapshot: str
    scored: int
    estimated_total: int
    is_exact: bool
    after: RankMark | DayMark | None

    def encode(self) -> str:
        """Return the position as text for a cursor."""
        statistics, region, after = self.statistics, self.region, self.after
        mark: list[Any] = []
        if isinstance(after, RankMark):
            mark = [after.tier, after.score, str(after.id)]
        elif after:
            mark = [after.day, str(after.id)]
        averages = (statistics.average_length, statistics.average_words)
        return orjson.dumps(
            [
                " ".join(self.languages),
                [statistics.events, *averages, *statistics.document_frequencies],
                self.includes_partial,
                [region.month, region.bucket, region.by_index] if region else None,
                self.score_floor if self.score_floor > float("-inf") else None,
                self.snapshot,
                self.scored,
                self.estimated_total,
                self.is_exact,
                mark,
            ]
        ).decode()

    @classmethod
    def decode(cls, text: str) -> "Position":
        """Return the position of a cursor. ValueError or TypeError for a text that `encode` did not return."""
        languages, numbers, partial, region, floor, snapshot, scored, total, is_exact, mark = orjson.loads(text)
        events, length, words, *frequencies = numbers
        after: RankMark | DayMark | None = None
        if len(mark) == 3:  # noqa: PLR2004 (the members of a RankMark)
            after = RankMark(_number(mark[0]), float(mark[1]), UUID(mark[2]))
        elif mark:
            after = DayMark(_day(mark[0]), UUID(mark[1]))
        return cls(
            languages=tuple(_configurations(str(languages).split())),
            statistics=CorpusStatistics(_number(events), float(length), float(words), list(map(_number, frequencies))),
            includes_partial=bool(partial),
            region=_region(*region) if region else None,
            score_floor=float("-inf") if floor is None else float(floor),
            snapshot=str(snapshot),
            scored=_number(scored),
            estimated_total=_number(total),
            is_exact=bool(is_exact),
            after=after,
        )


def _number(value: Any) -> int:
    if not isinstance(value, int) or not -1 <= value <= _LARGEST:
        raise ValueError("The cursor has an invalid number.")
    return value


def _region(month: Any, bucket: Any, by_index: Any) -> Region:
    return Region(_number(month), _number(bucket), by_index is True)


def _day(text: str) -> str:
    return text if text == NO_DAY else date.fromisoformat(text).isoformat()


def _configurations(names: Sequence[str]) -> Sequence[str]:
    if not CONFIGURATION_NAMES.issuperset(names):
        raise ValueError("The cursor has an unknown language.")
    return names


@dataclass(frozen=True)
class ScoredEvent:
    """An event of a page; its score is None if it is not ranked."""

    id: UUID
    score: float | None
    document: bytes


@dataclass(frozen=True)
class SearchPage:
    """A page of a search, with the number of ranked and of all matching events, and the position of the next page.

    With `includes_partial` events match that have only some of the words.
    """

    events: Sequence[ScoredEvent]
    scored: int
    estimated_total: int
    is_exact: bool
    includes_partial: bool
    ranking: Ranking
    statistics: CorpusStatistics
    next: Position | None

    @property
    def is_capped(self) -> bool:
        """Whether some of the matching events are not ranked."""
        return self.ranking.region is not None or self.scored < self.estimated_total


def first_page(conn: Connection, words: CompiledWords, filter: SearchFilter, limit: int, *, cap: int) -> SearchPage:
    """Return the best events with all words; if they are few, the best events with some of the words.

    About `cap` events are ranked at most.
    """
    search = _Search(conn, words, filter, cap)
    page = search.begin(limit, partial=False)
    if page.scored < FEW and not page.is_capped and words.any_word:
        page = search.begin(limit, partial=True)
    return page


def next_page(
    conn: Connection, words: CompiledWords, filter: SearchFilter, limit: int, *, cap: int, position: Position
) -> SearchPage:
    """Return the page at the position, for the languages of which the words must be compiled."""
    return _Search(conn, words, filter, cap).resume(position, limit)


class _Search:
    """A search while it makes a page."""

    def __init__(self, conn: Connection, words: CompiledWords, filter: SearchFilter, cap: int) -> None:
        self.conn, self.words, self.filter, self.cap = conn, words, filter, cap

    def begin(self, limit: int, *, partial: bool) -> SearchPage:
        """Return the first page."""
        statistics = statistics_of(self.conn)
        counts = statistics.counts(self.conn, [term.query for term in self.words.terms])
        corpus = CorpusStatistics.of(statistics.collection, [count.value for count in counts])
        ranking = build_ranking(self.words, corpus, partial=partial, cap=self.cap)
        are_few = most_matches(ranking.candidates, self.words, corpus) <= _SLACK * self.cap
        expected = 0 if are_few else statistics.estimate(self.conn, ranking.candidates, self.filter)
        page, ranking = self._rank(statistics, ranking, expected, limit + 1)
        total, is_exact = self._total(statistics, ranking, corpus, page, partial=partial)
        position = Position(
            languages=self.words.languages,
            statistics=corpus,
            includes_partial=partial,
            region=ranking.region,
            score_floor=page.score_floor if page.score_floor is not None else float("-inf"),
            snapshot=page.snapshot,
            scored=page.scored,
            estimated_total=total,
            is_exact=is_exact,
            after=None,
        )
        ranking = replace(ranking, score_floor=position.score_floor, snapshot=page.snapshot)
        return self._page(page.events, ranking, position, limit)

    def resume(self, position: Position, limit: int) -> SearchPage:
        """Return the page at a position."""
        ranking = replace(
            build_ranking(self.words, position.statistics, partial=position.includes_partial, cap=self.cap),
            region=position.region,
            score_floor=position.score_floor,
            snapshot=position.snapshot,
        )
        if isinstance(position.after, DayMark):
            return self._page((), ranking, position, limit)
        most = _OVER * self.cap
        page = page_ranked(self.conn, ranking, self.filter, position.after, limit + 1, most=most)
        return self._page(page.events, ranking, position, limit)

    def _rank(self, statistics: Statistics, ranking: Ranking, expected: int, limit: int) -> tuple[RankedPage, Ranking]:
        """Return the first ranked events, and the ranking with a region that has about as many as can be ranked."""
        collection = statistics.collection
        if not ranking.terms:
            ranking = replace(ranking, region=_NOTHING)
            return page_ranked(self.conn, ranking, self.filter, None, limit, most=0), ranking
        share = expected / max(1, collection.events)
        most = _OVER * self.cap
        queries = [ranking.candidates, *self.filter.parameters.values()]
        lexemes = sum(len(list(query.lexemes())) for query in queries if isinstance(query, TsQuery))
        page = None
        for _ in range(_TRIES):
            is_large = share * collection.events > _SLACK * self.cap
            region = newest_region(collection, share, self.cap, lexemes=lexemes) if is_large else None
            ranking = replace(ranking, region=region)
            page = page_ranked(self.conn, ranking, self.filter, None, limit, most=most)
            if page.scored <= most and (region is None or page.scored >= self.cap / 2):
                break
            share = page.scored / max(1.0, share_of(region, collection) * collection.events)
        assert page is not None  # noqa: S101 (there is at least one try)
        return page, ranking

    def _total(
        self, statistics: Statistics, ranking: Ranking, corpus: CorpusStatistics, page: RankedPage, *, partial: bool
    ) -> tuple[int, bool]:
        """Return the number of matching events, ranked or not, and whether it is exact."""
        if ranking.region is None and not (partial and ranking.candidates != self.words.any_word):
            return page.scored, True
        has_conditions = self.words.quoted or self.words.excluded or self.filter != EVERY_EVENT
        if partial and len(corpus.document_frequencies) > _MANY_WORDS and not has_conditions:
            return max(page.scored, estimate_any_word(corpus)), False
        return max(page.scored, statistics.estimate(self.conn, self._query(partial=partial), self.filter)), False

    def _query(self, *, partial: bool) -> TsQuery:
        return self.words.any_word if partial and self.words.any_word else self.words.all_words

    def _page(self, ranked: Sequence[RankedEvent], ranking: Ranking, position: Position, limit: int) -> SearchPage:
        """Return the page with the ranked events, and the others behind them."""
        events = [ScoredEvent(one.mark.id, one.mark.score, one.document) for one in ranked]
        marks: list[RankMark | DayMark] = [one.mark for one in ranked]
        query = self._query(partial=position.includes_partial)
        if len(events) <= limit and (ranking.region or ranking.candidates != query):
            after = position.after if isinstance(position.after, DayMark) else None
            for one in self._unranked(ranking, query, after, limit + 1 - len(events)):
                events.append(ScoredEvent(one.mark.id, None, one.document))
                marks.append(one.mark)
        return SearchPage(
            events=events[:limit],
            scored=position.scored,
            estimated_total=position.estimated_total,
            is_exact=position.is_exact,
            includes_partial=position.includes_partial,
            ranking=ranking,
            statistics=position.statistics,
            next=replace(position, after=marks[limit - 1]) if len(events) > limit else None,
        )

    def _unranked(self, ranking: Ranking, query: TsQuery, after: DayMark | None, limit: int) -> list[UnrankedEvent]:
        """Return matching events that are not ranked, the newest first, from ever more months until they suffice."""
        months = [month for month, _ in statistics_of(self.conn).collection.months]
        newest = after.month if after else None
        if ranking.region and not after and ranking.candidates == query and ranking.region != _NOTHING:
            newest = ranking.region.month
        events: list[UnrankedEvent] = []
        for part in ever_more_months(months, newest):
            rest = limit - len(events)
            events += page_unranked(self.conn, query, ranking, self.filter, after, limit=rest, months=part)
            if len(events) == limit:
                break
        return events
