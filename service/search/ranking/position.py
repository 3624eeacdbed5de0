"""The place at which a page of a search begins, as a value and as text for a cursor."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

import orjson

from service.search.ranking.bm25 import CorpusStatistics
from service.search.text.languages import TAGS
from service.store.search.conditions import Region
from service.store.search.ranking import RankMark
from service.store.search.related_words import RelatedWord
from service.store.search.unranked import NO_DAY, DayMark

#: More events than a database has.
_LARGEST: Final = 2**31 - 1


@dataclass(frozen=True)
class MatchCount:
    """A number of matching events, and of those among them that are ranked."""

    scored: int
    total: int
    is_exact: bool

    def without(self, some: "MatchCount") -> "MatchCount":
        """Return the count of the others, where `some` of the events are counted apart."""
        return MatchCount(max(0, self.scored - some.scored), max(0, self.total - some.total), self.is_exact)


@dataclass(frozen=True)
class Position:
    """The place at which a page begins, and the parameters of the ranking, which are those of the first page.

    `words` are the places of the clauses of a long query that are read.

    `matches` counts the events with every word, `partial` the others of a list that has partial matches; `phrases` are
    the places of the quotations that these have, and `least` is the weight of their words where not all are ranked.
    """

    languages: tuple[str, ...]
    words: tuple[int, ...]
    statistics: CorpusStatistics
    phrases: tuple[int, ...] | None
    least: float | None
    region: Region | None
    score_floor: float
    snapshot: str
    related: Sequence[RelatedWord] | None
    matches: MatchCount
    partial: MatchCount | None
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
                self.words,
                [statistics.events, *averages, *statistics.document_frequencies],
                self.phrases,
                self.least,
                [region.month, region.bucket, region.by_index] if region else None,
                self.score_floor if self.score_floor > float("-inf") else None,
                self.snapshot,
                None if self.related is None else list(map(list, self.related)),
                _counts(self.matches),
                _counts(self.partial) if self.partial else None,
                mark,
            ]
        ).decode()

    @classmethod
    def decode(cls, text: str) -> "Position":
        """Return the position of a cursor. ValueError or TypeError for a text that `encode` did not return."""
        languages, words_read, numbers, phrases, least, region, floor, snapshot, related, matches, partial, mark = (
            orjson.loads(text)
        )
        events, length, words, *frequencies = numbers
        after: RankMark | DayMark | None = None
        if len(mark) == 3:  # noqa: PLR2004 (the members of a RankMark)
            after = RankMark(_number(mark[0]), float(mark[1]), UUID(mark[2]))
        elif mark:
            after = DayMark(_day(mark[0]), UUID(mark[1]))
        return cls(
            languages=tuple(_languages(str(languages).split())),
            words=tuple(map(_number, words_read)),
            statistics=CorpusStatistics(_number(events), float(length), float(words), list(map(_number, frequencies))),
            phrases=None if phrases is None else tuple(map(_number, phrases)),
            least=None if least is None else float(least),
            region=_region(*region) if region else None,
            score_floor=float("-inf") if floor is None else float(floor),
            snapshot=str(snapshot),
            related=None if related is None else [RelatedWord(str(word), float(weight)) for word, weight in related],
            matches=_match_count(*matches),
            partial=_match_count(*partial) if partial else None,
            after=after,
        )


def _number(value: Any) -> int:
    if not isinstance(value, int) or not -1 <= value <= _LARGEST:
        raise ValueError("The cursor has an invalid number.")
    return value


def _counts(count: MatchCount) -> list[int]:
    return [count.scored, count.total, count.is_exact]


def _match_count(scored: Any, total: Any, is_exact: Any) -> MatchCount:
    return MatchCount(_number(scored), _number(total), is_exact is True)


def _region(month: Any, bucket: Any, by_index: Any) -> Region:
    return Region(_number(month), _number(bucket), by_index is True)


def _day(text: str) -> str:
    return text if text == NO_DAY else date.fromisoformat(text).isoformat()


def _languages(names: Sequence[str]) -> Sequence[str]:
    if not TAGS.keys() >= set(names):
        raise ValueError("The cursor has an unknown language.")
    return names
