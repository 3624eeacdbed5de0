"""A page of the events that a filter selects: the same response for an address and for a search as JSON."""

from typing import Any

from flask import Response

from service.feed.cursor import current_cursor
from service.http.context import reading, settings
from service.http.pages import page_response, page_size, select_fields
from service.search.find import BY_DATE, EventPage, PageRequest, find_page, page_request, rank_page, search_of


def answer_list(query: dict[str, Any]) -> Response:
    """Return the page that a query leads to, as EventQuerySchema or SearchSchema loaded it."""
    is_snapshot = query.get("snapshot", False)
    # A snapshot has the events that match, and none that have but some of the words.
    search = search_of(query, BY_DATE, ranked=not is_snapshot)
    request = page_request(search, query, page_size(query), changes_cursor=current_cursor if is_snapshot else None)
    return answer_ranked(query, request) if search.is_ranked else answer_ordered(query, request)


def answer_ordered(query: dict[str, Any], request: PageRequest) -> Response:
    """Return the page of a list in the order of its sort keys."""
    with reading() as conn:
        found = find_page(conn, request)
    return _response(query, found)


def answer_ranked(query: dict[str, Any], request: PageRequest) -> Response:
    """Return the page of a list in the order of relevance."""
    with reading() as conn:
        found = rank_page(conn, request, cap=settings().ranked_events)
    return _response(query, found)


def _response(query: dict[str, Any], found: EventPage) -> Response:
    return page_response(
        select_fields(found.documents, query["fields"]),
        found.next,
        count=found.count,
        cursor=found.changes_cursor,
        ranking=found.ranking,
        matches=found.matches,
        did_you_mean=found.did_you_mean,
    )
