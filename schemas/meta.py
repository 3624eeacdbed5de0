"""The service's descriptions of itself: vocabularies, problems, links, health."""

from marshmallow import fields

from schemas.base import ResponseSchema
from schemas.vocabulary import VOCABULARIES


class MeaningSchema(ResponseSchema):
    """A word and its meaning."""

    word = fields.String(required=True)
    meaning = fields.String(required=True)


class VocabularySchema(ResponseSchema):
    """A closed list of words."""

    description = fields.String(required=True)
    words = fields.List(fields.Nested(MeaningSchema), required=True)


VocabulariesSchema = ResponseSchema.from_dict(
    {name: fields.Nested(VocabularySchema, required=True) for name in (*VOCABULARIES, "jurisdiction")},
    name="VocabulariesSchema",
)


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
