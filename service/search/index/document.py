"""The text of an event: what of it can be found, with what weight, and in which language."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple

from psycopg import Connection

from service.search.filter import Words
from service.search.index.facet_keys import counted_of, keys_of
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
from service.store.search.documents import SearchDocument, find_matching_queries

Record = Mapping[str, Any]

#: How many times a word counts that stands in the title or a name, in the summary, in the body, in sources.
TIMES = {"A": 4, "B": 2, "C": 1, "D": 1}

#: Bytes of prepare_texts text that are analysed: a tsvector has room for a megabyte.
_MOST_BYTES = 400_000

#: Letters of a word that may be one PostgreSQL leaves out; longer ones are known.
_SHORT = 4

#: Words by which the language of a text is guessed.
_ENOUGH = 300


class Passage(NamedTuple):
    """One text of an event: where it stands, its weight, and its language: None where the record does not say."""

    path: str
    weight: str
    text: str
    lang: str | None


def passages(record: Record) -> Iterator[Passage]:
    """All texts of an event that can be found, the weightiest first. `record` is as stored."""
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


#: Lists whose members have text in the body, and in which of their fields.
_BODY = {
    "statements": ("text",),
    "figures": ("label", "as_reported"),
    "participants": ("name", "position", "as_reported"),
    "relations": ("note",),
    "external_ids": ("value",),
}


def _evidence(record: Record, lang: str | None) -> Iterator[Passage]:
    spoken = {}
    for source in record["sources"]:
        spoken[source["id"]] = source["lang"] or lang
        for field in ("title", "publisher", "author"):
            if source[field]:
                yield Passage(f"sources/{source['id']}", "D", source[field], spoken[source["id"]])
    for citation in record["citations"]:
        quote = citation["quote"]
        for part in ("prefix", "exact", "suffix") if quote else ():
            if quote[part]:
                yield Passage("citations", "D", quote[part], spoken.get(citation["source"], lang))


def search_document(record: Record, features: Features | None = None) -> SearchDocument:
    """What can be found in a record as stored. A text that it says several times counts once. See features.py."""
    texts: dict[tuple[str, str], list[str]] = {}
    for passage, configuration in spoken(distinct_passages(record)):
        texts.setdefault((passage.weight, configuration), []).append(passage.text)
    sections = list(_sections(texts))
    features = features or features_of(record)
    main = features.main
    first = main.earliest if main else None
    facets = keys_of(features)
    return SearchDocument(
        month=first.year * 12 + first.month - 1 if first else 0,
        day=first,
        languages=[MARK + configuration for configuration in dict.fromkeys(one[1] for one in sections)],
        sections=[(*section, TIMES[section[0]]) for section in sections],
        facets=facets,
        counted=counted_of(features, facets),
        date_earliest=first,
        date_latest=main.latest if main else None,
    )


def distinct_passages(record: Record) -> list[Passage]:
    """The texts of an event, each once of those that have its weight."""
    once: dict[tuple[str, str], Passage] = {}
    for passage in passages(record):
        once.setdefault((passage.text, passage.weight), passage)
    return list(once.values())


def spoken(found: Sequence[Passage]) -> Iterator[tuple[Passage, str]]:
    """Each text of an event with the configuration of its language; that of texts which do not say it is guessed."""
    guessed = None
    for passage in found:
        if not passage.lang and not guessed:
            guessed = guess_configuration(_beginning(found))
        yield passage, configuration_of(passage.lang) if passage.lang else guessed or DEFAULT_CONFIGURATION


def _beginning(found: Iterable[Passage]) -> Iterator[str]:
    """The first words of those texts that do not say their language."""
    words = (word for passage in found if not passage.lang for word in plain_words(fold(passage.text[:2_000])))
    return islice(words, _ENOUGH)


def _sections(texts: Mapping[tuple[str, str], list[str]]) -> Iterator[tuple[str, str, str]]:
    left = _MOST_BYTES
    for (weight, configuration), members in texts.items():
        text = prepare_texts(members)
        if weight == "A":
            text += "".join(f" {literal(word)}" for word in _themselves(members))
        size = len(text) if text.isascii() else len(text.encode())
        if size > left:
            text = text.encode()[:left].decode(errors="ignore").rpartition(" ")[0]
        if text:
            yield weight, configuration, text
        left = max(0, left - size)


def _themselves(titles: Iterable[str]) -> Iterator[str]:
    """Words of titles that PostgreSQL may leave out: a search for nothing but such words finds them here."""
    words = (word for title in titles for word in plain_words(fold(title)))
    return (word for word in words if word in FUNCTION_WORDS or (len(word) <= _SHORT and word.isalpha()))


def words_that_match(conn: Connection, record: Record, searches: Sequence[Words]) -> set[Words]:
    """Return those of the searches whose words stand in a record as stored, of the current version or a former one."""
    compiled = compile_queries(conn, searches)
    queries = {words: one.all_words for words, one in zip(searches, compiled, strict=True) if one.all_words}
    matching = find_matching_queries(conn, search_document(record), list(dict.fromkeys(queries.values())))
    return {words for words, query in queries.items() if query in matching}
