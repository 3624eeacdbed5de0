"""What was told to a webhook, and how that went."""

from marshmallow import fields

from schemas.base import RequestSchema, ResponseSchema
from schemas.fields import Identifier, Timestamp, Word
from schemas.lists import PageQuerySchema
from schemas.revisions import Instant
from schemas.vocabulary import EntryKind, Vocabulary


class DeliveryState(Vocabulary):
    """What became of a delivery."""

    PENDING = "pending", "It will be sent, or sent again."
    DELIVERED = "delivered", "The receiver has acknowledged it."
    FAILED = "failed", "It was tried eight times and is given up."
    SKIPPED = "skipped", "It was not sent, because the webhook was paused or disabled."


class Outcome(Vocabulary):
    """How one attempt ended."""

    ACCEPTED = "accepted", "The receiver answered 2xx: it is delivered."
    REFUSED = "refused", "It answered another status."
    REDIRECTED = "redirected", "It answered 3xx, which is not followed."
    GONE = "gone", "It answered 410: the webhook is disabled."
    TIMEOUT = "timeout", "It did not answer in whole within 15 seconds."
    UNREACHABLE = "unreachable", "No connection could be made, or it was closed before an answer."
    UNKNOWN_NAME = "unknown_name", "The name of its host could not be resolved."
    FORBIDDEN = "forbidden", "Its host has no address that webhooks may go to."
    BAD_TLS = "bad_tls", "Its certificate is not valid, or TLS failed otherwise."
    NOT_HTTP = "not_http", "What it answered is not HTTP, or its headers do not end."
    EXPIRED = "expired", "The change is no longer kept, so there is nothing to send."


class DeliveryQuerySchema(PageQuerySchema):
    """Which deliveries."""

    state = Word(DeliveryState)
    since = Instant(
        load_default=None,
        metadata={
            "type": "string",
            "format": "date-time",
            "description": "Of changes matched at this instant or later.",
        },
    )
    event = Identifier(metadata={"description": "Only of this event."})


class DeliverySchema(ResponseSchema):
    """One change for one webhook."""

    id = Identifier(required=True, metadata={"description": "The `webhook-id` of every attempt."})
    seq = fields.Integer(required=True, strict=True, metadata={"minimum": 1, "description": "As in GET /v1/changes."})
    event_id = Identifier(required=True)
    kind = Word(EntryKind, required=True)
    state = Word(DeliveryState, required=True)
    attempt_count = fields.Integer(required=True, strict=True, metadata={"minimum": 0})
    last_outcome = Word(Outcome)
    last_status = fields.Integer(required=True, allow_none=True, metadata={"description": "What it was answered."})
    due_at = Timestamp(metadata={"description": "When it is sent next; null where it is not."})
    created_at = Timestamp(required=True)
    ended_at = Timestamp(metadata={"description": "When it was acknowledged or given up."})
    url = fields.String(
        required=True, metadata={"format": "uri-reference", "description": "Where its attempts are read."}
    )


class AttemptSchema(ResponseSchema):
    """One attempt to deliver."""

    number = fields.Integer(required=True, strict=True, metadata={"minimum": 1})
    began_at = Timestamp(required=True)
    ms = fields.Integer(
        required=True, strict=True, metadata={"minimum": 0, "description": "Milliseconds that it took."}
    )
    outcome = Word(Outcome, required=True)
    status = fields.Integer(required=True, allow_none=True)
    headers = fields.Dict(
        keys=fields.String(), values=fields.String(), required=True, metadata={"description": "Of the answer."}
    )
    answer = fields.String(
        required=True, allow_none=True, metadata={"description": "The answer's first 16 kB, as far as it is UTF-8."}
    )


class DeliveryDetailSchema(DeliverySchema):
    """A delivery with every attempt."""

    attempts = fields.List(fields.Nested(AttemptSchema), required=True)


class PingSchema(ResponseSchema):
    """What came back for a test."""

    id = Identifier(required=True, metadata={"description": "The `webhook-id` that was sent."})
    began_at = Timestamp(required=True)
    ms = fields.Integer(required=True, strict=True, metadata={"minimum": 0})
    outcome = Word(Outcome, required=True)
    status = fields.Integer(required=True, allow_none=True)
    headers = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    answer = fields.String(required=True, allow_none=True)


class NewRecoverySchema(RequestSchema):
    """What is to be sent once more."""

    since = Timestamp(
        required=True, metadata={"description": "Failed and skipped deliveries of changes matched since this instant."}
    )


class RecoverySchema(ResponseSchema):
    """How far a recovery has come. It goes on by itself, whatever is stopped or killed."""

    id = Identifier(required=True)
    since = Timestamp(required=True)
    asked_at = Timestamp(required=True)
    recovered = fields.Integer(
        required=True, strict=True, metadata={"minimum": 0, "description": "Deliveries that are pending again."}
    )
    ended_at = Timestamp(metadata={"description": "Null while it goes on."})
