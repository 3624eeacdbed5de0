"""What could be meant by what a reader has typed so far."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from urllib.parse import urlencode

from psycopg import Connection

from service import store
from service.search.filter import Words
from service.search.ranking.bm25 import newest_region
from service.search.ranking.statistics import statistics_of
from service.search.suggest.spelling import beginnings, corrected, folded
from service.search.text.analyzer import MARK
from service.search.text.query_compiler import compile_query
from service.store.search.suggestions import LOOKED_THROUGH, Offer
from service.store.search.tsquery import Lexeme, TsQuery

#: Characters by which titles are sorted, and so are found by their beginning.
_TITLE_KEY = 80

#: Letters of a last word that may go on, to be looked for within titles; and words that it may go on to.
_SHORTEST, _MOST_ENDS = 3, 10

#: Events with words that are so common that a title with them is no offer.
_TOO_COMMON = 20_000


@dataclass(frozen=True)
class Suggestions:
    """What is offered, likeliest first; and what was typed with its words corrected, where only that finds any."""

    offers: Sequence[Offer]
    corrected: str | None = None


def suggest(conn: Connection, typed: str, kinds: Sequence[str], limit: int) -> Suggestions:
    """At most `limit` offers of `kinds`: what begins so, then what has words that do, else what is spelt nearly so."""
    if found := _found(conn, typed, kinds, limit):
        return Suggestions(found)
    meant = corrected(conn, typed)
    found = _found(conn, meant, kinds, limit) if meant else []
    return Suggestions(found, meant if found else None)


def query_of(offer: Offer) -> str | None:
    """The query that finds what is meant; None for an event, which has an address."""
    match offer.kind:
        case "topic":
            return urlencode({"topic": offer.id})
        case "participant":
            return urlencode({"q": '"' + offer.text.replace('"', " ") + '"'})
    return None


def _found(conn: Connection, typed: str, kinds: Sequence[str], limit: int) -> list[Offer]:
    words, beginning = beginnings(typed), folded(typed)
    offers: list[Sequence[Offer]] = []
    if "topic" in kinds and words:
        offers.append(store.search.suggestions.find_topics(conn, words, beginning, limit))
    if "participant" in kinds and words:
        offers.append(store.search.suggestions.find_participants(conn, words, beginning, limit))
    if "title" in kinds:
        titles = store.search.suggestions.find_titles(conn, typed.casefold()[:_TITLE_KEY], limit)
        if len(titles) < limit:
            known = {title.id for title in titles}
            titles += [title for title in _with_words(conn, typed, limit) if title.id not in known]
        offers.append(titles)
    begin: list[Offer] = []
    within: list[Offer] = []
    for offer in _in_turns(offers):
        (begin if folded(offer.text).startswith(beginning) else within).append(offer)
    return [*begin, *within][:limit]


def _in_turns(offers: Iterable[Sequence[Offer]]) -> Iterator[Offer]:
    """One of each kind, then the next one of each."""
    return (offer for turn in zip_longest(*offers) for offer in turn if offer is not None)


def _with_words(conn: Connection, typed: str, limit: int) -> list[Offer]:
    """The newest events whose title has the words, of which the last may go on."""
    meant = _spelt_out(conn, typed)
    every = compile_query(conn, Words(meant)).all_words if meant else TsQuery()
    if not every:
        return []
    statistics = statistics_of(conn)
    [count] = statistics.counts(conn, [every])
    if count.value > _TOO_COMMON:
        return []
    share = count.value / max(1, statistics.collection.events)
    region = newest_region(statistics.collection, share, LOOKED_THROUGH)
    return store.search.suggestions.find_titled(conn, every, in_titles(every), region, limit)


def _spelt_out(conn: Connection, typed: str) -> str | None:
    """What was typed as a web search, its last word as the words of the events that it may go on to."""
    complete, _, last = (folded(part) for part in typed.rpartition(" "))
    if len(last) < _SHORTEST:
        return complete or None
    ends = store.search.words.find_with_prefix(conn, last, _MOST_ENDS) if last.isalpha() else []
    return f"{complete} {' OR '.join(ends or [last])}"


def in_titles(query: TsQuery) -> TsQuery:
    """Return the query that matches by titles and names alone."""
    return query.map_lexemes(_in_title)


def _in_title(lexeme: Lexeme) -> Lexeme:
    return lexeme if lexeme.text.startswith(MARK) else replace(lexeme, weights="A")
