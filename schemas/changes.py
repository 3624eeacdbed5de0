"""The change feed: what is asked of it, and what it answers."""

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

#: Entries of a page when nothing is said, and at most.
PAGE, MOST = 100, 1_000

#: Seconds for which a page waits for an entry at most.
LONGEST_WAIT = 30

_KIND = CommaSeparated(
    Word(words.EntryKind, required=True),
    metadata={"description": "Kinds of entries. Who keeps a copy needs all of them."},
)


class Seconds(fields.Integer):
    """A whole number of seconds; what is over the longest wait is brought down to it."""

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> int:
        digits = 9
        if not (isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= digits):
            raise ValidationError("Must be a whole number of seconds.")
        return min(int(value), LONGEST_WAIT)


class ChangesQuerySchema(FilterQuerySchema):
    """Which entries, from where, and whether to wait for them."""

    after = fields.String(
        load_default=None,
        metadata={
            "examples": ["now"],
            "description": "The `cursor` of the page before, or of a snapshot; `now` for what is written from now on."
            " Without it from the oldest entry that is kept.",
        },
    )
    limit = Limit(
        load_default=PAGE,
        metadata={"minimum": 1, "description": f"Entries of a page, {PAGE} when not given, {MOST:,} at most."},
    )
    wait = Seconds(
        load_default=0,
        metadata={
            "minimum": 0,
            "description": f"Seconds to wait for an entry where there is none yet, {LONGEST_WAIT} at most.",
        },
    )
    kind = _KIND
    include = Choice(
        ("document", "none"),
        load_default="document",
        metadata={"description": "Whether entries hold the `document` of their version; it is null with `none`."},
    )


class EntryChangeSchema(ResponseSchema):
    """Why the version differs from the one before; null where its writer did not say."""

    kind = Word(words.ChangeKind)


class FeedEntrySchema(ResponseSchema):
    """One committed write."""

    seq = fields.Integer(
        required=True,
        strict=True,
        metadata={"minimum": 1, "description": "Its number in the feed. All have one, without gaps, in one order."},
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
            "description": "Top-level fields that differ from the version before, in alphabetical order; null where"
            " there is none to compare with, as for a creation and a deletion."
        },
    )
    occurred_at = Timestamp(required=True, metadata={"description": "When the version was written."})
    key_id = Identifier(metadata={"description": "The key that wrote it; null where no key did."})
    merged_into = Identifier(metadata={"description": "What this event was found to be, where `kind` is `merge`."})
    document = fields.Nested(
        EventSchema,
        required=True,
        allow_none=True,
        metadata={"description": "What the version says; null for a deletion, and with `include=none`."},
    )


class FeedEntryPageSchema(ResponseSchema):
    """A stretch of the feed."""

    items = fields.List(fields.Nested(FeedEntrySchema), required=True)
    cursor = fields.String(
        required=True, metadata={"description": "What to ask `after` next, also where `items` is empty."}
    )
    more = fields.Boolean(
        required=True,
        metadata={"description": "Whether the feed goes on behind the cursor; `items` may be empty all the same."},
    )
