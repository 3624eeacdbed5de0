"""What a list is asked with, and the page it answers with."""

from collections.abc import Mapping, Sequence
from typing import Any

from marshmallow import Schema, ValidationError, fields

from schemas.base import Flag, RequestSchema, ResponseSchema, did_you_mean
from schemas.events import EventSchema
from schemas.fields import Slug
from schemas.filters import FilterQuerySchema, FilterSchema
from schemas.representation import Choice, FormatQuerySchema, fields_parameter
from schemas.revisions import AS_OF, Instant
from schemas.search_results import found_page_of

#: What events can be sorted by.
SORTABLE = ("relevance", "date", "announced", "title", "created_at", "updated_at")
#: How a list can be counted.
COUNTS = ("exact", "estimate")
#: Sort keys at most.
MOST_SORTS = 3


class Sort(fields.Field[list[tuple[str, bool]]]):
    """Keys joined by commas, or in a list; `-` before one for descending. Loads to (key, whether descending)."""

    def __init__(self, names: Sequence[str], **options: Any) -> None:
        """`names`: the keys that are valid."""
        self.names = names
        super().__init__(**options)

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> list[tuple[str, bool]]:
        sent = value if isinstance(value, list) else str(value).split(",")
        keys = [(str(key).removeprefix("-"), str(key).startswith("-")) for key in sent]
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
        if isinstance(value, int) and not isinstance(value, bool):  # in JSON
            value = str(value)
        if not (isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= digits and int(value)):
            raise ValidationError("Must be a whole number from 1.")
        return int(value)


class PageQuerySchema(RequestSchema):
    """Which page, and how long."""

    limit = Limit(
        load_default=None, metadata={"minimum": 1, "description": "Members of a page, 20 when not given, 200 at most."}
    )
    cursor = fields.String(load_default=None, metadata={"description": "From the `next` of the page before."})


class ListQuerySchema(PageQuerySchema, FormatQuerySchema):
    """Which page of events, in what order, and how they are shown."""

    sort = Sort(
        SORTABLE,
        load_default=None,
        metadata={
            "description": f"By {', '.join(SORTABLE)}; `-` for descending. Events without the date come last."
            " Without it by `relevance` where `q` is given, which stands alone, else by `-date`; feeds by"
            " `-updated_at`, exports by id."
        },
    )
    as_of = Instant(load_default=None, metadata=AS_OF)
    fields_ = fields_parameter(EventSchema, data_key="fields", attribute="fields")  # Schema has a `fields` of its own
    count = Choice(
        COUNTS,
        metadata={"description": "How many events match in all: counted, or as PostgreSQL's planner guesses at once."},
    )
    highlight = Flag(
        load_default=False,
        metadata={"description": "Tell in `matches` where the words of `q` are found, as text and ranges."},
    )
    explain = Flag(
        load_default=False, metadata={"description": "Tell in `matches` what each word of `q` adds to the score."}
    )


class EventQuerySchema(FilterQuerySchema, ListQuerySchema):
    """Which events, in what order. Commas mean any of; several parameters, all of."""

    snapshot = Flag(
        load_default=False,
        metadata={
            "description": "Answer with the `cursor` from which to follow `/v1/changes` when all pages have been read."
        },
    )


class SearchSchema(FilterSchema, ListQuerySchema):
    """Which events, as JSON: what GET /v1/events takes, and `all`, `any` and `not` of such filters."""


class SearchPageQuerySchema(RequestSchema):
    """Which page of a search, where the address says it."""

    cursor = fields.String(load_default=None, metadata={"description": "From the `next` of the page before."})


class FieldsQuerySchema(RequestSchema):
    """Which part of an event."""

    fields_ = fields_parameter(EventSchema, data_key="fields", attribute="fields")


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
    cursor = fields.String(
        required=True,
        allow_none=True,
        metadata={
            "description": "Where to follow `/v1/changes` from, the same on all pages; null unless `snapshot` asks."
        },
    )
    counted: type[Schema] = type(page_of(member).__name__, (page_of(member),), {"count": count, "cursor": cursor})
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


#: A page of events.
EventPageSchema = found_page_of(counted_page_of(EventSchema))
