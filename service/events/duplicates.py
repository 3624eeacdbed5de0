"""Likely duplicates of an event that is about to be recorded: candidates by rare words, and a decision by evidence."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

import orjson
from psycopg import Connection

from service import store
from service.events.evidence import Evidence, Traits, evidence_of, names_of
from service.events.titles import distinct_words, identifying_numbers, word_parts
from service.events.write import title_key
from service.search.index.facet_keys import FACETS
from service.search.index.features import label
from service.search.index.source_keys import url_keys
from service.search.ranking.rare_words import common_lexemes_of, query_for_title
from service.search.text.analyzer import fold, plain_words
from service.store.events.duplicates import Clues

#: The most duplicates that are named.
MOST_NAMED: Final = 5

#: The number of events with one title and party, or of their dates, from which on the title is that of a series.
_SERIES: Final = 3

#: Days between the dates of a member of a series and its duplicate.
_CLOSE: Final = 3

#: The most words of a title that are looked up, and the most numbers and codes.
_MOST_WORDS, _MOST_CODES = 12, 4

Record = Mapping[str, Any]


def find_duplicates(conn: Connection, content: Record) -> list[UUID]:
    """Return the ids of the most likely duplicates of `content`, loaded by NewEventSchema, the likeliest first."""
    new = Traits(content)
    candidates = store.events.duplicates.find_candidates(conn, clues_of(conn, new))
    evidence = {
        one.id: evidence_of(new, Traits(orjson.loads(one.document)), shares_source=one.shares_source)
        for one in candidates
    }
    return likeliest(evidence)


def likeliest(evidence: Mapping[UUID, Evidence]) -> list[UUID]:
    """Return the ids of the likely duplicates, the likeliest first.

    Of a series, only those count that have most in common with the new record, and if the dates of the series differ,
    only those of the same days.
    """
    likely = {id_: one for id_, one in evidence.items() if one.is_likely}
    series = [one for one in evidence.values() if one.is_same_title]
    if len(series) >= _SERIES:
        most = max(one.alike for one in series)
        likely = {id_: one for id_, one in likely.items() if one.alike == most or not one.is_same_title}
    if len({one.gap for one in series}) >= _SERIES:
        likely = {id_: one for id_, one in likely.items() if (one.gap or 0) <= _CLOSE}
    return sorted(likely, key=lambda id_: (likely[id_].rank, id_), reverse=True)[:MOST_NAMED]


def clues_of(conn: Connection, new: Traits) -> Clues:
    """Return the clues to duplicates of a record."""
    record, parties = new.record, sorted(new.parties)
    return Clues(
        url_keys=url_keys(record),
        title_key=title_key(record["title"]),
        words=query_for_title(common_lexemes_of(conn), _words(new), _codes(new), new.language),
        parties=parties,
        party_keys=[label(FACETS["party"], party) for party in parties],
        earliest=new.earliest,
    )


def _words(new: Traits) -> list[str]:
    """Return the content words of the title as the index has them, the longest first; numbers only if need be."""
    content = set(distinct_words(new.record["title"])) - new.function_words - names_of(new.parties)
    words = _indexed_words(new.record["title"])
    words = [word for word in words if content.intersection(word_parts(word))] or words
    spelled = [word for word in words if word.isalpha() and len(word) > 1] or words
    return sorted(spelled, key=len, reverse=True)[:_MOST_WORDS]


def _codes(new: Traits) -> list[str]:
    """Return the words with the numbers that identify the record, in its title and external ids."""
    texts = [new.record["title"], *sorted(value for _, value in new.external_ids)]
    words = (word for text in texts for word in _indexed_words(text))
    return [word for word in dict.fromkeys(words) if identifying_numbers(word_parts(word))][:_MOST_CODES]


def _indexed_words(text: str) -> list[str]:
    return list(dict.fromkeys(plain_words(fold(text))))
