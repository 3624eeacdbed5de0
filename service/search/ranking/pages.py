"""Pages of a search: ranked events first, then the other matches, the newest first. Each page continues the last."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

from psycopg import Connection

from service.search.ranking.bm25 import (
    CorpusStatistics,
    build_ranking,
    estimate_any_word,
    most_matches,
    newest_region,
    share_of,
)
from service.search.ranking.candidates import CandidateChoice
from service.search.ranking.position import MatchCount, Position
from service.search.ranking.relaxation import PhrasePlaces, partial_query, relaxations, unmatched_parts
from service.search.ranking.statistics import Statistics, statistics_of
from service.search.ranking.tiers import match_tiers
from service.search.text.compiled_words import CompiledWords
from service.store.search.conditions import EVERY_EVENT, Region, SearchFilter
from service.store.search.ranking import RankedEvent, RankedPage, Ranking, RankMark, Tier, page_ranked
from service.store.search.tsquery import TsQuery
from service.store.search.unranked import DayMark, UnrankedEvent, ever_more_months, page_unranked

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

#: The share of the cap that is filled with the heaviest of more candidates: the others hold less of the search.
_CHOSEN: Final = 0.5

#: The fewest words of a search in natural language, in whose partial matches related words count.
_NATURAL: Final = 5

#: The region without events, for a search that only excludes words: nothing is ranked by it.
_NOTHING: Final = Region(1_000_000, 0)


@dataclass(frozen=True)
class ScoredEvent:
    """An event of a page; its score is None if it is not ranked."""

    id: UUID
    score: float | None
    document: bytes


@dataclass(frozen=True)
class SearchPage:
    """A page of a search, and the position of the next page.

    `matches` counts the events with every word. If these are few, `partial` counts the events with some of the words,
    which follow them. `unmatched` are the words that no event has, and the quotations that the page's events lack.
    """

    events: Sequence[ScoredEvent]
    matches: MatchCount
    partial: MatchCount | None
    unmatched: Sequence[str]
    ranking: Ranking
    statistics: CorpusStatistics
    next: Position | None

    @property
    def is_capped(self) -> bool:
        """Whether some of the events are not ranked."""
        counts = (self.matches, self.partial) if self.partial else (self.matches,)
        return self.ranking.region is not None or any(count.scored < count.total for count in counts)


def first_page(conn: Connection, words: CompiledWords, filter: SearchFilter, limit: int, *, cap: int) -> SearchPage:
    """Return the best events with all words; if they are few, the best events with some of the words follow.

    About `cap` events are ranked at most.
    """
    search = _Search(conn, words, filter, cap)
    page = search.begin(limit)
    if page.matches.total < FEW and not page.is_capped:
        for phrases in relaxations(conn, words, is_empty=not page.events):
            relaxed = search.begin(limit, phrases, page.matches)
            if relaxed.partial and relaxed.partial.total:
                return relaxed
            page = replace(page, unmatched=relaxed.unmatched)
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

    def begin(self, limit: int, phrases: PhrasePlaces | None = None, matches: MatchCount | None = None) -> SearchPage:
        """Return the first page: of the events with every word, or of these `matches` and the partial ones."""
        statistics = statistics_of(self.conn)
        corpus = CorpusStatistics.of(statistics.collection, self._document_frequencies(statistics))
        least = self._least_weight(statistics, corpus, phrases)
        ranking = self._ranking(corpus, phrases, least, has_matches=bool(matches and matches.total))
        are_few = most_matches(ranking.candidates, self.words, corpus) <= _SLACK * self.cap
        expected = 0 if are_few else statistics.estimate(self.conn, ranking.candidates, self.filter)
        page, ranking = self._rank(statistics, ranking, expected, limit + 1)
        count = self._count(statistics, ranking, corpus, page, self._listed(phrases))
        position = Position(
            languages=self.words.languages,
            words=self.words.places,
            statistics=corpus,
            phrases=phrases,
            least=least,
            region=ranking.region,
            score_floor=page.score_floor if page.score_floor is not None else float("-inf"),
            snapshot=page.snapshot,
            related=page.related if ranking.related is not None else None,
            matches=matches or count,
            partial=count.without(matches) if matches else None,
            after=None,
        )
        ranking = replace(ranking, score_floor=position.score_floor, snapshot=page.snapshot)
        return self._page(page.events, ranking, position, limit)

    def resume(self, position: Position, limit: int) -> SearchPage:
        """Return the page at a position."""
        ranking = replace(
            self._ranking(
                position.statistics, position.phrases, position.least, has_matches=position.matches.total > 0
            ),
            region=position.region,
            score_floor=position.score_floor,
            snapshot=position.snapshot,
            related=position.related,
        )
        if isinstance(position.after, DayMark):
            return self._page((), ranking, position, limit)
        most = _OVER * self.cap
        page = page_ranked(self.conn, ranking, self.filter, position.after, limit + 1, most=most)
        return self._page(page.events, ranking, position, limit)

    def _document_frequencies(self, statistics: Statistics) -> list[int]:
        """Return the number of events with each word in their texts; where no event has it, in names of sources."""
        terms = self.words.terms
        counts = statistics.counts(self.conn, [term.query for term in terms])
        unknown = [term.in_sources for term, count in zip(terms, counts, strict=True) if not count.value]
        in_sources = dict(zip(unknown, statistics.counts(self.conn, unknown), strict=True)) if any(unknown) else {}
        return [
            count.value or (in_sources[term.in_sources].value if in_sources else 0)
            for term, count in zip(terms, counts, strict=True)
        ]

    def _listed(self, phrases: PhrasePlaces | None) -> TsQuery:
        """Return the query for all events of the list, ranked or not."""
        return self.words.all_words if phrases is None else partial_query(self.words, phrases)

    def _ranking(
        self, corpus: CorpusStatistics, phrases: PhrasePlaces | None, least: float | None, *, has_matches: bool
    ) -> Ranking:
        """Return the ranking of the list's events, or of those with words of the weight `least`.

        Those of which the search is the whole title lead; the events with every word, if there are some, follow.
        """
        candidates = self._listed(phrases)
        if least is not None:
            candidates = CandidateChoice.of(self.words, corpus, round(self.cap * _CHOSEN)).query(least, candidates)
        whole = self.words.whole_titles
        ranking = replace(
            build_ranking(self.words, corpus, candidates), leading=TsQuery.any(whole), tiers=tuple(map(Tier, whole))
        )
        if phrases is not None and len(self.words.terms) >= _NATURAL:
            ranking = replace(ranking, related=())
        if phrases is None or not has_matches:
            return ranking
        leading = TsQuery.any([ranking.leading, self.words.all_words])
        return replace(ranking, leading=leading, tiers=(*ranking.tiers, *match_tiers(self.words, corpus)))

    def _least_weight(
        self, statistics: Statistics, corpus: CorpusStatistics, phrases: PhrasePlaces | None
    ) -> float | None:
        """Return the weight of the words of the events to rank; None to rank all, or the newest."""
        is_divisible = phrases is not None or self.words.has_alternatives
        if not is_divisible or sum(corpus.document_frequencies) <= self.cap:
            return None
        choice = CandidateChoice.of(self.words, corpus, round(self.cap * _CHOSEN))
        return choice.find_least_weight(self.conn, self._listed(phrases), self.filter, statistics.collection.events)

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

    def _count(
        self, statistics: Statistics, ranking: Ranking, corpus: CorpusStatistics, page: RankedPage, listed: TsQuery
    ) -> MatchCount:
        """Return the number of the list's events, ranked or not."""
        if ranking.region is None and ranking.candidates == listed:
            return MatchCount(page.scored, page.scored, is_exact=True)
        is_any_word = len(listed.required) == 1 and not listed.none_of and self.filter == EVERY_EVENT
        if is_any_word and ranking.candidates != listed and len(corpus.document_frequencies) > _MANY_WORDS:
            total = estimate_any_word(corpus)
        else:
            total = statistics.estimate(self.conn, listed, self.filter)
        return MatchCount(page.scored, max(page.scored, total), is_exact=False)

    def _page(self, ranked: Sequence[RankedEvent], ranking: Ranking, position: Position, limit: int) -> SearchPage:
        """Return the page with the ranked events, and the others behind them."""
        events = [ScoredEvent(one.mark.id, one.mark.score, one.document) for one in ranked]
        marks: list[RankMark | DayMark] = [one.mark for one in ranked]
        listed = self._listed(position.phrases)
        if len(events) <= limit and (ranking.region or ranking.candidates != listed):
            after = position.after if isinstance(position.after, DayMark) else None
            for one in self._unranked(ranking, listed, after, limit + 1 - len(events)):
                events.append(ScoredEvent(one.mark.id, None, one.document))
                marks.append(one.mark)
        return SearchPage(
            events=events[:limit],
            matches=position.matches,
            partial=position.partial,
            unmatched=unmatched_parts(self.words, position.statistics, position.phrases),
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
