"""The choice of synonyms for the words of a search."""

from collections.abc import Mapping, Sequence
from itertools import islice
from types import MappingProxyType
from typing import Any, Final

from psycopg import Connection

from service import store
from service.search.filter import Filter, Words, positive_words
from service.search.text.analyzer import fold, plain_words
from service.search.text.query_parser import parse_query
from service.search.text.synonyms import ExpandedTerm, Synonyms, expanded_spans, synonym_key, term_spans
from service.store.search.synonyms import FILE, Synonym

#: The fewest events that explain an acronym, unless one does so in its title. Of 200 such acronyms of two trackers two
#: were wrong.
FEWEST_EVENTS: Final = 2

#: The most synonyms of a term, and of a search.
MOST_OF_TERM, MOST_OF_SEARCH = 3, 8

#: A meaning of an acronym that so many times as many events explain displaces the others.
_TIMES_MORE: Final = 10

#: The most terms of a search whose synonyms are looked for: those of its first thirty words.
_MOST_TERMS: Final = 240


def find_synonyms(conn: Connection, words: Words) -> Synonyms:
    """Return the synonyms of the terms of a search by their keys; none of a literal one."""
    if words.literal:
        return {}
    expression = parse_query(words.text)
    keys = list(dict.fromkeys(span.key for span in islice(term_spans(expression), _MOST_TERMS)))
    rows: dict[str, list[Synonym]] = {}
    for row in store.search.synonyms.list_synonyms(conn, keys) if keys else ():
        rows.setdefault(row.key, []).append(row)
    names = capital_words(words.text)
    candidates = {key: choose_synonyms(of_key, is_name=key in names)[:MOST_OF_TERM] for key, of_key in rows.items()}
    choice: dict[str, Sequence[str]] = {}
    allowance = MOST_OF_SEARCH
    for span in expanded_spans(expression, candidates):
        if span.key not in choice and (terms := candidates[span.key][:allowance]):
            choice[span.key] = terms
            allowance -= len(terms)
    return choice


def find_expanded_terms(
    conn: Connection, filter: Filter, by_words: Mapping[Words, Synonyms] = MappingProxyType({})
) -> list[ExpandedTerm] | None:
    """Return the terms with synonyms that a filter requires; None if it requires no words.

    `by_words` has the synonyms of words that the caller has looked up.
    """
    several = list(positive_words(filter))
    if not several:
        return None
    terms: dict[ExpandedTerm, None] = {}
    for words in several:
        synonyms = by_words[words] if words in by_words else find_synonyms(conn, words)
        for span in expanded_spans(parse_query(words.text), synonyms):
            terms[ExpandedTerm(span.text, tuple(synonyms[span.key]))] = None
    return list(terms)


def synonyms_in(terms: Sequence[ExpandedTerm] | None) -> list[str]:
    """Return the synonyms of expanded terms."""
    return [synonym for term in terms or () for synonym in term.synonyms]


def expanded_documents(terms: Sequence[ExpandedTerm] | None) -> list[dict[str, Any]] | None:
    """Return expanded terms as ExpandedTermSchema describes them."""
    return None if terms is None else [vars(term) for term in terms]


def capital_words(text: str) -> frozenset[str]:
    """Return the keys of the words in capitals of a search with others, and of a single word in capitals."""
    words = text.split()
    if len(words) > 1 and text.upper() == text:
        return frozenset()
    return frozenset(synonym_key(plain_words(fold(word))) for word in words if word.isupper())


def choose_synonyms(rows: Sequence[Synonym], *, is_name: bool) -> list[str]:
    """Return the terms to expand a term with, the best first: those of the file, or else of topics and events.

    An acronym that is an ordinary word in more events than explain it counts only if it `is_name`, typed in capitals.
    """
    of_file = [row.other for row in rows if row.source == FILE]
    if of_file:
        return [other for other in of_file if other]
    acronyms = [
        row
        for row in rows
        if row.events and _is_sure(row) and ((is_name and row.source == "acronym") or not _is_ordinary(row))
    ]
    most = max((row.events for row in acronyms), default=0)
    topics = [row.other for row in rows if not row.events]
    return list(dict.fromkeys([*topics, *(row.other for row in acronyms if row.events * _TIMES_MORE >= most)]))


def _is_sure(row: Synonym) -> bool:
    return row.titles > 0 or row.events >= FEWEST_EVENTS


def _is_ordinary(row: Synonym) -> bool:
    return row.ordinary > row.events
