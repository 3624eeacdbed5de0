"""What a list is asked with, and the page it answers with."""

from collections.abc import Mapping, Sequence
from typing import Any

from marshmallow import Schema, ValidationError, fields

from schemas import vocabulary as words
from schemas.base import RequestSchema, ResponseSchema, did_you_mean
from schemas.event import EventSchema
from schemas.fields import Checked, Jurisdiction, Slug, Text, Word
from schemas.forms import Choice, selection_of
from schemas.history import AS_OF, Instant

#: What events can be sorted by.
SORTABLE = ("date", "announced", "title", "created_at", "updated_at")
#: How a list can be counted.
COUNTS = ("exact", "estimate")
#: Sort keys at most.
MOST_SORTS = 3


class CommaSeparated(fields.Field[list[str]]):
    """Values joined by commas, any of which may match; 50 at most."""

    def __init__(self, of: Checked | Text, **options: Any) -> None:
        """`of`: the field that each value must be."""
        self.of = of
        super().__init__(**options)

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> list[str]:
        most = 50
        if not isinstance(value, str):
            raise ValidationError("Must be given once; join several values with commas.")
        values = list(dict.fromkeys(value.split(",")))
        if len(values) > most:
            raise ValidationError(f"At most {most} values.")
        return [self.of.deserialize(one) for one in values]


class Sort(fields.Field[list[tuple[str, bool]]]):
    """Keys joined by commas, `-` before one for descending. Loads to (key, whether descending)."""

    def __init__(self, names: Sequence[str], **options: Any) -> None:
        """`names`: the keys that are valid."""
        self.names = names
        super().__init__(**options)

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> list[tuple[str, bool]]:
        keys = [(key.removeprefix("-"), key.startswith("-")) for key in str(value).split(",")]
        for name, _descending in keys:
            if name not in self.names:
                raise ValidationError(f"Can sort by: {', '.join(self.names)}.{did_you_mean(name, self.names)}")
        if len({name for name, _ in keys}) < len(keys) or len(keys) > MOST_SORTS:
            raise ValidationError(f"At most {MOST_SORTS} different keys.")
        return keys


class Limit(fields.Integer):
    """How many on a page: 1 or more; what is over the service's largest page is brought down to it."""

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> int:
        digits = 9
        if not (isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= digits and int(value)):
            raise ValidationError("Must be a whole number from 1.")
        return int(value)


class PageQuerySchema(RequestSchema):
    """Which page, and how long."""

    limit = Limit(
        load_default=None, metadata={"minimum": 1, "description": "Members of a page, 20 when not given, 200 at most."}
    )
    cursor = fields.String(load_default=None, metadata={"description": "From the `next` of the page before."})


class EventQuerySchema(PageQuerySchema):
    """Which events, in what order. Commas mean any of; several parameters, all of."""

    event_type = CommaSeparated(Word(words.EventType, required=True), metadata={"description": "Kind of event."})
    status = CommaSeparated(Word(words.Status, required=True), metadata={"description": "Where the policy stands."})
    party = CommaSeparated(Jurisdiction(required=True), metadata={"description": "Jurisdiction of a party."})
    affected = CommaSeparated(
        Jurisdiction(required=True),
        metadata={"description": "Jurisdiction of a participant that is affected or a dependency's source."},
    )
    jurisdiction = CommaSeparated(
        Jurisdiction(required=True), metadata={"description": "Jurisdiction of any participant."}
    )
    topic = CommaSeparated(Slug(required=True), metadata={"description": "Topic, narrower ones taken along."})
    tag = CommaSeparated(Text(100, required=True), metadata={"description": "Tag."})
    sort = Sort(
        SORTABLE,
        load_default=lambda: [("date", True)],
        metadata={"description": f"By {', '.join(SORTABLE)}; `-` for descending. Events without the date come last."},
    )
    as_of = Instant(load_default=None, metadata=AS_OF)
    fields_ = selection_of(EventSchema, data_key="fields", attribute="fields")  # Schema has a `fields` of its own
    count = Choice(
        COUNTS,
        metadata={"description": "How many events match in all: counted, or as PostgreSQL's planner guesses at once."},
    )


class FieldsQuerySchema(RequestSchema):
    """Which part of an event."""

    fields_ = selection_of(EventSchema, data_key="fields", attribute="fields")


class OneEventQuerySchema(FieldsQuerySchema):
    """Which state of an event, and which part."""

    as_of = Instant(load_default=None, metadata=AS_OF)


class TopicQuerySchema(PageQuerySchema):
    """Which topics."""

    broader = Slug(metadata={"description": "Only those directly beneath this one."})


class CountSchema(ResponseSchema):
    """How many match in all."""

    value = fields.Integer(required=True)
    kind = fields.String(required=True, metadata={"enum": list(COUNTS)})


def counted_page_of(member: type[Schema]) -> type[Schema]:
    """The schema of a page of `member` that can be counted."""
    count = fields.Nested(
        CountSchema, required=True, allow_none=True, metadata={"description": "Null unless `count` asks for it."}
    )
    counted: type[Schema] = type(page_of(member).__name__, (page_of(member),), {"count": count})
    return counted


def page_of(member: type[Schema]) -> type[Schema]:
    """The schema of a page of `member`."""
    listed: Mapping[str, fields.Field[Any]] = {
        "items": fields.List(fields.Nested(member), required=True),
        "next": fields.String(
            required=True,
            allow_none=True,
            metadata={"format": "uri-reference", "description": "The next page, as it is; null on the last."},
        ),
    }
    return type(f"{member.__name__.removesuffix('Schema')}PageSchema", (ResponseSchema,), dict(listed))
