"""The matches beside a list's events: the fragments that have the words of the search, and the scores explained."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
from psycopg import Connection

from service import store
from service.search.filter import Filter
from service.search.index.document import TIMES
from service.search.ranking.bm25 import CorpusStatistics
from service.search.ranking.fragments import Fragment
from service.search.ranking.highlight import highlight
from service.search.ranking.pages import SearchPage
from service.search.text.compiled_words import CompiledWords, Term
from service.store.connect import Connect
from service.store.search.ranking import Ranking
from service.store.search.tsquery import TsQuery
from service.store.search.words import Fields, TermFrequencies

#: The field of an explanation by the weight in a tsvector.
_FIELDS = {"A": "title", "B": "summary", "C": "body", "D": "sources"}


@dataclass(frozen=True)
class TermScore:
    """The contribution of one term to a score, and what it is computed from.

    `times` is its frequency in the search, `events` its document frequency, `idf` the inverse of that, `frequency` how
    often it counts in the event, and `fields` its frequency by field.
    """

    term: str
    times: int
    events: int
    idf: float
    frequency: int
    fields: Mapping[str, int]
    contribution: float


@dataclass(frozen=True)
class Explanation:
    """The score of an event by terms; whether it has every word, its length and the average one."""

    every_word: bool
    length: int
    usual_length: float
    terms: Sequence[TermScore]

    @property
    def sum(self) -> float:
        """The contributions of all terms. The rest of the score is that of pairs."""
        return sum(term.contribution for term in self.terms)

    def document(self, score: float) -> dict[str, Any]:
        """Return the explanation of a score as ExplanationSchema describes it."""
        return {
            "every_word": self.every_word,
            "length": self.length,
            "usual_length": self.usual_length,
            "terms": [vars(term) for term in self.terms],
            "neighbours": max(0.0, round(score - self.sum, 6)),
        }


def ranked_matches(
    connect: Connect,
    filter: Filter,
    words: CompiledWords,
    page: SearchPage,
    *,
    synonyms: Sequence[str],
    highlights: bool,
    explanations: bool,
) -> list[dict[str, Any]]:
    """Return a match for each event of a ranked page, with its highlights or the explanation of its score if wanted.

    The `synonyms` of the filter's words are highlighted as well.
    """
    documents = [event.document for event in page.events]
    fragments: Sequence[Sequence[Fragment] | None] = [None] * len(documents)
    if highlights:
        fragments = _highlights(filter, documents, synonyms)
    scored = [event.id for event in page.events if event.score is not None]
    explained: Mapping[UUID, Explanation] = {}
    if explanations:
        with connect() as conn:
            explained = explain(conn, words, page.ranking, page.statistics, scored)
    return [
        _match(event.id, event.score, highlighted, explained.get(event.id))
        for event, highlighted in zip(page.events, fragments, strict=True)
    ]


def highlight_matches(filter: Filter, documents: Sequence[bytes], synonyms: Sequence[str]) -> list[dict[str, Any]]:
    """Return a match with its highlights for each document, of words and synonyms, without scores."""
    ids = [UUID(orjson.loads(document)["id"]) for document in documents]
    fragments = _highlights(filter, documents, synonyms)
    return [_match(id_, None, highlighted, None) for id_, highlighted in zip(ids, fragments, strict=True)]


def _highlights(filter: Filter, documents: Sequence[bytes], synonyms: Sequence[str]) -> list[list[Fragment]]:
    return highlight(filter, [orjson.loads(document) for document in documents], synonyms)


def _match(
    id_: UUID, score: float | None, fragments: Sequence[Fragment] | None, explanation: Explanation | None
) -> dict[str, Any]:
    return {
        "id": id_,
        "score": score,
        "highlights": None if fragments is None else [vars(fragment) for fragment in fragments],
        "explanation": explanation.document(score) if explanation and score is not None else None,
    }


def explain(
    conn: Connection, words: CompiledWords, ranking: Ranking, statistics: CorpusStatistics, ids: Sequence[UUID]
) -> dict[UUID, Explanation]:
    """Return the explanation of each ranked event by its id; deleted events are not in it."""
    terms = list(_ranked_terms(words, ranking, statistics))
    frequencies = store.search.words.find_frequencies(conn, ranking, words.all_words, ids)
    lexemes, prefixes = _lexemes(one.term for one in terms)
    fields = store.search.words.find_lexeme_weights(conn, lexemes, prefixes, ids)
    return {id_: _explanation(of_event, terms, ranking, fields.get(id_, {})) for id_, of_event in frequencies.items()}


@dataclass(frozen=True)
class _RankedTerm:
    """A term of a ranking with its weight, its document frequency, and its lexemes and prefixes."""

    term: Term
    weight: float
    events: int
    lexemes: Sequence[str]
    prefixes: tuple[str, ...]


def _ranked_terms(words: CompiledWords, ranking: Ranking, statistics: CorpusStatistics) -> Iterator[_RankedTerm]:
    terms = {
        TsQuery.any(term.lexemes): (term, frequency)
        for term, frequency in zip(words.terms, statistics.document_frequencies, strict=True)
    }
    for weighted in ranking.terms:
        term, frequency = terms[weighted.query]
        lexemes, prefixes = _lexemes([term])
        yield _RankedTerm(term, weighted.weight, frequency, lexemes, tuple(prefixes))


def _explanation(
    of_event: TermFrequencies, terms: Sequence[_RankedTerm], ranking: Ranking, fields: Fields
) -> Explanation:
    relative = of_event.length / ranking.average_length
    saturation = ranking.saturation * (1 - ranking.length_weight + ranking.length_weight * relative)
    scores = [
        TermScore(
            term=one.term.word,
            times=one.term.times,
            events=one.events,
            idf=one.weight / one.term.times / (ranking.saturation + 1),
            frequency=frequency,
            fields=_by_field(one, fields),
            contribution=one.weight / (1 + saturation / frequency) if frequency else 0.0,
        )
        for one, frequency in zip(terms, of_event.frequencies, strict=True)
    ]
    return Explanation(of_event.has_all_words, of_event.length, ranking.average_length, scores)


def _by_field(one: _RankedTerm, fields: Fields) -> dict[str, int]:
    """Return the frequency of a term by field. A field that counts several times has as many positions."""
    lexemes = {lexeme for lexeme in one.lexemes if lexeme in fields}
    if one.prefixes:
        lexemes |= {lexeme for lexeme in fields if lexeme.startswith(one.prefixes)}
    positions = Counter(weight for lexeme in lexemes for weight in fields[lexeme])
    return {name: round(positions[weight] / TIMES[weight]) for weight, name in _FIELDS.items()}


def _lexemes(terms: Iterable[Term]) -> tuple[list[str], list[str]]:
    """Return the lexemes of terms, and the prefixes of lexemes."""
    lexemes = [lexeme for term in terms for lexeme in term.lexemes]
    return [one.text for one in lexemes if not one.begins], [one.text for one in lexemes if one.begins]
