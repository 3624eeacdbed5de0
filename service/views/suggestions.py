"""/v1/suggest: what could be meant by what was typed so far."""

from typing import Any

from flask import Blueprint, Response

from schemas.facets import MOST_OFFERS, SuggestionsSchema, SuggestQuerySchema
from service.http.auth import requires
from service.http.context import reading
from service.http.operation import JSON, operation
from service.search.suggest.suggestions import query_of, suggest
from service.strict_json import render

suggestions = Blueprint("suggestions", __name__, url_prefix="/v1/suggest")


@suggestions.get("")
@requires("events:read")
@operation(query=SuggestQuerySchema, returns=(200, SuggestionsSchema))
def list_suggestions(query: dict[str, Any]) -> Response:
    """Offer titles, topics and participants for what was typed so far.

    First what begins with it, then what has words that begin so; each kind in its turn. Where there is nothing of the
    kind, words are corrected as the events spell them, and `did_you_mean` says how. Case and accents do not count.
    Names and words that were recorded in the last seconds may lack.
    """
    with reading() as conn:
        found = suggest(conn, query["q"], query["type"], min(query["limit"], MOST_OFFERS))
    items = [
        {"type": offer.kind, "text": offer.text, "id": offer.id, "filter": query_of(offer)} for offer in found.offers
    ]
    body = render({"items": items, "did_you_mean": found.corrected})
    return Response(body, content_type=JSON, headers={"Cache-Control": "private, no-cache"})
