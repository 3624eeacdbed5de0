"""/v1/vocabularies: the closed lists of words, each with its meaning."""

from flask import Blueprint, Response

from schemas.codes import jurisdictions
from schemas.meta import VocabulariesSchema
from schemas.vocabulary import VOCABULARIES
from service.http.auth import requires
from service.http.operation import JSON, operation
from service.strict_json import render

vocabularies = Blueprint("vocabularies", __name__, url_prefix="/v1/vocabularies")

_PUBLISHED = render(
    {
        name: {
            "description": (vocabulary.__doc__ or "").strip(),
            "words": [{"word": member.value, "meaning": member.sentence} for member in vocabulary],
        }
        for name, vocabulary in VOCABULARIES.items()
    }
    | {
        "jurisdiction": {
            "description": "ISO 3166-1 alpha-2, with EU and XK.",
            "words": [{"word": code, "meaning": name} for code, name in jurisdictions().items()],
        }
    }
)


@vocabularies.get("")
@requires("events:read")
@operation(returns=(200, VocabulariesSchema))
def list_vocabularies() -> Response:
    """List every vocabulary with its words and what they mean."""
    return Response(_PUBLISHED, content_type=JSON, headers={"Cache-Control": "public, max-age=300"})
