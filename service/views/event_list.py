"""A page of the events that a filter selects: the same response for an address and for a search as JSON."""

from collections.abc import Callable
from typing import Any

from flask import Response
from psycopg import Connection

from service.http.auth import may_read_deleted
from service.http.context import settings
from service.http.pages import page_response, page_size, select_fields
from service.http.search_budget import connect_for
from service.search.find import BY_DATE, EventPage, PageRequest, find_page, page_request, rank_page, search_of
from service.search.synonyms.expansion import expanded_documents


def answer_list(query: dict[str, Any], changes_cursor: Callable[[Connection], str] | None) -> Response:
    """Return the page that a query leads to, as EventQuerySchema or SearchSchema loaded it.

    A snapshot is a list with the `changes_cursor` from which to follow the change feed.
    """
    # A snapshot has the events that match, and none that have but some of the words.
    if changes_cursor is not None:
        query = query | {"expand": False}  # the change feed, which continues a snapshot, does not expand words
    search = search_of(query, BY_DATE, ranked=changes_cursor is None, with_deleted=may_read_deleted())
    request = page_request(search, query, page_size(query), changes_cursor=changes_cursor)
    return answer_ranked(query, request) if search.is_ranked else answer_ordered(query, request)


def answer_ordered(query: dict[str, Any], request: PageRequest) -> Response:
    """Return the page of a list in the order of its sort keys."""
    with connect_for(request.search.filter) as connect:
        page = find_page(connect, request)
    return _response(query, page)


def answer_ranked(query: dict[str, Any], request: PageRequest) -> Response:
    """Return the page of a list in the order of relevance."""
    with connect_for(request.search.filter) as connect:
        page = rank_page(connect, request, cap=settings().ranked_events)
    return _response(query, page)


def _response(query: dict[str, Any], page: EventPage) -> Response:
    return page_response(
        select_fields(page.documents, query["fields"]),
        page.next,
        count=page.count,
        cursor=page.changes_cursor,
        ranking=page.ranking,
        matches=page.matches,
        did_you_mean=page.did_you_mean,
        expanded=expanded_documents(page.expanded),
    )
