"""Facets of events, and suggestions while a reader types."""

from marshmallow import fields

from schemas.base import CheckedString, RequestSchema, ResponseSchema, did_you_mean
from schemas.fields import Text
from schemas.filter_values import CommaSeparated
from schemas.filters import ExpandQuerySchema, FilterQuerySchema
from schemas.lists import COUNTS, CountSchema, Limit
from schemas.search_results import expanded_field

#: The facets of events.
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

#: Values of one facet by default and at most.
USUAL_VALUES, MOST_VALUES = 20, 200

#: The kinds of suggestions, and the most of them.
SUGGESTED = (
    *("title", "topic", "party", "affected", "participant", "event_type", "instrument", "status", "verification"),
    *("tag", "source_publisher"),
)
MOST_SUGGESTIONS = 10

#: The most events with one title that a suggestion counts.
MOST_WITH_TITLE = 1_000


class OneOf(CheckedString):
    """One of a few words, as a member of a list."""

    def __init__(self, words: tuple[str, ...]) -> None:
        """`words`: the valid words."""
        self.words = words
        self.form = {"enum": list(words)}
        super().__init__(required=True)

    def error_in(self, text: str) -> str | None:
        """See CheckedString."""
        if text in self.words:
            return None
        return f"Must be one of: {', '.join(self.words)}.{did_you_mean(text[:100], self.words)}"


class FacetsQuerySchema(FilterQuerySchema, ExpandQuerySchema):
    """Filters of events, and the facets to count: any value of a filter, and all filters."""

    fields_ = CommaSeparated(
        OneOf(FACETS),
        data_key="fields",  # Schema has a `fields` of its own
        attribute="fields",
        load_default=lambda: list(FACETS),
        metadata={"description": "Facets to count, separated by commas; all by default."},
    )
    limit = Limit(
        load_default=USUAL_VALUES,
        metadata={
            "minimum": 1,
            "description": f"Values of each facet: {USUAL_VALUES} by default, at most {MOST_VALUES}.",
        },
    )


class FacetValueSchema(ResponseSchema):
    """A value, and the number of events with it."""

    value = fields.String(
        required=True,
        metadata={"description": "As in the filter of the same name; `year` and `month` as in `date`."},
    )
    label = fields.String(
        required=True,
        allow_none=True,
        metadata={
            "description": "Name to display: a topic's label in a language of Accept-Language, else in English, or the"
            " English name of a jurisdiction. Null for all other facets."
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
            "description": "`exact`: all matches were counted. `estimate`: a sample was counted and scaled; rare values"
            " can be missing.",
        },
    )
    values = fields.List(
        fields.Nested(FacetValueSchema),
        required=True,
        metadata={"description": "By count, then by value. An event counts for each of its values."},
    )
    left_out = fields.Integer(required=True, metadata={"description": "Number of further values, among those counted."})
    without = fields.Integer(
        required=True, metadata={"description": "Events without a value, for example without a date or a tag."}
    )


class FacetsSchema(ResponseSchema):
    """The number of matching events, and their counts by facet."""

    count = fields.Nested(CountSchema, required=True, metadata={"description": "Matching events."})
    expanded = expanded_field()
    facets = fields.List(
        fields.Nested(FacetSchema),
        required=True,
        metadata={
            "description": "In the order of `fields`. Each facet is counted without its own filter, so that you can"
            " offer its other values, too; `not_` filters apply to all."
        },
    )


class SuggestQuerySchema(RequestSchema):
    """The text that a reader has typed so far."""

    q = Text(
        200,
        required=True,
        metadata={"description": "Beginning of a title, a name or words in it.", "examples": ["adv"]},
    )
    type = CommaSeparated(
        OneOf(SUGGESTED),
        load_default=lambda: list(SUGGESTED),
        metadata={"description": "Kinds of suggestions, separated by commas; all by default."},
    )
    limit = Limit(
        load_default=MOST_SUGGESTIONS,
        metadata={"minimum": 1, "description": f"Number of suggestions, at most and by default {MOST_SUGGESTIONS}."},
    )


class SuggestionSchema(ResponseSchema):
    """A suggestion."""

    type = fields.String(required=True, metadata={"enum": list(SUGGESTED)})
    text = fields.String(
        required=True, metadata={"description": "The title, label or name, in English for jurisdictions and words."}
    )
    id = fields.String(
        required=True,
        allow_none=True,
        metadata={
            "description": "Id of the topic or of the newest event with the title; code of the jurisdiction; word of"
            " the vocabulary. Null for the name of a participant or publisher and for a tag."
        },
    )
    filter = fields.String(
        required=True,
        allow_none=True,
        metadata={
            "description": "Query of `GET /v1/events` that finds the events; null for a title that only one event has."
        },
    )
    count = fields.Integer(
        required=True,
        metadata={
            "description": f"Number of events: with the title ({MOST_WITH_TITLE:,} at most), with the topic or a"
            " narrower one, or with the value. Changes of the last seconds may be missing."
        },
    )


class SuggestionsSchema(ResponseSchema):
    """Suggestions, the most likely first."""

    items = fields.List(fields.Nested(SuggestionSchema), required=True)
    did_you_mean = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "The text with corrected words, if it finds more; null otherwise."},
    )
