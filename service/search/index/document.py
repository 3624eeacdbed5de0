"""The search document of an event: its searchable texts, each with a weight and a language, and its facet keys."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple

from service.search.filter import Words
from service.search.index.facet_keys import counted_keys, facet_keys
from service.search.index.features import Features, features_of
from service.search.text.analyzer import (
    DEFAULT_CONFIGURATION,
    FUNCTION_WORDS,
    MARK,
    configuration_of,
    fold,
    guess_configuration,
    literal,
    plain_words,
    prepare_texts,
)
from service.search.text.query_compiler import compile_queries
from service.store.connect import Connect
from service.store.search.documents import SearchDocument, find_matching_queries

Record = Mapping[str, Any]

#: How often a word counts by its weight: in a title or name, in the summary, in the body, in sources.
TIMES = {"A": 4, "B": 2, "C": 1, "D": 1}

#: The most bytes of text in a search document: a tsvector holds a megabyte.
_MOST_BYTES = 400_000

#: The longest word in letters that can be an unknown stop word of PostgreSQL; FUNCTION_WORDS has the longer ones.
_LONGEST_STOP_WORD = 4

#: The words by which a language is guessed.
_GUESSED_BY = 300


class Passage(NamedTuple):
    """One text of an event with its path in the record, its weight, and its language if the record names one."""

    path: str
    weight: str
    text: str
    lang: str | None


def passages(record: Record) -> Iterator[Passage]:
    """Return all searchable texts of a record as stored, those with the largest weights first."""
    lang = record["lang"]
    yield Passage("title", "A", record["title"], lang)
    for name in record["names"]:
        yield Passage(f"names/{name['id']}", "A", name["value"], name["lang"] or lang)
    if record["summary"]:
        yield Passage("summary", "B", record["summary"], lang)
    yield from _body(record, lang)
    yield from _evidence(record, lang)


def _body(record: Record, lang: str | None) -> Iterator[Passage]:
    if record["description"]:
        yield Passage("description", "C", record["description"], lang)
    for part, fields in _BODY.items():
        for member in record[part]:
            for field in fields:
                if member[field]:
                    yield Passage(f"{part}/{member.get('id', field)}", "C", member[field], lang)
    for tag in record["tags"]:
        yield Passage("tags", "C", tag, lang)


#: The lists whose members have text of the body, and the fields that have it.
_BODY = {
    "statements": ("text",),
    "figures": ("label", "as_reported"),
    "participants": ("name", "position", "as_reported"),
    "relations": ("note",),
    "external_ids": ("value",),
}


def _evidence(record: Record, lang: str | None) -> Iterator[Passage]:
    languages = {}
    for source in record["sources"]:
        languages[source["id"]] = source["lang"] or lang
        for field in ("title", "publisher", "author"):
            if source[field]:
                yield Passage(f"sources/{source['id']}", "D", source[field], languages[source["id"]])
    for citation in record["citations"]:
        quote = citation["quote"]
        for part in ("prefix", "exact", "suffix") if quote else ():
            if quote[part]:
                yield Passage("citations", "D", quote[part], languages.get(citation["source"], lang))


def search_document(record: Record, features: Features | None = None) -> SearchDocument:
    """Return the search document of a record as stored. A text that is there several times counts once.

    `features` are those of the record, if the caller has them.
    """
    texts: dict[tuple[str, str], list[str]] = {}
    for passage, configuration in with_configurations(distinct_passages(record)):
        texts.setdefault((passage.weight, configuration), []).append(passage.text)
    sections = list(_sections(texts))
    features = features or features_of(record)
    main = features.main
    first = main.earliest if main else None
    facets = facet_keys(features)
    return SearchDocument(
        month=first.year * 12 + first.month - 1 if first else 0,
        day=first,
        languages=[MARK + configuration for configuration in dict.fromkeys(one[1] for one in sections)],
        sections=[(*section, TIMES[section[0]]) for section in sections],
        facets=facets,
        counted=counted_keys(features, facets),
        date_earliest=first,
        date_latest=main.latest if main else None,
    )


def distinct_passages(record: Record) -> list[Passage]:
    """Return the texts of a record, each once for each weight."""
    distinct: dict[tuple[str, str], Passage] = {}
    for passage in passages(record):
        distinct.setdefault((passage.text, passage.weight), passage)
    return list(distinct.values())


def with_configurations(several: Sequence[Passage]) -> Iterator[tuple[Passage, str]]:
    """Return each text with its text search configuration, guessed once for all texts without a language."""
    guess = None
    for passage in several:
        if not passage.lang and not guess:
            guess = guess_configuration(_beginning(several))
        yield passage, configuration_of(passage.lang) if passage.lang else guess or DEFAULT_CONFIGURATION


def _beginning(several: Iterable[Passage]) -> Iterator[str]:
    """Return the first words of the texts without a language."""
    words = (word for passage in several if not passage.lang for word in plain_words(fold(passage.text[:2_000])))
    return islice(words, _GUESSED_BY)


def _sections(texts: Mapping[tuple[str, str], list[str]]) -> Iterator[tuple[str, str, str]]:
    rest = _MOST_BYTES
    for (weight, configuration), members in texts.items():
        text = prepare_texts(members)
        if weight == "A":
            text += "".join(f" {literal(word)}" for word in _literal_words(members))
        size = len(text) if text.isascii() else len(text.encode())
        if size > rest:
            text = text.encode()[:rest].decode(errors="ignore").rpartition(" ")[0]
        if text:
            yield weight, configuration, text
        rest = max(0, rest - size)


def _literal_words(titles: Iterable[str]) -> Iterator[str]:
    """Return the words of titles that can be stop words: a search for stop words only matches these."""
    words = (word for title in titles for word in plain_words(fold(title)))
    return (word for word in words if word in FUNCTION_WORDS or (len(word) <= _LONGEST_STOP_WORD and word.isalpha()))


def words_that_match(connect: Connect, record: Record, searches: Sequence[Words]) -> set[Words]:
    """Return those of the searches that a record as stored matches, whether it is indexed or not.

    The record is analyzed without a connection, which takes longest.
    """
    with connect() as conn:
        compiled = compile_queries(conn, searches)
    queries = {words: one.all_words for words, one in zip(searches, compiled, strict=True) if one.all_words}
    document = search_document(record)
    with connect() as conn:
        matching = find_matching_queries(conn, document, list(dict.fromkeys(queries.values())))
    return {words for words, query in queries.items() if query in matching}
