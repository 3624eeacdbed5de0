"""The change feed: its query and its pages."""

from typing import Any

from marshmallow import ValidationError, fields

from schemas import vocabulary as words
from schemas.base import ResponseSchema
from schemas.events import EventSchema
from schemas.fields import Identifier, Timestamp, Word
from schemas.filter_values import CommaSeparated
from schemas.filters import FilterQuerySchema
from schemas.lists import Limit
from schemas.representation import Choice
from schemas.revisions import author_field

#: Entries of a page: the default and the maximum.
PAGE, MOST = 100, 1_000

#: Maximum seconds that a request waits for an entry.
LONGEST_WAIT = 30

_KIND = CommaSeparated(
    Word(words.EntryKind, required=True),
    metadata={"description": "Kinds of entries. To keep a copy you need all of them."},
)


class Seconds(fields.Integer):
    """A whole number of seconds; a larger value is reduced to the longest wait."""

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> int:
        digits = 9
        if not (isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= digits):
            raise ValidationError("Must be a whole number of seconds.")
        return min(int(value), LONGEST_WAIT)


class ChangesQuerySchema(FilterQuerySchema):
    """The filter of the entries, the cursor, and the time to wait."""

    after = fields.String(
        load_default=None,
        metadata={
            "examples": ["now"],
            "description": "The `cursor` of the previous page or of a snapshot; `now` for writes from now on."
            " The default is the oldest entry that is kept.",
        },
    )
    limit = Limit(
        load_default=PAGE,
        metadata={"minimum": 1, "description": f"Entries of a page: {PAGE} by default, {MOST:,} at most."},
    )
    wait = Seconds(
        load_default=0,
        metadata={
            "minimum": 0,
            "description": f"Seconds to wait if there is no entry yet, at most {LONGEST_WAIT}.",
        },
    )
    kind = _KIND
    include = Choice(
        ("document", "none"),
        load_default="document",
        metadata={"description": "`document` to include the document of each version; with `none` it is null."},
    )


class EntryChangeSchema(ResponseSchema):
    """The kind of the change; null if its author gave none."""

    kind = Word(words.ChangeKind)


class FeedEntrySchema(ResponseSchema):
    """One committed write."""

    seq = fields.Integer(
        required=True,
        strict=True,
        metadata={"minimum": 1, "description": "Number of the entry: ascending, without gaps."},
    )
    kind = Word(words.EntryKind, required=True)
    event_id = Identifier(required=True)
    version = fields.Integer(required=True, strict=True, metadata={"minimum": 1})
    change = fields.Nested(EntryChangeSchema, required=True)
    changed = fields.List(
        fields.String(),
        required=True,
        allow_none=True,
        metadata={
            "description": "Top-level fields that differ from the previous version, in alphabetical order; null if"
            " there is none to compare, as for a creation or a deletion."
        },
    )
    occurred_at = Timestamp(required=True, metadata={"description": "Time at which the version was written."})
    key = author_field()
    merged_into = Identifier(metadata={"description": "The event that this one was merged into, if `kind` is `merge`."})
    document = fields.Nested(
        EventSchema,
        required=True,
        allow_none=True,
        metadata={"description": "The document of the version; null for a deletion, and with `include=none`."},
    )


class FeedEntryPageSchema(ResponseSchema):
    """A page of the feed."""

    items = fields.List(fields.Nested(FeedEntrySchema), required=True)
    cursor = fields.String(
        required=True, metadata={"description": "The value of `after` for the next page, also if `items` is empty."}
    )
    more = fields.Boolean(
        required=True,
        metadata={"description": "True if more entries follow the cursor, even if `items` is empty."},
    )
