"""/v1/events/{id}/similar: events on the same subject."""

from typing import Any
from uuid import UUID

from flask import Blueprint, Response

from schemas.similar import SimilarPageSchema, SimilarQuerySchema
from service import store
from service.errors import Gone, Moved, NotFound
from service.http.auth import requires
from service.http.context import settings
from service.http.operation import JSON, operation
from service.http.pages import page_body, page_size, select_fields
from service.http.search_budget import connect_within
from service.search.filters.parser import filter_of
from service.search.find import Search
from service.search.ranking.similar import similar_to

similar = Blueprint("similar", __name__, url_prefix="/v1/events/<uuid:event_id>/similar")


@similar.get("")
@requires("events:read")
@operation(query=SimilarQuerySchema, returns=(200, SimilarPageSchema), also=[Moved, NotFound, Gone])
def list_similar(event_id: UUID, query: dict[str, Any]) -> Response:
    """List the events that are most similar to an event.

    They have its characteristic words: frequent in its text, and rare in all events. They are ranked as in a search for
    these words, without the event itself. The filters of `GET /v1/events` apply. There is one page.
    """
    search = Search(filter_of(query))
    with connect_within(search.filter) as conn:
        store.events.records.get_event(conn, event_id)
        condition = search.condition(conn)
        result = similar_to(conn, event_id, condition, page_size(query), cap=settings().ranked_events)
    documents = select_fields([event.document for event in result.events], query["fields"])
    matches = [{"id": event.mark.id, "score": event.mark.score} for event in result.events]
    body = page_body(documents, matches=matches, words=result.words)
    return Response(body, content_type=JSON, headers={"Cache-Control": "private, no-cache"})
