"""The ranking and the matches beside the events of a search by words."""

from typing import Any

from marshmallow import Schema, fields, validate

from schemas.base import ResponseSchema
from schemas.fields import Identifier


class MatchCountSchema(ResponseSchema):
    """A number of events, and of those among them that were ranked by relevance."""

    scored = fields.Integer(
        required=True, metadata={"description": "Events that were ranked. The others follow, the newest first."}
    )
    of = fields.Integer(required=True, metadata={"description": "Events, ranked or not."})
    kind = fields.String(
        required=True, metadata={"enum": ["exact", "estimate"], "description": "Kind of the number `of`."}
    )


class RankingSchema(MatchCountSchema):
    """The number of events that have every word, and of those that were ranked by relevance."""

    of = fields.Integer(required=True, metadata={"description": "Events that have every word, as in every answer."})
    capped = fields.Boolean(required=True, metadata={"description": "True if some events of the list were not ranked."})
    partial_ = fields.Boolean(  # Schema has a `partial` of its own
        data_key="partial",
        attribute="partial",
        required=True,
        metadata={"description": "True if few events have every word, and events with some of the words follow."},
    )
    partial_matches = fields.Nested(
        MatchCountSchema,
        required=True,
        allow_none=True,
        metadata={"description": "Events with some of the words that follow; null if `partial` is false."},
    )
    unmatched = fields.List(
        fields.String(),
        required=True,
        metadata={
            "description": "Words of `q` that no event has, and quotations that partial matches lack because no event"
            " has them."
        },
    )
    ignored = fields.Integer(
        required=True, metadata={"description": "Words of `q` that were ignored, because it has too many."}
    )


class FragmentSchema(ResponseSchema):
    """A part of one text of an event. It is plain text; escape it in HTML."""

    field = fields.String(
        required=True,
        metadata={"description": "Field of the text: `title`, `summary`, `statements/promise` …"},
    )
    text = fields.String(required=True, metadata={"description": "About 160 characters of the text, unchanged."})
    ranges = fields.List(
        fields.List(fields.Integer(), validate=validate.Length(equal=2)),
        required=True,
        metadata={
            "description": "Positions of words in `text`: from the first character to the one behind the last. They"
            " count Unicode code points from 0, not bytes or UTF-16 units, are in order and do not overlap."
        },
    )


class OccurrencesSchema(ResponseSchema):
    """The number of occurrences of a word in each part of an event."""

    title = fields.Integer(
        required=True, metadata={"description": "In its title and names, which count several times."}
    )
    summary = fields.Integer(
        required=True, metadata={"description": "In its summary, which counts several times, too."}
    )
    body = fields.Integer(required=True)
    sources = fields.Integer(required=True)


class ExplainedTermSchema(ResponseSchema):
    """The contribution of one word to a score: times * idf * frequency / (frequency + length term), scaled."""

    term = fields.String(required=True)
    times = fields.Integer(required=True, metadata={"description": "Occurrences in `q`."})
    events = fields.Integer(
        required=True, metadata={"description": "Events with the word; approximate if there are many."}
    )
    idf = fields.Float(required=True, metadata={"description": "Inverse document frequency."})
    frequency = fields.Integer(required=True, metadata={"description": "Weighted occurrences in this event."})
    fields_ = fields.Nested(OccurrencesSchema, required=True, data_key="fields", attribute="fields")
    contribution = fields.Float(required=True)


class ExplanationSchema(ResponseSchema):
    """The parts of a score: the contributions of the words, and of neighbouring words."""

    every_word = fields.Boolean(required=True, metadata={"description": "True if the event has every word."})
    length = fields.Integer(required=True, metadata={"description": "Weighted number of words of the event."})
    usual_length = fields.Float(required=True, metadata={"description": "Average `length` of all events."})
    terms = fields.List(fields.Nested(ExplainedTermSchema), required=True)
    neighbours = fields.Float(
        required=True,
        metadata={
            "description": "Contribution of words that are next to each other as in `q`, or near, and of words that the"
            " first results share."
        },
    )


class MatchSchema(ResponseSchema):
    """The score of one event, and its fragments with the words."""

    id = Identifier(required=True)
    score = fields.Float(
        required=True,
        allow_none=True,
        metadata={"description": "BM25, larger is better; null if the event was not ranked."},
    )
    highlights = fields.List(
        fields.Nested(FragmentSchema),
        required=True,
        allow_none=True,
        metadata={"description": "At most three fragments of its text; null without `highlight`."},
    )
    explanation = fields.Nested(
        ExplanationSchema,
        required=True,
        allow_none=True,
        metadata={"description": "Null without `explain` or a score."},
    )


class ExpandedTermSchema(ResponseSchema):
    """A term of `q` that was expanded."""

    words = fields.String(required=True, metadata={"description": "The words of `q`, in small letters."})
    synonyms = fields.List(
        fields.String(),
        required=True,
        metadata={"description": "Terms that were found as well, as their source has them."},
    )


def expanded_field() -> fields.Field[Any]:
    """Return the member that names the expanded terms of a search."""
    return fields.List(
        fields.Nested(ExpandedTermSchema),
        required=True,
        allow_none=True,
        metadata={"description": "Terms of `q` with synonyms, which were found as well; null without `q`."},
    )


def search_page_of(member: type[Schema]) -> type[Schema]:
    """Return the schema of a page with the members of a search by words; `member` is the schema of the page."""
    members = {
        "ranking": fields.Nested(
            RankingSchema,
            required=True,
            allow_none=True,
            metadata={"description": "Null if the list is not sorted by relevance."},
        ),
        "matches": fields.List(
            fields.Nested(MatchSchema),
            required=True,
            allow_none=True,
            metadata={"description": "One for each of `items`, in their order; null without words to match."},
        ),
        "did_you_mean": fields.String(
            required=True,
            allow_none=True,
            metadata={"description": "`q` with corrected words, if that finds more; null otherwise."},
        ),
        "expanded": expanded_field(),
    }
    return type(member.__name__, (member,), members)
