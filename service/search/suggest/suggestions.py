"""Suggestions of titles, topics and participants for the text that a user has typed so far."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from urllib.parse import urlencode

from psycopg import Connection

from service import store
from service.search.filter import Words
from service.search.ranking.bm25 import newest_region
from service.search.ranking.statistics import statistics_of
from service.search.suggest.spelling import correct_spelling, fold_name, prefix_query
from service.search.text.analyzer import MARK
from service.search.text.query_compiler import compile_query
from service.store.search.suggestions import MOST_CANDIDATES, Suggestion
from service.store.search.tsquery import Lexeme, TsQuery

#: The characters of a title's key, by whose prefix it is found.
_TITLE_KEY = 80

#: The shortest last word in letters that is completed inside titles, and its most completions.
_SHORTEST, _MOST_COMPLETIONS = 3, 10

#: The most matches of words for which titles are suggested.
_MOST_MATCHES = 20_000


@dataclass(frozen=True)
class Suggestions:
    """The suggestions, the best first; and the text that they are for, if it is a correction of that of the user."""

    items: Sequence[Suggestion]
    correction: str | None = None


def suggest(conn: Connection, typed: str, kinds: Sequence[str], limit: int) -> Suggestions:
    """Return at most `limit` suggestions of `kinds`: those with the text as prefix, then those with words that have it.

    If there are none, they are for the corrected text.
    """
    if items := _find(conn, typed, kinds, limit):
        return Suggestions(items)
    correction = correct_spelling(conn, typed)
    items = _find(conn, correction, kinds, limit) if correction else []
    return Suggestions(items, correction if items else None)


def filter_query(suggestion: Suggestion) -> str | None:
    """Return the query string that filters events by a suggestion; None for a title, which leads to its event."""
    match suggestion.kind:
        case "topic":
            return urlencode({"topic": suggestion.id})
        case "participant":
            return urlencode({"q": '"' + suggestion.text.replace('"', " ") + '"'})
    return None


def _find(conn: Connection, typed: str, kinds: Sequence[str], limit: int) -> list[Suggestion]:
    words, prefix = prefix_query(typed), fold_name(typed)
    by_kind: list[Sequence[Suggestion]] = []
    if "topic" in kinds and words:
        by_kind.append(store.search.suggestions.find_topics(conn, words, prefix, limit))
    if "participant" in kinds and words:
        by_kind.append(store.search.suggestions.find_participants(conn, words, prefix, limit))
    if "title" in kinds:
        titles = store.search.suggestions.find_titles(conn, typed.casefold()[:_TITLE_KEY], limit)
        if len(titles) < limit:
            ids = {title.id for title in titles}
            titles += [title for title in _find_with_words(conn, typed, limit) if title.id not in ids]
        by_kind.append(titles)
    with_prefix: list[Suggestion] = []
    others: list[Suggestion] = []
    for suggestion in _alternating(by_kind):
        (with_prefix if fold_name(suggestion.text).startswith(prefix) else others).append(suggestion)
    return [*with_prefix, *others][:limit]


def _alternating(by_kind: Iterable[Sequence[Suggestion]]) -> Iterator[Suggestion]:
    """Return the first of each kind, then the second of each, and so on."""
    return (suggestion for turn in zip_longest(*by_kind) for suggestion in turn if suggestion is not None)


def _find_with_words(conn: Connection, typed: str, limit: int) -> list[Suggestion]:
    """Return the newest events whose title has the words, with the last word as a prefix."""
    text = _completed(conn, typed)
    query = compile_query(conn, Words(text)).all_words if text else TsQuery()
    if not query:
        return []
    statistics = statistics_of(conn)
    [count] = statistics.counts(conn, [query])
    if count.value > _MOST_MATCHES:
        return []
    share = count.value / max(1, statistics.collection.events)
    region = newest_region(statistics.collection, share, MOST_CANDIDATES)
    return store.search.suggestions.find_titled(conn, query, in_titles(query), region, limit)


def _completed(conn: Connection, typed: str) -> str | None:
    """Return the text as a web-search expression, with the completions of its last word."""
    complete, _, last = (fold_name(part) for part in typed.rpartition(" "))
    if len(last) < _SHORTEST:
        return complete or None
    completions = store.search.words.find_with_prefix(conn, last, _MOST_COMPLETIONS) if last.isalpha() else []
    return f"{complete} {' OR '.join(completions or [last])}"


def in_titles(query: TsQuery) -> TsQuery:
    """Return the query that matches by titles and names alone."""
    return query.map_lexemes(_in_title)


def _in_title(lexeme: Lexeme) -> Lexeme:
    return lexeme if lexeme.text.startswith(MARK) else lexeme._replace(weights="A")
