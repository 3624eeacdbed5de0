"""Pages of events by how well words fit them, each the rest of the one before: ranked ones first, then the newest."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final
from uuid import UUID

import orjson
from psycopg import Connection

from service.search.ranking.bm25 import Figures, most_with_all, part_of, ranking_of, region_of, with_any
from service.search.ranking.statistics import Statistics, statistics_of
from service.search.text.analyzer import CONFIGURATION_NAMES
from service.search.text.query_compiler import CompiledWords
from service.store.search.conditions import EVERY_EVENT, SearchFilter
from service.store.search.ranking import Mark, Ranked, RankedPage, Ranking, Region, page_ranked
from service.store.search.tsquery import TsQuery
from service.store.search.unranked import NO_DAY, Months, Place, page_remaining

#: Where fewer events have every word, those that have some of them follow.
FEW: Final = 20

#: Candidates that are ranked at most, as a multiple of the cap: how many there will be is a guess.
_OVER: Final = 4

#: Somewhat more than the cap are ranked rather than a part of them, since months are asked of the index as well.
_SLACK: Final = 1.5

#: Times that a region is made larger or smaller, since other events met the filter than was guessed.
_TRIES: Final = 3

#: Words from which on it is not asked how many events have some of them, which takes 0.2 s, but told as if by chance.
_MANY_WORDS: Final = 16

#: Months that are asked of the index one by one at most.
_MANY_MONTHS: Final = 60

#: Nothing is ranked where a search only says what must not be there.
_NOTHING: Final = Region(1_000_000, 0)

#: More events than there are anywhere.
_LARGEST: Final = 2**31 - 1


@dataclass(frozen=True)
class Position:
    """Behind which event a page begins, and what the ranking is computed from, which stays as it was for the first."""

    languages: tuple[str, ...]
    figures: Figures
    partly: bool
    region: Region | None
    near: float
    snapshot: str
    scored: int
    of: int
    exact: bool
    after: Mark | Place | None

    def encoded(self) -> str:
        """As a cursor holds it."""
        figures, region, after = self.figures, self.region, self.after
        where: list[Any] = []
        if isinstance(after, Mark):
            where = [after.every, after.score, str(after.id)]
        elif after:
            where = [after.day, str(after.id)]
        return orjson.dumps(
            [
                " ".join(self.languages),
                [figures.events, figures.length, figures.words, *figures.counts],
                self.partly,
                [region.month, region.bucket, region.by_index] if region else None,
                self.near if self.near > float("-inf") else None,
                self.snapshot,
                self.scored,
                self.of,
                self.exact,
                where,
            ]
        ).decode()

    @classmethod
    def decoded(cls, text: str) -> "Position":
        """The same from a cursor. ValueError or TypeError where it was not made here."""
        languages, figures, partly, region, near, snapshot, scored, of, exact, where = orjson.loads(text)
        events, length, words, *counts = figures
        after: Mark | Place | None = None
        if len(where) == 3:  # noqa: PLR2004 (as written above)
            after = Mark(bool(where[0]), float(where[1]), UUID(where[2]))
        elif where:
            after = Place(_day(where[0]), UUID(where[1]))
        return cls(
            languages=tuple(_known(str(languages).split())),
            figures=Figures(_number(events), float(length), float(words), [_number(count) for count in counts]),
            partly=bool(partly),
            region=_region(*region) if region else None,
            near=float("-inf") if near is None else float(near),
            snapshot=str(snapshot),
            scored=_number(scored),
            of=_number(of),
            exact=bool(exact),
            after=after,
        )


def _number(value: Any) -> int:
    if not isinstance(value, int) or not -1 <= value <= _LARGEST:
        raise ValueError("No number that was written here.")
    return value


def _region(month: Any, bucket: Any, by_index: Any) -> Region:
    return Region(_number(month), _number(bucket), by_index is True)


def _day(text: str) -> str:
    return text if text == NO_DAY else date.fromisoformat(text).isoformat()


def _known(languages: Sequence[str]) -> Sequence[str]:
    if not CONFIGURATION_NAMES.issuperset(languages):
        raise ValueError("No languages that were written here.")
    return languages


@dataclass(frozen=True)
class Found:
    """One event of a page: its score is None where it was not ranked."""

    id: UUID
    score: float | None
    document: bytes


@dataclass(frozen=True)
class Page:
    """Events in order; how many are ranked, of how many in all, and whether that is exact; where the next page begins.

    Those that have some of the words only are `partly` among them.
    """

    events: Sequence[Found]
    scored: int
    of: int
    exact: bool
    partly: bool
    ranking: Ranking
    figures: Figures
    next: Position | None

    @property
    def capped(self) -> bool:
        """Whether some of the events are not ranked."""
        return self.ranking.region is not None or self.scored < self.of


def first_page(conn: Connection, words: CompiledWords, filter: SearchFilter, limit: int, *, cap: int) -> Page:
    """The best events that `words` mean and that pass `filter`; where they are few, then those with some words."""
    search = _Search(conn, words, filter, cap)
    page = search.begin(limit, partly=False)
    if page.scored < FEW and not page.capped and words.any_word:
        page = search.begin(limit, partly=True)
    return page


def next_page(
    conn: Connection, words: CompiledWords, filter: SearchFilter, limit: int, *, cap: int, position: Position
) -> Page:
    """The page that begins at `position`; `words` are understood in its languages."""
    return _Search(conn, words, filter, cap).resume(position, limit)


class _Search:
    """One search while its page is made."""

    def __init__(self, conn: Connection, words: CompiledWords, filter: SearchFilter, cap: int) -> None:
        self.conn, self.words, self.filter, self.cap = conn, words, filter, cap

    def begin(self, limit: int, *, partly: bool) -> Page:
        """The first page."""
        statistics = statistics_of(self.conn)
        counts = statistics.counts(self.conn, [term.query for term in self.words.terms])
        figures = Figures.of(statistics.collection, [count.value for count in counts])
        ranking = ranking_of(self.words, figures, partly=partly, cap=self.cap)
        are_few = most_with_all(ranking.candidates, self.words, figures) <= _SLACK * self.cap
        expected = 0 if are_few else statistics.guess(self.conn, ranking.candidates, self.filter)
        found, ranking = self._rank(statistics, ranking, expected, limit + 1)
        of, exact = self._all_of(statistics, ranking, figures, found, partly=partly)
        position = Position(
            languages=self.words.languages,
            figures=figures,
            partly=partly,
            region=ranking.region,
            near=found.near if found.near is not None else float("-inf"),
            snapshot=found.snapshot,
            scored=found.scored,
            of=of,
            exact=exact,
            after=None,
        )
        ranking = replace(ranking, near=position.near, snapshot=found.snapshot)
        return self._page(found.events, ranking, position, limit)

    def resume(self, position: Position, limit: int) -> Page:
        """A page that follows."""
        ranking = replace(
            ranking_of(self.words, position.figures, partly=position.partly, cap=self.cap),
            region=position.region,
            near=position.near,
            snapshot=position.snapshot,
        )
        if isinstance(position.after, Place):
            return self._page((), ranking, position, limit)
        most = _OVER * self.cap
        found = page_ranked(self.conn, ranking, self.filter, position.after, limit + 1, most=most)
        return self._page(found.events, ranking, position, limit)

    def _rank(self, statistics: Statistics, ranking: Ranking, expected: int, limit: int) -> tuple[RankedPage, Ranking]:
        """The first ranked events, and the region in which about as many are as can be ranked."""
        collection = statistics.collection
        if not ranking.terms:
            tried = replace(ranking, region=_NOTHING)
            return page_ranked(self.conn, tried, self.filter, None, limit, most=0), tried
        share = expected / max(1, collection.events)
        most = _OVER * self.cap
        queries = [ranking.candidates, *self.filter.parameters.values()]
        lexemes = sum(len(list(query.lexemes())) for query in queries if isinstance(query, TsQuery))
        found = None
        for _ in range(_TRIES):
            is_large = share * collection.events > _SLACK * self.cap
            region = region_of(collection, share, self.cap, lexemes=lexemes) if is_large else None
            tried = replace(ranking, region=region)
            found = page_ranked(self.conn, tried, self.filter, None, limit, most=most)
            part = part_of(collection, region)
            if found.scored <= most and (region is None or found.scored >= self.cap / 2):
                break
            share = found.scored / max(1.0, part * collection.events)
        assert found is not None  # noqa: S101 (there is a try)
        return found, tried

    def _all_of(
        self, statistics: Statistics, ranking: Ranking, figures: Figures, found: RankedPage, *, partly: bool
    ) -> tuple[int, bool]:
        """How many events there are in all, ranked or not."""
        if ranking.region is None and not (partly and ranking.candidates != self.words.any_word):
            return found.scored, True
        has_conditions = self.words.quoted or self.words.excluded or self.filter != EVERY_EVENT
        if partly and len(figures.counts) > _MANY_WORDS and not has_conditions:
            return max(found.scored, with_any(figures)), False
        wanted = statistics.guess(self.conn, self._wanted(partly=partly), self.filter)
        return max(found.scored, wanted), False

    def _wanted(self, *, partly: bool) -> TsQuery:
        return self.words.any_word if partly and self.words.any_word else self.words.all_words

    def _page(self, found: Sequence[Ranked], ranking: Ranking, position: Position, limit: int) -> Page:
        """Ranked events, and behind them the others."""
        events = [Found(one.mark.id, one.mark.score, one.document) for one in found]
        ends: list[Mark | Place] = [one.mark for one in found]
        wanted = self._wanted(partly=position.partly)
        if len(events) <= limit and (ranking.region or ranking.candidates != wanted):
            after = position.after if isinstance(position.after, Place) else None
            for one in self._remaining(ranking, wanted, after, limit + 1 - len(events)):
                events.append(Found(one.place.id, None, one.document))
                ends.append(one.place)
        more = len(events) > limit
        return Page(
            events=events[:limit],
            scored=position.scored,
            of=position.of,
            exact=position.exact,
            partly=position.partly,
            ranking=ranking,
            figures=position.figures,
            next=replace(position, after=ends[limit - 1]) if more else None,
        )

    def _remaining(self, ranking: Ranking, wanted: TsQuery, after: Place | None, limit: int) -> Sequence[Any]:
        """Events that are not ranked, the newest first, from ever more months until they are enough."""
        known = [month for month, _ in statistics_of(self.conn).collection.months]
        newest = _month_of(after) if after else None
        if ranking.region and not after and ranking.candidates == wanted and ranking.region != _NOTHING:
            newest = ranking.region.month
        events: list[Any] = []
        for months in _ever_more(known, newest):
            left = limit - len(events)
            events += page_remaining(self.conn, wanted, ranking, self.filter, after, limit=left, months=months)
            if len(events) == limit:
                break
        return events


def _ever_more(known: Sequence[int], newest: int | None) -> Iterator[Months]:
    """The `known` months back from the newest, in ever larger parts that meet; the last one has all that is left."""
    reach = 1
    while True:
        behind = known if newest is None else [month for month in known if month <= newest]
        if len(behind) <= reach or (newest or behind[0]) - behind[reach - 1] > _MANY_MONTHS:
            yield Months(None, newest)
            return
        oldest = behind[reach - 1]
        yield Months(oldest, newest)
        newest, reach = oldest - 1, reach * 4


def _month_of(place: Place) -> int:
    """The month of a day as PostgreSQL writes it."""
    if place.day == NO_DAY:
        return 0
    year, month, _ = place.day.split("-")
    return int(year) * 12 + int(month) - 1
