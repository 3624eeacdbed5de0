"""/v1/suggest: completions while a reader types."""

from typing import Any

from flask import Blueprint, Response

from schemas.facets import MOST_SUGGESTIONS, SuggestionsSchema, SuggestQuerySchema
from service.http.auth import requires
from service.http.context import reading
from service.http.operation import JSON, operation
from service.search.suggest.suggestions import filter_query, suggest
from service.strict_json import render

suggestions = Blueprint("suggestions", __name__, url_prefix="/v1/suggest")


@suggestions.get("")
@requires("events:read")
@operation(query=SuggestQuerySchema, returns=(200, SuggestionsSchema))
def list_suggestions(query: dict[str, Any]) -> Response:
    """Suggest titles, topics, jurisdictions, names and other values of facets for the text typed so far.

    Each has its number of events, and a title is suggested once. First those that begin with the text, then those with
    words that do, alternating by kind. If there are none, words are corrected to the spelling of the events, and
    `did_you_mean` has the correction. Case and accents are ignored. Names and words recorded in the last seconds can be
    missing.
    """
    with reading() as conn:
        result = suggest(conn, query["q"], query["type"], min(query["limit"], MOST_SUGGESTIONS))
    items = [
        {"type": item.kind, "text": item.text, "id": item.id, "filter": filter_query(item), "count": item.count}
        for item in result.items
    ]
    body = render({"items": items, "did_you_mean": result.correction})
    return Response(body, content_type=JSON, headers={"Cache-Control": "private, no-cache"})
