"""A page of the events that words are about, those first that they fit best."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from flask import Response
from psycopg import Connection, DataError

from service import store
from service.cursors import decode_cursor, encode_cursor, fingerprint, unusable
from service.errors import Invalid
from service.http.context import reading, settings
from service.http.pages import page, page_size, selected
from service.http.representation import refuse
from service.search.filter import EVERYTHING, All, Filter, Words
from service.search.filters.expand import compile_filter
from service.search.filters.parser import filter_key
from service.search.filters.pushdown import pushdown
from service.search.filters.sql import condition_of
from service.search.matches import correction, ranked_matches
from service.search.ranking.pages import Page, Position, first_page, next_page
from service.search.text.query_compiler import CompiledWords, compile_query
from service.store.search.conditions import SearchFilter
from service.store.search.tsquery import TsQuery

RELEVANCE = [("relevance", False)]


def is_ranked(asked: Filter, query: Mapping[str, Any]) -> bool:
    """Whether the list is in the order of relevance: it is, where words are looked for and no order is asked for.

    Invalid where that order is asked for and cannot be had.
    """
    sort = query["sort"]
    if sort and any(name == "relevance" for name, _ in sort):
        if sort != RELEVANCE:
            raise Invalid.at("`relevance` stands alone; it begins with the best.", parameter="sort")
        if words_of(asked)[0] is None:
            raise Invalid.at("Events are relevant to words: give `q`.", parameter="sort")
        return True
    return not sort and query["as_of"] is None and words_of(asked)[0] is not None


def words_of(asked: Filter) -> tuple[Words | None, Filter]:
    """The words by which is ranked, and the rest of the filter."""
    parts = asked.parts if isinstance(asked, All) else (asked,)
    words = next((part for part in parts if isinstance(part, Words)), None)
    rest = tuple(part for part in parts if part is not words)
    return words, All(rest) if rest else EVERYTHING


def answer_ranked(query: dict[str, Any], asked: Filter) -> Response:
    """The page that `query` asks for, of the events that `asked` lets pass."""
    refuse(query, ("as_of",), "Words are found in events as they are now; leave this out, or `q`.")
    limit = page_size(query)
    bound_to = fingerprint(filter_key(asked), "relevance")
    position = _position(decode_cursor(query["cursor"], bound_to, 1)[0]) if query["cursor"] else None
    with reading() as conn:
        words, rest = words_of(asked)
        if words is None:
            raise ValueError("There are no words to rank by.")
        meant = compile_query(conn, words, languages=position.languages if position else None)
        rest = compile_filter(conn, rest)
        found = _page(conn, meant, pushdown(rest), limit, position)
        count = _count(conn, meant, rest, found, query["count"])
        matches = ranked_matches(conn, query, asked, meant, found)
        meant_instead = correction(conn, query, asked, found)
    cursor = encode_cursor(bound_to, [found.next.encoded()]) if found.next else None
    documents = selected([event.document for event in found.events], query["fields"])
    return page(
        documents,
        cursor,
        count=count,
        cursor=None,
        ranking=_told(found, meant),
        matches=matches,
        did_you_mean=meant_instead,
    )


def _page(conn: Connection, words: CompiledWords, filter: SearchFilter, limit: int, position: Position | None) -> Page:
    cap = settings().ranked_events
    if position is None:
        return first_page(conn, words, filter, limit, cap=cap)
    try:
        return next_page(conn, words, filter, limit, cap=cap, position=position)
    except (DataError, ValueError, ArithmeticError) as error:  # what follows the fingerprint may be forged
        raise unusable() from error


def _position(text: str) -> Position:
    try:
        return Position.decoded(text)
    except (ValueError, TypeError, OverflowError) as error:
        raise unusable() from error


def _told(found: Page, words: CompiledWords) -> dict[str, Any]:
    return {
        "scored": found.scored,
        "of": found.of,
        "kind": "exact" if found.exact else "estimate",
        "capped": found.capped,
        "partial": found.partly,
        "ignored": words.ignored,
    }


def _count(
    conn: Connection, words: CompiledWords, rest: Filter, found: Page, kind: str | None
) -> dict[str, Any] | None:
    """How many events are listed in all, as `count` asks; None where it does not."""
    if kind is None:
        return None
    if kind == "exact" and not found.exact:
        listed = replace(words, all_words=words.any_word or TsQuery()) if found.partly else words
        return {"value": store.events.ordering.count_events(conn, condition_of(All((listed, rest)))), "kind": kind}
    return {"value": found.of, "kind": kind}
