"""The search document of an event: its searchable texts, each with a weight and a language, and its facet keys."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import islice
from typing import Any, NamedTuple

from service.search.filter import Words
from service.search.index.facet_keys import counted_keys, facet_keys
from service.search.index.features import Features, features_of
from service.search.text.analyzer import fold, plain_words
from service.search.text.compiled_words import CompiledWords
from service.search.text.countries import country_lexeme
from service.search.text.languages import DEFAULT, UNKNOWN, guess_language, language_of
from service.search.text.lexemes import analyse, language_mark, source_lexeme
from service.search.text.query_compiler import compile_query
from service.search.text.whole_titles import whole_title_lexemes
from service.store.search.documents import SearchDocument
from service.store.search.tsquery import TsQuery
from service.store.search.tsvector import TsVector, TsVectorBuilder

Record = Mapping[str, Any]

#: How often a word counts by its weight: in a title or name, in the summary, in the body, in a quote of a source.
TIMES = {"A": 4, "B": 2, "C": 1, "D": 1}

#: The weight of what names a source. It is found but does not count: a data set's name stands in each of its events.
_SOURCE = "S"

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
            if source[field] and source[field] != record["title"]:
                yield Passage(f"sources/{source['id']}", _SOURCE, source[field], languages[source["id"]])
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
    for passage, language in with_languages(distinct_passages(record)):
        texts.setdefault((passage.weight, language), []).append(passage.text)
    languages = list(dict.fromkeys(language for weight, language in texts if weight != _SOURCE))
    features = features or features_of(record)
    main = features.main
    first = main.earliest if main else None
    facets = facet_keys(features)
    tsv, words, length = _tsvector_of(texts, _marks(record, features, languages))
    return SearchDocument(
        month=first.year * 12 + first.month - 1 if first else 0,
        day=first,
        languages=languages,
        tsv=tsv,
        words=words,
        length=length,
        facets=facets,
        counted=counted_keys(features, facets),
        date_earliest=first,
        date_latest=main.latest if main else None,
    )


def _tsvector_of(texts: Mapping[tuple[str, str], Sequence[str]], marks: Iterable[str]) -> tuple[TsVector, int, int]:
    """Return the words of texts by weight and language with `marks`, and how many count: each once, and all together.

    Texts that count several times are appended again behind all. The names of sources, which do not count, stand last.
    Further lexemes of a word count with it.
    """
    analysed = [
        (weight, analyse(several, language, titles=weight == "A"))
        for (weight, language), several in texts.items()
        if weight != _SOURCE
    ]
    builder = TsVectorBuilder()
    words = 0
    for turn in range(max(TIMES.values())):
        for weight, steps in analysed:
            if TIMES[weight] > turn:
                builder.append(steps, weight)
        words = words or builder.length
    length = builder.length
    sources = analyse(texts.get((_SOURCE, UNKNOWN), ()), UNKNOWN)
    builder.append([tuple(map(source_lexeme, step)) if step else step for step in sources], "D")
    return builder.build(marks), words, length


def _marks(record: Record, features: Features, languages: Iterable[str]) -> Iterator[str]:
    """Return the lexemes of an event as a whole: its languages, countries and whole titles."""
    yield from (language_mark(language) for language in languages if language != UNKNOWN)
    yield from (country_lexeme(code) for code in sorted(features.jurisdictions) if "-" not in code)
    yield from whole_title_lexemes(record)


def distinct_passages(record: Record) -> list[Passage]:
    """Return the texts of a record, each once for each weight."""
    distinct: dict[tuple[str, str], Passage] = {}
    for passage in passages(record):
        distinct.setdefault((passage.text, passage.weight), passage)
    return list(distinct.values())


def with_languages(several: Sequence[Passage]) -> Iterator[tuple[Passage, str]]:
    """Return each text with the language to analyse it in, guessed once for all texts without a language.

    What names a source is found by its words as they are written.
    """
    guess = None
    for passage in several:
        if passage.weight == _SOURCE:
            yield passage, UNKNOWN
            continue
        if not passage.lang and not guess:
            guess = guess_language(_beginning(several))
        yield passage, language_of(passage.lang) if passage.lang else guess or DEFAULT


def _beginning(several: Iterable[Passage]) -> Iterator[str]:
    """Return the first words of the texts without a language."""
    words = (word for passage in several if not passage.lang for word in plain_words(fold(passage.text[:2_000])))
    return islice(words, _GUESSED_BY)


def words_that_match(record: Record, searches: Sequence[Words]) -> set[Words]:
    """Return those of the searches that a record as stored matches, whether it is indexed or not."""
    document = search_document(record)
    languages = tuple(document.languages)
    return {words for words in searches if document.tsv.matches(_query(words, languages))}


def _query(words: Words, languages: tuple[str, ...]) -> TsQuery:
    return words.all_words if isinstance(words, CompiledWords) else _compiled(words, languages)


@lru_cache(maxsize=64)  # the words of a request, for documents in a few languages
def _compiled(words: Words, languages: tuple[str, ...]) -> TsQuery:
    return compile_query(words, languages).all_words
