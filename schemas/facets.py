"""What is counted beside a list, and what is offered while a reader types."""

from marshmallow import fields

from schemas.base import CheckedString, RequestSchema, ResponseSchema, did_you_mean
from schemas.fields import Text
from schemas.filter_values import CommaSeparated
from schemas.filters import FilterQuerySchema
from schemas.lists import COUNTS, CountSchema, Limit

#: What events can be counted by.
FACETS = (
    "topic",
    "jurisdiction",
    "party",
    "affected",
    "event_type",
    "status",
    "verification",
    "year",
    "month",
    "source_publisher",
    "figure_currency",
    "tag",
    "lang",
    "instrument",
)

#: Values of one facet: when no number is asked for, and at most.
USUAL_VALUES, MOST_VALUES = 20, 200

#: What is offered, and how much of it at most.
OFFERED = ("title", "topic", "participant")
MOST_OFFERS = 10


class OneOf(CheckedString):
    """One of a few words."""

    def __init__(self, words: tuple[str, ...]) -> None:
        """`words`: those that are valid."""
        self.words = words
        self.form = {"enum": list(words)}
        super().__init__(required=True)

    def error_in(self, text: str) -> str | None:
        """See CheckedString."""
        if text in self.words:
            return None
        return f"Must be one of: {', '.join(self.words)}.{did_you_mean(text[:100], self.words)}"


class FacetsQuerySchema(FilterQuerySchema):
    """What to count, of which events. Commas mean any of; several parameters, all of."""

    fields_ = CommaSeparated(
        OneOf(FACETS),
        data_key="fields",  # Schema has a `fields` of its own
        attribute="fields",
        load_default=lambda: list(FACETS),
        metadata={"description": "Facets to count, joined by commas; all when not given."},
    )
    limit = Limit(
        load_default=USUAL_VALUES,
        metadata={
            "minimum": 1,
            "description": f"Values of each facet, {USUAL_VALUES} when not given, {MOST_VALUES} at most.",
        },
    )


class FacetValueSchema(ResponseSchema):
    """A value, and how many events have it."""

    value = fields.String(
        required=True,
        metadata={"description": "As the filter of this name takes it; of year and month, as `date` does."},
    )
    label = fields.String(
        required=True,
        allow_none=True,
        metadata={
            "description": "What to show for it: a topic's label by Accept-Language, else in English; a jurisdiction's"
            " English name. Null where the value says enough."
        },
    )
    count = fields.Integer(required=True)


class FacetSchema(ResponseSchema):
    """The most frequent values of one facet."""

    field = fields.String(required=True, metadata={"enum": list(FACETS)})
    kind = fields.String(
        required=True,
        metadata={
            "enum": list(COUNTS),
            "description": "`exact`: counted one by one. `estimate`: counted in a part that stands for the whole, and"
            " scaled; values that few events have may lack.",
        },
    )
    values = fields.List(
        fields.Nested(FacetValueSchema),
        required=True,
        metadata={"description": "By count, then by value. An event counts in each value that it has."},
    )
    left_out = fields.Integer(required=True, metadata={"description": "Values there are besides, among those counted."})
    without = fields.Integer(
        required=True, metadata={"description": "Events that say nothing here: without a date, without a tag."}
    )


class FacetsSchema(ResponseSchema):
    """How the events that match are spread over each facet."""

    count = fields.Nested(CountSchema, required=True, metadata={"description": "Events that match."})
    facets = fields.List(
        fields.Nested(FacetSchema),
        required=True,
        metadata={
            "description": "In the order asked for. A facet is counted without the filter that narrows by it, so that"
            " its other values can be chosen too; `not_` filters hold for all."
        },
    )


class SuggestQuerySchema(RequestSchema):
    """What a reader has typed so far."""

    q = Text(
        200,
        required=True,
        metadata={"description": "The beginning of a title, of a name or of words in it.", "examples": ["adv"]},
    )
    type = CommaSeparated(
        OneOf(OFFERED),
        load_default=lambda: list(OFFERED),
        metadata={"description": "Kinds to offer, joined by commas; all when not given."},
    )
    limit = Limit(
        load_default=MOST_OFFERS,
        metadata={"minimum": 1, "description": f"How many to offer, {MOST_OFFERS} at most and when not given."},
    )


class SuggestionSchema(ResponseSchema):
    """Something that could be meant."""

    type = fields.String(required=True, metadata={"enum": list(OFFERED)})
    text = fields.String(required=True, metadata={"description": "The title, label or name."})
    id = fields.String(
        required=True, allow_none=True, metadata={"description": "Of the event or the topic; null for a participant."}
    )
    filter = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "The query of `GET /v1/events` that finds what is meant; null for a title."},
    )


class SuggestionsSchema(ResponseSchema):
    """What could be meant, likeliest first."""

    items = fields.List(fields.Nested(SuggestionSchema), required=True)
    did_you_mean = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "What was typed with its words corrected, where that finds more. Null otherwise."},
    )
