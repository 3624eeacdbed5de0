"""Events like one event."""

from marshmallow import fields

from schemas.base import ResponseSchema
from schemas.events import EventSchema
from schemas.fields import Identifier
from schemas.filters import FilterQuerySchema
from schemas.lists import Limit
from schemas.representation import fields_parameter


class SimilarQuerySchema(FilterQuerySchema):
    """Which of the similar events, and how many."""

    limit = Limit(
        load_default=None, metadata={"minimum": 1, "description": "How many, 20 when not given, 200 at most."}
    )
    fields_ = fields_parameter(EventSchema, data_key="fields", attribute="fields")  # Schema has a `fields` of its own


class SimilaritySchema(ResponseSchema):
    """How similar one event is."""

    id = Identifier(required=True)
    score = fields.Float(required=True, metadata={"description": "BM25 of the words, larger is better."})


class SimilarPageSchema(ResponseSchema):
    """Similar events, the most similar first."""

    items = fields.List(fields.Nested(EventSchema), required=True)
    matches = fields.List(
        fields.Nested(SimilaritySchema),
        required=True,
        metadata={"description": "One for each of `items`, in their order."},
    )
    words = fields.List(
        fields.String(),
        required=True,
        metadata={"description": "The stems of the words that tell most of the event, the rarest first."},
    )
