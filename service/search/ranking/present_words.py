"""The words of a search as the events in use have them: without the stems that no event has."""

from collections.abc import Container
from dataclasses import replace

from psycopg import Connection

from service import store
from service.search.ranking.rare_words import common_lexemes_of
from service.search.text.compiled_words import CompiledWords, Term


def with_present_words(conn: Connection, words: CompiledWords) -> CompiledWords:
    """Return a search that finds and ranks the same events by fewer lexemes.

    A word has a stem in each language in use, and events mostly have one of them. Common lexemes are known, and the
    others are looked up, so the answer is that of this moment.
    """
    several = {lexeme for term in words.terms if len(term.lexemes) > 1 for lexeme in term.lexemes if not lexeme.begins}
    if not several:
        return words
    common = common_lexemes_of(conn).shares
    rare = sorted(lexeme for lexeme in several if lexeme.text not in common)
    present = store.search.words.find_present(conn, rare)
    absent = {lexeme.text for lexeme in rare} - present
    return _without(words, absent) if absent else words


def _without(words: CompiledWords, absent: Container[str]) -> CompiledWords:
    return replace(
        words,
        all_words=words.all_words.without(absent),
        any_word=words.any_word.without(absent) if words.any_word else None,
        quoted=tuple(one.without(absent) for one in words.quoted),
        excluded=tuple(one.without(absent) for one in words.excluded),
        terms=tuple(_term_without(term, absent) for term in words.terms),
        pairs=tuple(
            replace(pair, beside=pair.beside.without(absent), near=pair.near.without(absent)) for pair in words.pairs
        ),
        whole_titles=tuple(one.without(absent) for one in words.whole_titles),
    )


def _term_without(term: Term, absent: Container[str]) -> Term:
    present = tuple(one for one in term.lexemes if one.begins or one.text not in absent)
    return replace(term, query=term.query.without(absent), lexemes=present or term.lexemes[:1])
