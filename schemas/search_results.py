"""What a search by words says beside the events it found."""

from marshmallow import Schema, fields, validate

from schemas.base import ResponseSchema
from schemas.fields import Identifier


class RankingSchema(ResponseSchema):
    """How many of the events were put in order by how well the words fit them."""

    scored = fields.Integer(
        required=True, metadata={"description": "Events that were ranked. Behind them follow the others, newest first."}
    )
    of = fields.Integer(required=True, metadata={"description": "Events in the list in all."})
    kind = fields.String(
        required=True, metadata={"enum": ["exact", "estimate"], "description": "How it is known how many there are."}
    )
    capped = fields.Boolean(
        required=True, metadata={"description": "Whether there are more than are ranked: of those, the newest were."}
    )
    partial_ = fields.Boolean(  # Schema has a `partial` of its own
        data_key="partial",
        attribute="partial",
        required=True,
        metadata={"description": "Whether so few have every word that those which have some of them follow."},
    )
    ignored = fields.Integer(
        required=True, metadata={"description": "Words of `q` that were not read, since it has too many."}
    )


class FragmentSchema(ResponseSchema):
    """A part of one text of an event. It is plain text: whoever puts it into HTML escapes it."""

    field = fields.String(
        required=True,
        metadata={"description": "Where the text stands: `title`, `summary`, `statements/promise` …"},
    )
    text = fields.String(required=True, metadata={"description": "Some 160 characters of it, as it was written."})
    ranges = fields.List(
        fields.List(fields.Integer(), validate=validate.Length(equal=2)),
        required=True,
        metadata={
            "description": "Where words are found: first character and the one behind the last. Counted are characters"
            " (Unicode code points) of `text`, not bytes nor UTF-16 units, from 0; in order and apart."
        },
    )


class StandsSchema(ResponseSchema):
    """How often a word stands in each part of an event."""

    title = fields.Integer(
        required=True, metadata={"description": "In its title and names, which count several times."}
    )
    summary = fields.Integer(required=True, metadata={"description": "Counts several times as well."})
    body = fields.Integer(required=True)
    sources = fields.Integer(required=True)


class ExplainedTermSchema(ResponseSchema):
    """What one word adds to a score: times * idf * frequency / (frequency + what the length asks), scaled."""

    term = fields.String(required=True)
    times = fields.Integer(required=True, metadata={"description": "How often `q` says it."})
    events = fields.Integer(required=True, metadata={"description": "Events that have it; of many, about."})
    idf = fields.Float(required=True, metadata={"description": "What its rarity is worth."})
    frequency = fields.Integer(required=True, metadata={"description": "How often it counts in this event."})
    fields_ = fields.Nested(StandsSchema, required=True, data_key="fields", attribute="fields")
    contribution = fields.Float(required=True)


class ExplanationSchema(ResponseSchema):
    """How a score came about: the contributions of the words, and what neighbours add, are the score."""

    every_word = fields.Boolean(
        required=True, metadata={"description": "Whether the event has every word; those that have go before others."}
    )
    length = fields.Integer(required=True, metadata={"description": "Words of the event as they count."})
    usual_length = fields.Float(required=True, metadata={"description": "Of all events, on average."})
    terms = fields.List(fields.Nested(ExplainedTermSchema), required=True)
    neighbours = fields.Float(
        required=True, metadata={"description": "For words that stand beside each other as they do in `q`, or near."}
    )


class MatchSchema(ResponseSchema):
    """How well the words fit one event, and where they are found."""

    id = Identifier(required=True)
    score = fields.Float(
        required=True,
        allow_none=True,
        metadata={"description": "BM25, larger is better; null where the event follows behind the ranked ones."},
    )
    highlights = fields.List(
        fields.Nested(FragmentSchema),
        required=True,
        allow_none=True,
        metadata={"description": "At most three fragments of its text; null unless `highlight` asks."},
    )
    explanation = fields.Nested(
        ExplanationSchema,
        required=True,
        allow_none=True,
        metadata={"description": "Null unless `explain` asks, and where there is no score."},
    )


def found_page_of(member: type[Schema]) -> type[Schema]:
    """The schema of a page of `member`, a page itself, in which words may have been looked for."""
    found = {
        "ranking": fields.Nested(
            RankingSchema,
            required=True,
            allow_none=True,
            metadata={"description": "Null where the list is not in the order of relevance."},
        ),
        "matches": fields.List(
            fields.Nested(MatchSchema),
            required=True,
            allow_none=True,
            metadata={"description": "One for each of `items`, in their order; null where no words are looked for."},
        ),
        "did_you_mean": fields.String(
            required=True,
            allow_none=True,
            metadata={"description": "`q` with its words corrected, where that finds more; null otherwise."},
        ),
    }
    return type(member.__name__, (member,), found)
