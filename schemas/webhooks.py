"""Webhooks: subscriptions to changes, in requests and responses."""

from collections.abc import Mapping
from typing import Any, ClassVar

from marshmallow import Schema, ValidationError, fields, validate

from schemas.base import RequestSchema, ResponseSchema
from schemas.fields import Identifier, Link, Text, Timestamp, Word, list_of
from schemas.filters import LONGEST_Q
from schemas.lists import PageQuerySchema
from schemas.vocabulary import EntryKind, Vocabulary

#: The highest limit of deliveries a minute.
HIGHEST_RATE = 600_000


class Payload(Vocabulary):
    """The payload of a delivery."""

    FULL = "full", "The change with the event in its new version."
    THIN = "thin", "The change alone: ids, version and kind."


class WebhookState(Vocabulary):
    """The state of a webhook."""

    ACTIVE = "active", "Changes are delivered."
    UNVERIFIED = "unverified", "Deliveries wait until the receiver passes the handshake."
    PAUSED = "paused", "The owner has paused it. Deliveries are skipped and can be recovered."
    DISABLED = "disabled", "The service has paused it for the reason in `disabled`."


class DisabledReason(Vocabulary):
    """The reason for which the service has paused a webhook."""

    GONE = "gone", "The receiver answered 410."
    FAILING = "failing", "Every attempt within five days has failed."
    HANDSHAKE = "handshake", "The receiver has refused the handshake."
    KEY = "key", "Its API key is no longer valid, or may no longer read events."
    FILTER = "filter", "Its filter cannot be evaluated."


class NoticeKind(Vocabulary):
    """The kind of a notice to a webhook's owner."""

    DISABLED = "disabled", "The service has paused the webhook for the `reason`."
    RESUMED = "resumed", "The owner has resumed the webhook."
    EXHAUSTED = "exhausted", "A delivery has failed eight times. It can be recovered."
    SECRET_ROTATED = "secret_rotated", "The secret was rotated. The former one signs for one more day."
    HANDSHAKE_PASSED = "handshake_passed", "The receiver has passed the handshake."


class StrictBoolean(fields.Boolean):
    """`true` or `false`, without marshmallow's other spellings."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        if not isinstance(value, bool):
            raise ValidationError("Must be true or false.")
        return super()._deserialize(value, attr, data, **kwargs)


class WebhookFilterField(fields.Field[Any]):
    """A filter as a query string or as JSON, unparsed."""

    def __init__(self, **options: Any) -> None:
        """`options`: those of every field."""
        options["metadata"] = {
            "description": "The events to deliver: parameters of GET /v1/events as a query string, or filters as JSON"
            " as in POST /v1/search. Null for all events.",
            # Without the schema of that JSON: it would double the work of tools that try every part of the document.
            "anyOf": [{"type": "string", "maxLength": LONGEST_Q}, {"type": "object"}, {"type": "null"}],
            "examples": ["topic=batteries&party=JP"],
        }
        super().__init__(load_default=None, allow_none=True, **options)

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> Any:
        if isinstance(value, Mapping) or (isinstance(value, str) and len(value) <= LONGEST_Q):
            return value
        raise ValidationError(f"Must be a query string of at most {LONGEST_Q} characters, or an object.")


def _flag(description: str) -> StrictBoolean:
    return StrictBoolean(load_default=False, metadata={"description": description})


class WebhookFields(Schema):
    """The fields of a webhook that its owner sets."""

    url = Link(
        required=True,
        metadata={"description": "The URL to post changes to: https, at a public address."},
    )
    filter = WebhookFilterField()
    kinds = list_of(
        Word(EntryKind, required=True),
        len(EntryKind),
        load_default=lambda: list(EntryKind.words()),
        metadata={"description": "The kinds of changes to deliver."},
    )
    payload = Word(Payload, load_default=Payload.FULL.value, allow_none=False)
    description = Text(1000, metadata={"description": "A description for people."})
    paused = _flag(
        "Skip all deliveries, new and pending; they can be recovered later. Send false to resume a paused or disabled"
        " webhook."
    )
    rate_limit = fields.Integer(
        strict=True,
        load_default=None,
        allow_none=True,
        validate=validate.Range(1, HIGHEST_RATE),
        metadata={"description": "The maximum number of deliveries a minute; null for no limit."},
    )
    ordered = _flag(
        "Send one delivery at a time, in the order of the feed: each waits until the one before is delivered or failed."
        " A failing receiver then delays all later deliveries by up to 27 hours."
    )
    handshake = _flag("Ask the receiver for consent first, by OPTIONS as in the CloudEvents webhook specification.")


#: Fields that the service computes.
COMPUTED = frozenset(
    {"id", "version", "key_id", "state", "disabled", "failing_since", "former_secret_until", "notices"}
    | {"created_at", "updated_at"}
)


class NewWebhookSchema(WebhookFields, RequestSchema):
    """A webhook in a request."""

    read_only: ClassVar[frozenset[str]] = COMPUTED


class DisabledSchema(ResponseSchema):
    """Time and reason of a disabled webhook."""

    at = Timestamp(required=True)
    reason = Word(DisabledReason, required=True)


class NoticeSchema(ResponseSchema):
    """A notice to a webhook's owner."""

    at = Timestamp(required=True)
    kind = Word(NoticeKind, required=True)
    reason = Word(DisabledReason)


class WebhookSchema(WebhookFields, ResponseSchema):
    """A webhook in a response, without its secret."""

    id = Identifier(required=True)
    version = fields.Integer(required=True, strict=True, metadata={"minimum": 1})
    key_id = Identifier(required=True, metadata={"description": "The key that owns it."})
    state = Word(WebhookState, required=True)
    disabled = fields.Nested(DisabledSchema, required=True, allow_none=True)
    failing_since = Timestamp(
        metadata={"description": "The start of continuous failures; null if the latest attempt succeeded."}
    )
    former_secret_until = Timestamp(metadata={"description": "The time until which the former secret signs too."})
    notices = fields.List(
        fields.Nested(NoticeSchema), required=True, metadata={"description": "The latest twenty notices, newest first."}
    )
    created_at = Timestamp(required=True)
    updated_at = Timestamp(required=True)


class IssuedWebhookSchema(WebhookSchema):
    """A webhook with its secret, which is shown once: on creation and after a rotation."""

    shown_once = True

    secret = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "The secret for verifying signatures; null in a replayed response."},
    )


class WebhookQuerySchema(PageQuerySchema):
    """The query parameters of a list of webhooks."""
