"""Webhooks: who wants to be told of which changes, and how that is shown."""

from collections.abc import Mapping
from typing import Any, ClassVar

from marshmallow import Schema, ValidationError, fields, validate

from schemas.base import RequestSchema, ResponseSchema
from schemas.fields import Identifier, Link, Text, Timestamp, Word, list_of
from schemas.filters import LONGEST_Q
from schemas.lists import PageQuerySchema
from schemas.vocabulary import EntryKind, Vocabulary

#: Deliveries a minute that a webhook can be limited to at most.
HIGHEST_RATE = 600_000


class Payload(Vocabulary):
    """What a delivery holds."""

    FULL = "full", "The change, with the event as it is since."
    THIN = "thin", "The change alone: ids, version and kind."


class WebhookState(Vocabulary):
    """Whether a webhook is sent anything."""

    ACTIVE = "active", "Changes are sent."
    UNVERIFIED = "unverified", "Changes wait until the receiver has agreed to the handshake."
    PAUSED = "paused", "Its owner has paused it; what is not delivered is skipped, and can be recovered."
    DISABLED = "disabled", "The service has paused it; `disabled` says why."


class DisabledReason(Vocabulary):
    """Why the service has paused a webhook."""

    GONE = "gone", "The receiver answered 410."
    FAILING = "failing", "Every attempt of five days has failed."
    HANDSHAKE = "handshake", "The receiver did not agree to the handshake."
    KEY = "key", "The API key that it belongs to is no longer valid, or may no longer read."
    FILTER = "filter", "Its filter cannot be evaluated."


class NoticeKind(Vocabulary):
    """What a webhook's owner should know."""

    DISABLED = "disabled", "The service has paused it; `reason` says why."
    RESUMED = "resumed", "Its owner has let it go on."
    EXHAUSTED = "exhausted", "A delivery has failed eight times and is given up; it can be recovered."
    SECRET_ROTATED = "secret_rotated", "There is a new secret; the one before signs for a day longer."
    HANDSHAKE_PASSED = "handshake_passed", "The receiver has agreed to the handshake."


class YesNo(fields.Boolean):
    """`true` or `false`, nothing that only looks like it."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        if not isinstance(value, bool):
            raise ValidationError("Must be true or false.")
        return super()._deserialize(value, attr, data, **kwargs)


class AskedFilter(fields.Field[Any]):
    """A filter as a query string or as JSON, kept as it was written."""

    def __init__(self, **options: Any) -> None:
        """Options as any field's."""
        options["metadata"] = {
            "description": "Which events: parameters of GET /v1/events as a query string, or filters as"
            " JSON, as POST /v1/search takes them. Null for all.",
            # Not the schema of that JSON itself: with it, who tries every part of a description would do so once more.
            "anyOf": [{"type": "string", "maxLength": LONGEST_Q}, {"type": "object"}, {"type": "null"}],
            "examples": ["topic=batteries&party=JP"],
        }
        super().__init__(load_default=None, allow_none=True, **options)

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> Any:
        if isinstance(value, Mapping) or (isinstance(value, str) and len(value) <= LONGEST_Q):
            return value
        raise ValidationError(f"Must be a query string of at most {LONGEST_Q} characters, or an object.")


def _flag(description: str) -> YesNo:
    return YesNo(load_default=False, metadata={"description": description})


class WebhookFields(Schema):
    """What a webhook's owner says."""

    url = Link(
        required=True,
        metadata={"description": "Where changes are posted: https, and an address of the public internet."},
    )
    filter = AskedFilter()
    kinds = list_of(
        Word(EntryKind, required=True),
        len(EntryKind),
        load_default=lambda: list(EntryKind.words()),
        metadata={"description": "Only changes of these kinds."},
    )
    payload = Word(Payload, load_default=Payload.FULL.value, allow_none=False)
    description = Text(1000, metadata={"description": "What it is for, for people."})
    paused = _flag(
        "Whether nothing is sent for now. What comes meanwhile, and what waits, is skipped and can be recovered. To let"
        " a disabled webhook go on, send false."
    )
    rate_limit = fields.Integer(
        strict=True,
        load_default=None,
        allow_none=True,
        validate=validate.Range(1, HIGHEST_RATE),
        metadata={"description": "Deliveries a minute at most; null for as many as the receiver takes."},
    )
    ordered = _flag(
        "Whether a delivery waits until the one before has been acknowledged or given up: one at a time, in the order"
        " of the feed. A receiver that fails then stops everything behind for up to 27 hours."
    )
    handshake = _flag(
        "Whether the receiver must first allow it by answering OPTIONS as the CloudEvents webhook specification says."
    )


#: What only the service says of a webhook.
COMPUTED = frozenset(
    {"id", "version", "key_id", "state", "disabled", "failing_since", "former_secret_until", "notices"}
    | {"created_at", "updated_at"}
)


class NewWebhookSchema(WebhookFields, RequestSchema):
    """A webhook as its owner sends it."""

    read_only: ClassVar[frozenset[str]] = COMPUTED


class DisabledSchema(ResponseSchema):
    """When and why the service has paused a webhook."""

    at = Timestamp(required=True)
    reason = Word(DisabledReason, required=True)


class NoticeSchema(ResponseSchema):
    """Something that a webhook's owner should know."""

    at = Timestamp(required=True)
    kind = Word(NoticeKind, required=True)
    reason = Word(DisabledReason)


class WebhookSchema(WebhookFields, ResponseSchema):
    """A webhook as its owner sees it, without its secret."""

    id = Identifier(required=True)
    version = fields.Integer(required=True, strict=True, metadata={"minimum": 1})
    key_id = Identifier(required=True, metadata={"description": "The key that it belongs to."})
    state = Word(WebhookState, required=True)
    disabled = fields.Nested(DisabledSchema, required=True, allow_none=True)
    failing_since = Timestamp(
        metadata={"description": "Since when every attempt has failed; null where the last did not."}
    )
    former_secret_until = Timestamp(
        metadata={"description": "Until when the secret before the last rotation signs too."}
    )
    notices = fields.List(
        fields.Nested(NoticeSchema), required=True, metadata={"description": "The latest twenty, newest first."}
    )
    created_at = Timestamp(required=True)
    updated_at = Timestamp(required=True)


class IssuedWebhookSchema(WebhookSchema):
    """A webhook as it is seen once: when it is made, and when its secret is rotated."""

    shown_once = True

    secret = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "What receivers verify signatures by; null where the answer is a replay."},
    )


class WebhookQuerySchema(PageQuerySchema):
    """Which webhooks."""
