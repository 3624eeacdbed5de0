"""API keys: requests for new ones, and responses, which show the secret once."""

from marshmallow import Schema, fields, validate

from schemas.base import RequestSchema, ResponseSchema
from schemas.fields import Text, Timestamp, Word
from schemas.lists import PageQuerySchema
from schemas.vocabulary import Vocabulary


class Scope(Vocabulary):
    """The permissions of a key."""

    EVENTS_READ = "events:read", "Read events, topics and everything derived from them."
    EVENTS_WRITE = "events:write", "Create, change, merge and delete events and topics."
    WEBHOOKS = "webhooks", "Manage webhooks."
    ADMIN = "admin", "Everything, keys included."


def _scopes(least: int) -> fields.List[str]:
    most = len(Scope.words())
    return fields.List(Word(Scope, required=True), required=True, validate=validate.Length(least, most))


#: The field of a key's name, for the command, too.
KEY_NAME = Text(100, required=True, metadata={"description": "The user or program that uses the key."})


class NewKeySchema(RequestSchema):
    """A request for a key."""

    name = KEY_NAME
    public_name = Text(100, metadata={"description": "The author that readers of revisions see; null for none."})
    scopes = _scopes(1)
    expires_at = Timestamp(metadata={"description": "The time at which it expires; null for never."})


class KeyFields(Schema):
    """A key without its secret."""

    id = fields.String(required=True, metadata={"format": "uuid"})
    name = fields.String(required=True, metadata={"description": "Only admins and the key itself see it."})
    public_name = fields.String(required=True, allow_none=True)
    prefix = fields.String(required=True, metadata={"description": "The first characters of the secret."})
    scopes = _scopes(0)
    created_at = Timestamp(required=True)
    expires_at = Timestamp()
    revoked_at = Timestamp()
    last_used_at = Timestamp(metadata={"description": "To the minute; null if it was never used."})


class KeySchema(KeyFields, ResponseSchema):
    """A key as admins see it."""


class IssuedKeySchema(KeyFields, ResponseSchema):
    """A new key, with its secret."""

    key = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "The secret, shown only now; null in a replayed response."},
    )


class QuotaSchema(ResponseSchema):
    """A rate limit."""

    name = fields.String(required=True, metadata={"description": "Its name in RateLimit-Policy."})
    requests = fields.Integer(required=True, strict=True, metadata={"minimum": 1})
    seconds = fields.Integer(required=True, strict=True, metadata={"minimum": 1})


class MeSchema(ResponseSchema):
    """The caller: key, scopes and limits. Without a key, id, name and expiry are null."""

    id = fields.String(required=True, allow_none=True, metadata={"format": "uuid"})
    name = fields.String(required=True, allow_none=True)
    scopes = _scopes(0)
    expires_at = Timestamp()
    limits = fields.List(fields.Nested(QuotaSchema), required=True)


class KeyQuerySchema(PageQuerySchema):
    """The page of keys to list."""
