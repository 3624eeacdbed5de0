"""A page of events for a request: filter, order and cursor in; documents, matches, count and the next cursor out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from psycopg import Connection

from service import clock, store
from service.cursors import cursor_errors, decode_cursor, encode_cursor, fingerprint, invalid_cursor
from service.errors import Invalid
from service.search.filter import EVERYTHING, All, Filter, Words, positive_words
from service.search.filters.best_words import best_words
from service.search.filters.expand import compile_filter
from service.search.filters.parser import filter_key, filter_of
from service.search.filters.sql import filter_condition, pushdown
from service.search.matches import highlight_matches, ranked_matches
from service.search.ranking.pages import SearchPage, first_page, next_page
from service.search.ranking.position import MatchCount, Position
from service.search.ranking.present_words import with_present_words
from service.search.suggest.did_you_mean import better_spelling
from service.search.synonyms.expansion import find_expanded_terms, find_synonyms, synonyms_in
from service.search.text.compiled_words import CompiledWords
from service.search.text.query_compiler import compile_query
from service.search.text.synonyms import ExpandedTerm
from service.store.condition import Condition, and_
from service.store.connect import Connect
from service.store.events.ordering import Order
from service.store.search.documents import list_languages

#: The best matches first.
RELEVANCE = (Order("relevance", descending=False),)

#: The order of lists without `sort`: the newest first, by the main date.
BY_DATE = (Order("date", descending=True),)


_NOT_DELETED = Condition(f"NOT {store.events.records.IS_DELETED}")


@dataclass(frozen=True)
class Search:
    """The events that pass a filter, in an order: as they are now, or as they were at an instant."""

    filter: Filter = EVERYTHING
    order: tuple[Order, ...] = ()
    as_of: datetime | None = None
    #: Whether events that were deleted since the instant are among them.
    with_deleted: bool = True

    @property
    def is_ranked(self) -> bool:
        """True if events are in the order of relevance."""
        return self.order == RELEVANCE

    def condition(self, conn: Connection) -> Condition:
        """Return the condition that the events meet. Invalid if the filter names an unknown topic, or past words."""
        condition = filter_condition(compile_filter(conn, self.filter), past=self.as_of is not None)
        return condition if self.as_of is None or self.with_deleted else and_(condition, _NOT_DELETED)


@dataclass(frozen=True, kw_only=True)
class PageRequest:
    """A page of a search: where it begins, how long it is, and which extras it has.

    All pages of a snapshot carry the cursor of the change feed that `changes_cursor` returned before the first one.
    """

    search: Search
    limit: int
    bound_to: str
    after: Sequence[str] | None = None
    position: Position | None = None
    count: str | None = None
    highlight: bool = False
    explain: bool = False
    changes_cursor: Callable[[Connection], str] | None = None


@dataclass(frozen=True, kw_only=True)
class EventPage:
    """Documents in order, the cursor of the next page (None on the last), and the extras.

    `matches` has one member for each document, `count` and `ranking` are as the API shows them. `expanded` is None
    without words.
    """

    documents: Sequence[bytes]
    next: str | None
    count: Mapping[str, Any] | None
    matches: Sequence[Mapping[str, Any]] | None
    ranking: Mapping[str, Any] | None = None
    did_you_mean: str | None = None
    expanded: Sequence[ExpandedTerm] | None = None
    changes_cursor: str | None = None


def search_of(
    query: Mapping[str, Any], default: tuple[Order, ...], *, ranked: bool = False, with_deleted: bool
) -> Search:
    """Return the search in a query, as EventQuerySchema or SearchSchema loaded it, `with_deleted` events or without.

    Without `sort` its order is relevance where events can be `ranked` by words, else the `default`. Invalid if `sort`
    names relevance and they cannot.
    """
    search = Search(filter_of(query), default, query["as_of"], with_deleted)
    has_words = split_words(search.filter)[0] is not None
    order = tuple(Order(name, descending) for name, descending in query["sort"] or ())
    if any(key.name == "relevance" for key in order):
        if not ranked:
            raise Invalid.at("Only pages of a list can be sorted by `relevance`.", parameter="sort")
        if order != RELEVANCE:
            raise Invalid.at("`relevance` must be the only key, without `-`.", parameter="sort")
        if not has_words:
            raise Invalid.at("Sorting by `relevance` needs words: add `q`.", parameter="sort")
    elif not order and ranked and has_words and search.as_of is None:
        order = RELEVANCE
    return replace(search, order=order or default)


def split_words(filter: Filter) -> tuple[Words | None, Filter]:
    """Return the words that events are ranked by, None without any, and the rest of the filter."""
    parts = filter.parts if isinstance(filter, All) else (filter,)
    words = next((part for part in parts if isinstance(part, Words)), None)
    rest = tuple(part for part in parts if part is not words)
    return words, All(rest) if rest else EVERYTHING


def page_request(
    search: Search,
    query: Mapping[str, Any],
    limit: int,
    *,
    kind: str | None = None,
    changes_cursor: Callable[[Connection], str] | None = None,
) -> PageRequest:
    """Return the request for the page that the cursor in `query` leads to, with the extras that the query names.

    Each `kind` of list has cursors of its own. Malformed for a cursor of another list, Invalid for impossible extras.
    """
    _require_possible(search, query, is_snapshot=changes_cursor is not None)
    key = filter_key(search.filter)
    if search.is_ranked:
        bound_to, length = fingerprint(key, "relevance"), 1
    else:
        order = [vars(one) for one in search.order]
        bound_to, length = fingerprint(*([kind] if kind else []), key, order, search.as_of), len(order) + 1
    after = decode_cursor(query["cursor"], bound_to, length + bool(changes_cursor)) if query["cursor"] else None
    return PageRequest(
        search=search,
        limit=limit,
        bound_to=bound_to,
        after=after,
        position=_position(after[0]) if after and search.is_ranked else None,
        count=query["count"],
        highlight=query["highlight"],
        explain=query["explain"],
        changes_cursor=changes_cursor,
    )


def _require_possible(search: Search, query: Mapping[str, Any], *, is_snapshot: bool) -> None:
    require_past(search.as_of)
    if search.as_of and search.is_ranked:
        raise Invalid.at("Words are found in current events only; omit `as_of` or `q`.", parameter="as_of")
    if search.as_of and is_snapshot:
        raise Invalid.at("A snapshot has current events only; omit `as_of` or `snapshot`.", parameter="as_of")
    if query["explain"] and not search.is_ranked:
        raise Invalid.at("Only events sorted by `relevance` have scores: add `q`.", parameter="explain")
    if query["highlight"] and next(positive_words(search.filter), None) is None:
        raise Invalid.at("There are no words to highlight: add `q`.", parameter="highlight")


def require_past(as_of: datetime | None) -> None:
    """Pass an instant that is not in the future."""
    if as_of is not None and as_of > clock.now():
        raise Invalid.at("Must not be in the future.", parameter="as_of")


def _position(text: str) -> Position:
    try:
        return Position.decode(text)
    except (ValueError, TypeError, OverflowError) as error:
        raise invalid_cursor() from error


def find_page(connect: Connect, request: PageRequest) -> EventPage:
    """Return a page in the order of sort keys. Malformed if the cursor was forged."""
    with connect() as conn:
        page, search = _find_documents(conn, request), request.search
    if not request.highlight:
        return page
    return replace(page, matches=highlight_matches(search.filter, page.documents, synonyms_in(page.expanded)))


def _find_documents(conn: Connection, request: PageRequest) -> EventPage:
    """Return the page without its highlights."""
    search, after, changes_cursor = request.search, request.after, None
    if request.changes_cursor and after:
        *after, changes_cursor = after
    elif request.changes_cursor:
        # Before the page is read, so that the change feed has all that is written meanwhile.
        changes_cursor = request.changes_cursor(conn)
    condition = search.condition(conn)
    with cursor_errors(after):
        rows = store.events.listing.page_events(conn, condition, search.order, after, request.limit, as_of=search.as_of)
    carried = [changes_cursor] if changes_cursor else []
    return EventPage(
        documents=rows.documents,
        next=encode_cursor(request.bound_to, [*rows.end, *carried]) if rows.end else None,
        count=_count(conn, condition, request),
        matches=None,
        expanded=find_expanded_terms(conn, search.filter),
        changes_cursor=changes_cursor,
    )


def _count(conn: Connection, condition: Condition, request: PageRequest) -> dict[str, Any] | None:
    if request.count is None:
        return None
    count = _COUNTS[request.count]
    return {"value": count(conn, condition, request.search.as_of), "kind": request.count}


_COUNTS = {"exact": store.events.ordering.count_events, "estimate": store.events.ordering.estimate_events}


def rank_page(connect: Connect, request: PageRequest, *, cap: int) -> EventPage:
    """Return a page in the order of relevance, with about `cap` events ranked. Malformed if the cursor was forged."""
    search, position = request.search, request.position
    words, rest = split_words(search.filter)
    if words is None:
        raise ValueError("There are no words to rank by.")
    with connect() as conn:
        languages = position.languages if position else list_languages(conn)
        best = best_words(conn, words, languages, position.words if position else None)
        synonyms = find_synonyms(conn, words)
        compiled = compile_query(best, languages, synonyms)
        highlighted = All((best, rest))
        rest = compile_filter(conn, rest)
        parts = pushdown(rest)
        with cursor_errors(position, ValueError, ArithmeticError):
            if position:
                page = next_page(conn, compiled, parts, request.limit, cap=cap, position=position)
            else:
                compiled = with_present_words(conn, compiled)
                page = first_page(conn, compiled, parts, request.limit, cap=cap)
        count = _count_ranked(conn, compiled, rest, page, request.count)
        expanded = find_expanded_terms(conn, search.filter, {words: synonyms})
        did_you_mean = better_spelling(conn, search.filter, page.matches.total) if position is None else None
    return EventPage(
        documents=[event.document for event in page.events],
        next=encode_cursor(request.bound_to, [page.next.encode()]) if page.next else None,
        count=count,
        matches=ranked_matches(
            connect,
            highlighted,
            compiled,
            page,
            synonyms=synonyms_in(expanded),
            highlights=request.highlight,
            explanations=request.explain,
        ),
        ranking=_ranking(page, compiled),
        did_you_mean=did_you_mean,
        expanded=expanded,
    )


def _count_ranked(
    conn: Connection, words: CompiledWords, rest: Filter, page: SearchPage, kind: str | None
) -> dict[str, Any] | None:
    """Return the number of events with every word, ranked or not."""
    if kind is None:
        return None
    if kind == "estimate" or page.matches.is_exact:
        return {"value": page.matches.total, "kind": kind}
    return {"value": store.events.ordering.count_events(conn, filter_condition(All((words, rest)))), "kind": kind}


def _ranking(page: SearchPage, words: CompiledWords) -> dict[str, Any]:
    return {
        **_match_count(page.matches),
        "capped": page.is_capped,
        "partial": page.partial is not None,
        "partial_matches": _match_count(page.partial) if page.partial else None,
        "unmatched": page.unmatched,
        "ignored": words.ignored,
    }


def _match_count(count: MatchCount) -> dict[str, Any]:
    return {"scored": count.scored, "of": count.total, "kind": "exact" if count.is_exact else "estimate"}
