"""How an event came to be what it is: revisions, what differs between two, and an instant to look back to."""

import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from marshmallow import ValidationError, fields

from schemas import vocabulary as words
from schemas.base import RequestSchema, ResponseSchema
from schemas.fields import Identifier, Text, Timestamp, Word
from schemas.parts import ChangeSchema

#: What OpenAPI says of the parameter by which one looks back.
AS_OF = {
    "type": "string",
    "format": "date-time",
    "examples": ["2026-01-01T00:00:00+01:00"],
    "description": "Answer as at this instant, RFC 3339 with an offset; it may not lie in the future.",
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

    # A plus that was not escaped arrives as a space, and may be nothing else there.
    _pattern = re.compile(r"(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d:\d\d)(\.\d{1,9})?([Zz]|[-+ ]\d\d:\d\d)\Z", re.ASCII)

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> datetime:
        found = self._pattern.match(value) if isinstance(value, str) else None
        with suppress(ValueError, OverflowError):
            if found:
                return datetime.fromisoformat(_plain(found)).astimezone(UTC)
        raise ValidationError(
            'Must be an instant with its offset, such as "2024-04-01T09:30:00Z" or "2024-04-01T11:30:00+02:00".'
        )


class VersionNumber(fields.Integer):
    """The number of a version, 0 for what was before the first one."""

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> int:
        digits = 9
        if not (isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= digits):
            raise ValidationError("Must be the number of a version, or 0 for what was before the first.")
        return int(value)


class KeyNameSchema(ResponseSchema):
    """An API key by its name."""

    id = Identifier(required=True)
    name = Text(100, required=True)


class RevisionSchema(ResponseSchema):
    """How one version of an event came to be."""

    version = fields.Integer(required=True, strict=True, metadata={"minimum": 1})
    recorded_at = Timestamp(required=True)
    record_state = Word(words.RecordState, required=True)
    change = fields.Nested(ChangeSchema, required=True)
    key = fields.Nested(
        KeyNameSchema, required=True, allow_none=True, metadata={"description": "Who wrote it; null where no key did."}
    )
    url = fields.String(
        required=True,
        allow_none=True,
        metadata={
            "format": "uri-reference",
            "description": "Where it is read; null for a deletion.",
        },
    )


_WHICH = {"minimum": 0, "maximum": 999_999_999}

#: `from` is no name that a class can have.
_VERSIONS: Mapping[str, Any] = {
    "from": VersionNumber(
        load_default=None, metadata=_WHICH | {"description": "A version, the one before `to` when not given."}
    ),
    "to": VersionNumber(load_default=None, metadata=_WHICH | {"description": "A version, the latest when not given."}),
}
DiffQuerySchema = type("DiffQuerySchema", (RequestSchema,), dict(_VERSIONS))

_DIFFERENCE: Mapping[str, Any] = {
    "from": fields.Integer(required=True, strict=True, metadata={"minimum": 0}),
    "to": fields.Integer(required=True, strict=True, metadata={"minimum": 0}),
    "patch": fields.List(
        fields.Dict(metadata=_OPERATION),
        required=True,
        metadata={"description": "JSON Patch (RFC 6902) that turns `from` into `to`."},
    ),
    "changes": fields.List(
        fields.Nested(RevisionSchema),
        required=True,
        metadata={"description": "The versions that lie between, newest first."},
    ),
    "next": fields.String(
        required=True,
        allow_none=True,
        metadata={
            "format": "uri-reference",
            "description": "Where `changes` goes on among the revisions; null where all are told.",
        },
    ),
}
DiffSchema = type("DiffSchema", (ResponseSchema,), dict(_DIFFERENCE))


def _plain(found: re.Match[str]) -> str:
    """`found` in the one way that Python reads in every version; what is finer than a microsecond is cut off."""
    day, time, fraction, zone = found.groups()
    offset = "+00:00" if zone in "Zz" else zone.replace(" ", "+")
    return f"{day}T{time}{(fraction or '')[:7]}{offset}"
