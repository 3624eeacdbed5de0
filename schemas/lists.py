"""The parameters of lists, and their pages."""

from collections.abc import Mapping, Sequence
from typing import Any

from marshmallow import Schema, ValidationError, fields

from schemas.base import Flag, RequestSchema, ResponseSchema, did_you_mean
from schemas.events import EventSchema
from schemas.fields import Slug
from schemas.filters import ExpandQuerySchema, FilterQuerySchema, FilterSchema
from schemas.representation import Choice, FormatQuerySchema, fields_parameter
from schemas.revisions import AS_OF, Instant
from schemas.search_results import search_page_of

#: The sort keys of events.
SORTABLE = ("relevance", "date", "announced", "title", "created_at", "updated_at")
#: The kinds of counts.
COUNTS = ("exact", "estimate")
#: The most sort keys of a list.
MOST_SORTS = 3


class Sort(fields.Field[list[tuple[str, bool]]]):
    """Keys separated by commas, or in a list; `-` before one for descending. Loads to pairs of key and descending."""

    def __init__(self, names: Sequence[str], **options: Any) -> None:
        """`names`: the valid keys."""
        self.names = names
        super().__init__(**options)

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> list[tuple[str, bool]]:
        names = value if isinstance(value, list) else str(value).split(",")
        keys = [(str(key).removeprefix("-"), str(key).startswith("-")) for key in names]
        for name, _descending in keys:
            if name not in self.names:
                raise ValidationError(f"Must be one of: {', '.join(self.names)}.{did_you_mean(name, self.names)}")
        if len({name for name, _ in keys}) < len(keys) or len(keys) > MOST_SORTS:
            raise ValidationError(f"Must have at most {MOST_SORTS} keys, each once.")
        return keys


class Limit(fields.Integer):
    """The number of members of a page, 1 or more. A number above the largest page means the largest page."""

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> int:
        digits = 9
        if isinstance(value, int) and not isinstance(value, bool):  # in JSON
            value = str(value)
        if not (isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= digits and int(value)):
            raise ValidationError("Must be a whole number from 1.")
        return int(value)


#: Members of a page by default and at most, unless the service's settings say otherwise.
USUAL_SIZE, MOST_SIZE = 20, 200

LIMIT = f"Members of a page: {USUAL_SIZE} by default, at most {MOST_SIZE}."


class PageQuerySchema(RequestSchema):
    """The parameters of a page."""

    limit = Limit(load_default=None, metadata={"minimum": 1, "description": LIMIT})
    cursor = fields.String(load_default=None, metadata={"description": "Cursor in the `next` of the previous page."})


class ListQuerySchema(PageQuerySchema, FormatQuerySchema, ExpandQuerySchema):
    """The parameters of a page of events: its order, its fields and its extras."""

    sort = Sort(
        SORTABLE,
        load_default=None,
        metadata={
            "description": f"Sort keys: {', '.join(SORTABLE)}; `-` for descending. Events without the date come last."
            " `relevance` must be the only key. The default is `relevance` with `q`, else `-date`; `-updated_at` for"
            " feeds, and the id for exports."
        },
    )
    as_of = Instant(load_default=None, metadata=AS_OF)
    fields_ = fields_parameter(EventSchema, data_key="fields", attribute="fields")  # Schema has a `fields` of its own
    count = Choice(
        COUNTS,
        metadata={
            "description": "Return the number of matching events: counted, or estimated by PostgreSQL's planner."
        },
    )
    highlight = Flag(
        load_default=False,
        metadata={"description": "Return in `matches` the fragments that have the words of `q`, as text and ranges."},
    )
    explain = Flag(
        load_default=False,
        metadata={"description": "Return in `matches` the contribution of each word of `q` to the score."},
    )


class EventQuerySchema(FilterQuerySchema, ListQuerySchema):
    """Filters, order and page of events: any value of a filter, and all filters."""

    snapshot = Flag(
        load_default=False,
        metadata={"description": "Return the `cursor` from which to follow `/v1/changes` after the last page."},
    )


class SearchSchema(FilterSchema, ListQuerySchema):
    """Filters, order and page of events as JSON: as for GET /v1/events, with `all`, `any` and `not` of filters."""


class SearchPageQuerySchema(RequestSchema):
    """The page of a search, in the URL."""

    cursor = fields.String(load_default=None, metadata={"description": "Cursor in the `next` of the previous page."})


class FieldsQuerySchema(RequestSchema):
    """The fields of an event."""

    fields_ = fields_parameter(EventSchema, data_key="fields", attribute="fields")


class OneEventQuerySchema(FieldsQuerySchema):
    """The state and the fields of an event."""

    as_of = Instant(load_default=None, metadata=AS_OF)


class TopicQuerySchema(PageQuerySchema):
    """The filters of topics."""

    broader = Slug(metadata={"description": "Only topics directly below this one."})


class CountSchema(ResponseSchema):
    """The number of matches."""

    value = fields.Integer(required=True)
    kind = fields.String(required=True, metadata={"enum": list(COUNTS)})


def counted_page_of(member: type[Schema]) -> type[Schema]:
    """Return the schema of a page of `member` that can be counted."""
    count = fields.Nested(
        CountSchema, required=True, allow_none=True, metadata={"description": "Null without the parameter `count`."}
    )
    cursor = fields.String(
        required=True,
        allow_none=True,
        metadata={
            "description": "Cursor from which to follow `/v1/changes`, the same on all pages; null without `snapshot`."
        },
    )
    page: type[Schema] = type(page_of(member).__name__, (page_of(member),), {"count": count, "cursor": cursor})
    return page


def page_of(member: type[Schema]) -> type[Schema]:
    """Return the schema of a page of `member`."""
    listed: Mapping[str, fields.Field[Any]] = {
        "items": fields.List(fields.Nested(member), required=True),
        "next": fields.String(
            required=True,
            allow_none=True,
            metadata={"format": "uri-reference", "description": "URL of the next page; null on the last."},
        ),
    }
    return type(f"{member.__name__.removesuffix('Schema')}PageSchema", (ResponseSchema,), dict(listed))


#: A page of events.
EventPageSchema = search_page_of(counted_page_of(EventSchema))
