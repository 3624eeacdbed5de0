"""API keys as they are asked for and shown: the secret once, what it may do always."""

from marshmallow import Schema, fields, validate

from schemas.base import RequestSchema, ResponseSchema
from schemas.fields import Text, Timestamp, Word
from schemas.lists import PageQuerySchema
from schemas.vocabulary import Vocabulary


class Scope(Vocabulary):
    """What a key may do."""

    EVENTS_READ = "events:read", "Read events, topics and what is made of them."
    EVENTS_WRITE = "events:write", "Record, change, merge and delete events and topics."
    WEBHOOKS = "webhooks", "Manage webhooks."
    ADMIN = "admin", "Everything, keys included."


def _scopes(least: int) -> fields.List[str]:
    most = len(Scope.words())
    return fields.List(Word(Scope, required=True), required=True, validate=validate.Length(least, most))


class NewKeySchema(RequestSchema):
    """A key as it is asked for."""

    name = Text(100, required=True, metadata={"description": "Who or what uses it, for people."})
    scopes = _scopes(1)
    expires_at = Timestamp(metadata={"description": "From when it is no longer valid; null for never."})


class KeyFields(Schema):
    """A key without its secret."""

    id = fields.String(required=True, metadata={"format": "uuid"})
    name = fields.String(required=True)
    prefix = fields.String(required=True, metadata={"description": "How the secret begins."})
    scopes = _scopes(0)
    created_at = Timestamp(required=True)
    expires_at = Timestamp()
    revoked_at = Timestamp()
    last_used_at = Timestamp(metadata={"description": "To the minute; null where it never was."})


class KeySchema(KeyFields, ResponseSchema):
    """A key as its admin sees it."""


class IssuedKeySchema(KeyFields, ResponseSchema):
    """A key as it is seen once, when it is made."""

    key = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "The secret, shown this once; null where the answer is a replay."},
    )


class QuotaSchema(ResponseSchema):
    """How often one may call."""

    name = fields.String(required=True, metadata={"description": "As in RateLimit-Policy."})
    requests = fields.Integer(required=True, strict=True, metadata={"minimum": 1})
    seconds = fields.Integer(required=True, strict=True, metadata={"minimum": 1})


class MeSchema(ResponseSchema):
    """Who calls, and what they may do. Without a key there is no id, name or end."""

    id = fields.String(required=True, allow_none=True, metadata={"format": "uuid"})
    name = fields.String(required=True, allow_none=True)
    scopes = _scopes(0)
    expires_at = Timestamp()
    limits = fields.List(fields.Nested(QuotaSchema), required=True)


class KeyQuerySchema(PageQuerySchema):
    """Which keys."""
