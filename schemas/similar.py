"""Events similar to one event."""

from marshmallow import fields

from schemas.base import ResponseSchema
from schemas.events import EventSchema
from schemas.fields import Identifier
from schemas.filters import ExpandQuerySchema, FilterQuerySchema
from schemas.lists import LIMIT, Limit
from schemas.representation import fields_parameter


class SimilarQuerySchema(FilterQuerySchema, ExpandQuerySchema):
    """Filters and number of the similar events."""

    limit = Limit(load_default=None, metadata={"minimum": 1, "description": LIMIT})
    fields_ = fields_parameter(EventSchema, data_key="fields", attribute="fields")  # Schema has a `fields` of its own


class SimilaritySchema(ResponseSchema):
    """The similarity of one event."""

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
        metadata={"description": "Stems of the words that characterise the event, the rarest first."},
    )
