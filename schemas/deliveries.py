"""Deliveries, their attempts, pings and recoveries."""

from marshmallow import fields

from schemas.base import RequestSchema, ResponseSchema
from schemas.fields import Identifier, Timestamp, Word
from schemas.lists import PageQuerySchema
from schemas.revisions import Instant
from schemas.vocabulary import EntryKind, Vocabulary


class DeliveryState(Vocabulary):
    """The state of a delivery."""

    PENDING = "pending", "It is due, or waits for a retry."
    DELIVERED = "delivered", "The receiver has accepted it."
    FAILED = "failed", "All eight attempts have failed."
    SKIPPED = "skipped", "It was not sent: the webhook was paused or disabled."


class Outcome(Vocabulary):
    """The outcome of an attempt."""

    ACCEPTED = "accepted", "The receiver responded with 2xx: the delivery is complete."
    REFUSED = "refused", "The receiver responded with another status."
    REDIRECTED = "redirected", "The receiver responded with 3xx. Redirects are not followed."
    GONE = "gone", "The receiver responded with 410: the webhook is disabled."
    TIMEOUT = "timeout", "The receiver did not finish its response within 15 seconds."
    UNREACHABLE = "unreachable", "The connection failed, or was closed before a response."
    UNKNOWN_NAME = "unknown_name", "The host's name could not be resolved."
    FORBIDDEN = "forbidden", "The host has no address that webhooks may go to."
    BAD_TLS = "bad_tls", "The certificate is not valid, or TLS has failed."
    NOT_HTTP = "not_http", "The response is not HTTP, or its headers are too long."
    EXPIRED = "expired", "The feed has expired the change, so there is nothing to send."


class DeliveryQuerySchema(PageQuerySchema):
    """The query parameters of a list of deliveries."""

    state = Word(DeliveryState)
    since = Instant(
        load_default=None,
        metadata={
            "type": "string",
            "format": "date-time",
            "description": "Only changes matched at this time or later.",
        },
    )
    event = Identifier(metadata={"description": "Only changes of this event."})


class DeliverySchema(ResponseSchema):
    """A delivery: one change for one webhook."""

    id = Identifier(required=True, metadata={"description": "The `webhook-id` of every attempt."})
    seq = fields.Integer(
        required=True, strict=True, metadata={"minimum": 1, "description": "The change's number in GET /v1/changes."}
    )
    event_id = Identifier(required=True)
    kind = Word(EntryKind, required=True)
    state = Word(DeliveryState, required=True)
    attempt_count = fields.Integer(required=True, strict=True, metadata={"minimum": 0})
    last_outcome = Word(Outcome)
    last_status = fields.Integer(
        required=True, allow_none=True, metadata={"description": "The status of the latest response."}
    )
    due_at = Timestamp(metadata={"description": "The time of the next attempt; null if there is none."})
    created_at = Timestamp(required=True)
    ended_at = Timestamp(metadata={"description": "The time at which it was delivered, failed or skipped."})
    url = fields.String(
        required=True,
        metadata={"format": "uri-reference", "description": "The address of the delivery with its attempts."},
    )


class AttemptSchema(ResponseSchema):
    """An attempt to deliver."""

    number = fields.Integer(required=True, strict=True, metadata={"minimum": 1})
    began_at = Timestamp(required=True)
    ms = fields.Integer(required=True, strict=True, metadata={"minimum": 0, "description": "Duration in milliseconds."})
    outcome = Word(Outcome, required=True)
    status = fields.Integer(required=True, allow_none=True)
    headers = fields.Dict(
        keys=fields.String(),
        values=fields.String(),
        required=True,
        metadata={"description": "The headers of the response."},
    )
    answer = fields.String(
        required=True, allow_none=True, metadata={"description": "The first 16 kB of the response, decoded as UTF-8."}
    )


class DeliveryDetailSchema(DeliverySchema):
    """A delivery with its attempts."""

    attempts = fields.List(fields.Nested(AttemptSchema), required=True)


class PingSchema(ResponseSchema):
    """The result of a ping."""

    id = Identifier(required=True, metadata={"description": "The `webhook-id` of the ping."})
    began_at = Timestamp(required=True)
    ms = fields.Integer(required=True, strict=True, metadata={"minimum": 0})
    outcome = Word(Outcome, required=True)
    status = fields.Integer(required=True, allow_none=True)
    headers = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    answer = fields.String(required=True, allow_none=True)


class NewRecoverySchema(RequestSchema):
    """A recovery in a request."""

    since = Timestamp(
        required=True,
        metadata={"description": "Send failed and skipped deliveries of changes matched at this time or later."},
    )


class RecoverySchema(ResponseSchema):
    """The progress of a recovery, which runs in the background and survives restarts."""

    id = Identifier(required=True)
    since = Timestamp(required=True)
    asked_at = Timestamp(required=True)
    recovered = fields.Integer(
        required=True, strict=True, metadata={"minimum": 0, "description": "Deliveries that are pending again so far."}
    )
    ended_at = Timestamp(metadata={"description": "Null while it is running."})
