"""The service's descriptions of itself: vocabularies, problems, links, health."""

from collections.abc import Container, Mapping
from typing import Any

from marshmallow import fields

from schemas.base import ResponseSchema
from schemas.codes import currency_names, former_jurisdictions, jurisdictions
from schemas.vocabulary import VOCABULARIES
from schemas.withdrawn_currencies import WITHDRAWN_CURRENCIES


class MeaningSchema(ResponseSchema):
    """A word and its meaning."""

    word = fields.String(required=True)
    meaning = fields.String(required=True)
    withdrawn = fields.Boolean(
        required=True,
        metadata={"description": "True for a code that its standard has withdrawn; it stays valid for earlier times."},
    )


class VocabularySchema(ResponseSchema):
    """A closed list of words."""

    description = fields.String(required=True)
    words = fields.List(fields.Nested(MeaningSchema), required=True)


VocabulariesSchema = ResponseSchema.from_dict(
    {name: fields.Nested(VocabularySchema, required=True) for name in (*VOCABULARIES, "jurisdiction", "currency")},
    name="VocabulariesSchema",
)


def vocabulary_documents() -> dict[str, Any]:
    """Return each vocabulary as VocabulariesSchema has it."""
    documents = {
        name: _document(vocabulary.__doc__ or "", {member.value: member.sentence for member in vocabulary})
        for name, vocabulary in VOCABULARIES.items()
    }
    countries = (
        "ISO 3166-1 alpha-2, with EU and XK; former countries (ISO 3166-3). Subdivisions (ISO 3166-2) are valid, too."
    )
    return documents | {
        "jurisdiction": _document(countries, jurisdictions() | former_jurisdictions(), former_jurisdictions()),
        "currency": _document(
            "ISO 4217, with withdrawn currencies (list three).", currency_names(), WITHDRAWN_CURRENCIES
        ),
    }


def _document(description: str, meanings: Mapping[str, str], withdrawn: Container[str] = ()) -> dict[str, Any]:
    words = [{"word": word, "meaning": meaning, "withdrawn": word in withdrawn} for word, meaning in meanings.items()]
    return {"description": description.strip(), "words": words}


class FaultSchema(ResponseSchema):
    """One error at one place of the request."""

    detail = fields.String(required=True)
    pointer = fields.String(metadata={"description": "JSON pointer into the body, as a URI fragment."})
    parameter = fields.String(metadata={"description": "Query parameter."})
    header = fields.String(metadata={"description": "Request header."})


class ProblemSchema(ResponseSchema):
    """A problem (RFC 9457)."""

    type = fields.String(required=True, metadata={"format": "uri-reference"})
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True)
    errors = fields.List(fields.Nested(FaultSchema))
    request_id = fields.String(required=True, allow_none=True)


class ProblemTypeSchema(ResponseSchema):
    """The type of a problem, as its `type` references it."""

    type = fields.String(required=True, metadata={"format": "uri-reference"})
    title = fields.String(required=True)
    status = fields.Integer(required=True)


class LinkSchema(ResponseSchema):
    """A link to one address."""

    href = fields.String(required=True, metadata={"format": "uri-reference"})
    type = fields.String(required=True, metadata={"description": "Media type."})


_LINKS = fields.List(fields.Nested(LinkSchema), required=True)

ContextSchema = ResponseSchema.from_dict(
    {"anchor": fields.String(required=True, metadata={"format": "uri-reference"})}
    | dict.fromkeys(("service-desc", "service-doc", "service-meta", "status", "item"), _LINKS),
    name="LinkContextSchema",
)


class LinksetSchema(ResponseSchema):
    """Links from `anchor`, by relation (RFC 9264)."""

    linkset = fields.List(fields.Nested(ContextSchema), required=True)


class OpenApiSchema(ResponseSchema):
    """An OpenAPI description."""

    openapi = fields.String(required=True)
    info = fields.Dict(required=True)
    paths = fields.Dict(required=True)


class HealthSchema(ResponseSchema):
    """The health of the service, by check."""

    status = fields.String(required=True, metadata={"enum": ["pass", "fail"]})
    checks = fields.Dict(keys=fields.String(), values=fields.String())
