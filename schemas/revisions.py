"""The revisions of an event, the difference between two of them, and the instant of an `as_of` query."""

import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from marshmallow import ValidationError, fields

from schemas import vocabulary as words
from schemas.base import RequestSchema, ResponseSchema
from schemas.fields import Text, Timestamp, Word
from schemas.parts import ChangeSchema

#: OpenAPI of the parameter `as_of`.
AS_OF = {
    "type": "string",
    "format": "date-time",
    "examples": ["2026-01-01T00:00:00+01:00"],
    "description": "Return the state at this instant, RFC 3339 with an offset; not in the future.",
}

_OPERATION = {
    "required": ["op", "path"],
    "properties": {
        "op": {"type": "string", "enum": ["add", "remove", "replace", "move", "copy", "test"]},
        "path": {"type": "string"},
        "from": {"type": "string"},
        "value": {},
    },
}


class Instant(fields.Field[datetime]):
    """A point in time, RFC 3339 with any offset. Loads to an aware datetime in UTC."""

    # An unescaped plus arrives as a space, which is not valid in any other meaning there.
    _pattern = re.compile(r"(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d:\d\d)(\.\d{1,9})?([Zz]|[-+ ]\d\d:[0-5]\d)\Z", re.ASCII)

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> datetime:
        match = self._pattern.match(value) if isinstance(value, str) else None
        with suppress(ValueError, OverflowError):
            if match:
                return datetime.fromisoformat(_iso_format(match)).astimezone(UTC)
        raise ValidationError(
            'Must be an instant with its offset, such as "2024-04-01T09:30:00Z" or "2024-04-01T11:30:00+02:00".'
        )


class VersionNumber(fields.Integer):
    """The number of a version, or 0 for the state before the first."""

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> int:
        digits = 9
        if not (isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= digits):
            raise ValidationError("Must be the number of a version, or 0 for the state before the first.")
        return int(value)


class KeyNameSchema(ResponseSchema):
    """The public name of an API key."""

    name = Text(100, required=True)


def author_field() -> fields.Nested:
    """Return the field of the key that wrote a version."""
    description = "The author's key by its public name; null if it has none, or no key was used."
    return fields.Nested(KeyNameSchema, required=True, allow_none=True, metadata={"description": description})


class RevisionSchema(ResponseSchema):
    """One version of an event: its time, author and reason."""

    version = fields.Integer(required=True, strict=True, metadata={"minimum": 1})
    recorded_at = Timestamp(required=True)
    record_state = Word(words.RecordState, required=True)
    change = fields.Nested(ChangeSchema, required=True)
    key = author_field()
    url = fields.String(
        required=True,
        allow_none=True,
        metadata={
            "format": "uri-reference",
            "description": "Address of the revision; null for a deletion.",
        },
    )


_RANGE = {"minimum": 0, "maximum": 999_999_999}

#: A mapping, since `from` cannot be an attribute of a class.
_VERSIONS: Mapping[str, Any] = {
    "from": VersionNumber(
        load_default=None, metadata=_RANGE | {"description": "A version; by default the one before `to`."}
    ),
    "to": VersionNumber(load_default=None, metadata=_RANGE | {"description": "A version; by default the latest."}),
}
DiffQuerySchema = type("DiffQuerySchema", (RequestSchema,), dict(_VERSIONS))

_DIFFERENCE: Mapping[str, Any] = {
    "from": fields.Integer(required=True, strict=True, metadata={"minimum": 0}),
    "to": fields.Integer(required=True, strict=True, metadata={"minimum": 0}),
    "patch": fields.List(
        fields.Dict(metadata=_OPERATION),
        required=True,
        metadata={"description": "JSON Patch (RFC 6902) from version `from` to version `to`."},
    ),
    "changes": fields.List(
        fields.Nested(RevisionSchema),
        required=True,
        metadata={"description": "The versions in between, newest first."},
    ),
    "next": fields.String(
        required=True,
        allow_none=True,
        metadata={
            "format": "uri-reference",
            "description": "The next page of `changes`, as a page of revisions; null if `changes` is complete.",
        },
    ),
}
DiffSchema = type("DiffSchema", (ResponseSchema,), dict(_DIFFERENCE))


def _iso_format(match: re.Match[str]) -> str:
    """Return the instant in the one spelling that every version of Python reads, truncated to microseconds."""
    day, time, fraction, zone = match.groups()
    offset = "+00:00" if zone in "Zz" else zone.replace(" ", "+")
    return f"{day}T{time}{(fraction or '')[:7]}{offset}"
