"""Suggestions of titles, topics and values of facets for the text that a user has typed so far."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Final
from urllib.parse import urlencode

from psycopg import Connection

from schemas.country_names import find_jurisdiction
from schemas.filter_values import join_values
from service import store
from service.search.filter import Words
from service.search.ranking.bm25 import newest_region
from service.search.ranking.statistics import statistics_of
from service.search.suggest.labels import PLACES, VOCABULARIES, label_of, labelled_values
from service.search.suggest.normalize import fold_name, prefix_query
from service.search.suggest.spelling import correct_spelling
from service.search.text.analyzer import MARK
from service.search.text.countries import is_country_lexeme
from service.search.text.query_compiler import compile_query
from service.store.search.documents import list_languages
from service.store.search.plans import indexes_only
from service.store.search.suggestions import MOST_CANDIDATES, Suggestion
from service.store.search.tsquery import Lexeme, TsQuery

#: The characters of a title's key, by whose prefix it is found.
_TITLE_KEY: Final = 80

#: The shortest last word in letters that is completed inside titles, and its most completions.
_SHORTEST, _MOST_COMPLETIONS = 3, 10

#: The most matches of words for which titles are suggested.
_MOST_MATCHES: Final = 20_000

#: The facets whose values have labels, and those whose values are names.
_LABELLED: Final = (*PLACES, *VOCABULARIES)
_NAMED: Final = ("participant", "tag", "source_publisher")

#: The kinds of suggestions, in the order in which they alternate.
_KINDS: Final = ("topic", "party", "participant", "title", "affected", *VOCABULARIES, "tag", "source_publisher")


@dataclass(frozen=True)
class Suggestions:
    """The suggestions, the best first; and the text that they are for, if it is a correction of that of the user."""

    items: Sequence[Suggestion]
    correction: str | None = None


def suggest(conn: Connection, typed: str, kinds: Sequence[str], limit: int) -> Suggestions:
    """Return at most `limit` suggestions of `kinds`: those with the text as prefix, then those with words that have it.

    A jurisdiction that has the text as another name (`UK`) is among the first. If there are none, they are for the
    corrected text.
    """
    with indexes_only(conn):
        if items := _find(conn, typed, kinds, limit):
            return Suggestions(items)
        correction = correct_spelling(conn, typed)
        items = _find(conn, correction, kinds, limit) if correction else []
        return Suggestions(items, correction if items else None)


def filter_query(suggestion: Suggestion) -> str | None:
    """Return the query string that finds the events of a suggestion; None for a title, which leads to its only event.

    A title of several events and a name of a participant are quoted.
    """
    if suggestion.kind == "title" and suggestion.count == 1:
        return None
    if suggestion.kind in ("title", "participant"):
        return urlencode({"q": '"' + suggestion.text.replace('"', " ") + '"'})
    return urlencode({suggestion.kind: join_values([suggestion.id or suggestion.text])})


def _find(conn: Connection, typed: str, kinds: Sequence[str], limit: int) -> list[Suggestion]:
    prefix, place = fold_name(typed), find_jurisdiction(typed)
    by_kind = _find_by_kind(conn, typed, kinds, limit)
    with_prefix: list[Suggestion] = []
    others: list[Suggestion] = []
    for suggestion in _alternating(by_kind[kind] for kind in _KINDS if kind in by_kind):
        is_place = suggestion.kind in PLACES and suggestion.id == place
        begins = is_place or fold_name(suggestion.text).startswith(prefix)
        (with_prefix if begins else others).append(suggestion)
    return [*with_prefix, *others][:limit]


def _alternating(by_kind: Iterable[Sequence[Suggestion]]) -> Iterator[Suggestion]:
    """Return the first of each kind, then the second of each, and so on."""
    return (suggestion for turn in zip_longest(*by_kind) for suggestion in turn if suggestion is not None)


def _find_by_kind(conn: Connection, typed: str, kinds: Sequence[str], limit: int) -> Mapping[str, Sequence[Suggestion]]:
    """Return at most `limit` suggestions of each kind."""
    words, prefix = prefix_query(typed), fold_name(typed)
    by_kind: dict[str, Sequence[Suggestion]] = {}
    if words:
        by_kind = _find_labelled(conn, typed, kinds, limit)
        if "topic" in kinds:
            by_kind["topic"] = _find_topics(conn, words, prefix, limit)
        labels = {fold_name(one.text) for place in PLACES for one in by_kind.get(place, ())}
        for facet in _NAMED:
            if facet in kinds:
                values = store.search.suggestions.find_values(conn, facet, words, prefix, limit)
                # A country is a party rather than a name.
                by_kind[facet] = [
                    Suggestion(facet, value, None, events) for value, events in values if fold_name(value) not in labels
                ]
    if "title" in kinds:
        by_kind["title"] = _find_titles(conn, typed, limit)
    return by_kind


def _find_labelled(conn: Connection, typed: str, kinds: Sequence[str], limit: int) -> dict[str, Sequence[Suggestion]]:
    """Return the values with labels that some event has, by facet, the most frequent first."""
    keys = labelled_values(typed, [kind for kind in kinds if kind in _LABELLED])
    counts = store.search.suggestions.count_values(conn, keys) if keys else {}
    by_facet: dict[str, list[Suggestion]] = {}
    for key, events in counts.items():
        by_facet.setdefault(key.facet, []).append(Suggestion(key.facet, label_of(key), key.value, events))
    place = find_jurisdiction(typed)
    return {
        facet: sorted(values, key=lambda one: (one.id != place, -one.count, one.text))[:limit]
        for facet, values in by_facet.items()
    }


def _find_topics(conn: Connection, words: TsQuery, prefix: str, limit: int) -> list[Suggestion]:
    labels = store.search.suggestions.find_topics(conn, words, prefix, limit)
    narrower = store.topics.find_narrower(conn, [id_ for id_, _ in labels]) if labels else {}
    queries = {id_: TsQuery.any(map(Lexeme, below)) for id_, below in narrower.items()}
    counts = store.search.suggestions.count_topics(conn, queries) if queries else {}
    return [Suggestion("topic", label, id_, counts.get(id_, 0)) for id_, label in labels]


def _find_titles(conn: Connection, typed: str, limit: int) -> list[Suggestion]:
    """Return titles with the text as prefix, then those with its words, each once."""
    titles = store.search.suggestions.find_titles(conn, typed.casefold()[:_TITLE_KEY], limit, _TITLE_KEY)
    if len(titles) < limit:
        texts = {title.text.casefold() for title in titles}
        titles += [title for title in _find_with_words(conn, typed, limit) if title.text.casefold() not in texts]
    return titles


def _find_with_words(conn: Connection, typed: str, limit: int) -> list[Suggestion]:
    """Return the newest events whose title has the words, with the last word as a prefix."""
    text = _completed(conn, typed)
    query = compile_query(Words(text), list_languages(conn)).all_words if text else TsQuery()
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
    completions = store.search.vocabulary.find_with_prefix(conn, last, _MOST_COMPLETIONS) if last.isalpha() else []
    return f"{complete} {' OR '.join(completions or [last])}"


def in_titles(query: TsQuery) -> TsQuery:
    """Return the query that matches by titles and names alone, not by the countries of participants."""
    countries = {lexeme.text for lexeme in query.lexemes() if is_country_lexeme(lexeme.text)}
    return query.without(countries).map_lexemes(_in_title)


def _in_title(lexeme: Lexeme) -> Lexeme:
    return lexeme if lexeme.text.startswith(MARK) else lexeme._replace(weights="A")
