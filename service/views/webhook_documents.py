"""Documents of webhooks, deliveries and attempts, and the webhooks that a caller may see."""

from datetime import datetime
from typing import Any
from uuid import UUID

from flask import url_for

from service.events.normalize import timestamp
from service.http.context import caller
from service.store.webhooks.deliveries import Attempt, Delivery
from service.store.webhooks.pings import PingResult
from service.store.webhooks.recoveries import Recovery
from service.store.webhooks.subscriptions import Subscription


def visible_owner() -> UUID | None:
    """Return the id of the key whose webhooks the caller may see, or None for an admin, who may see all."""
    key = caller()
    return None if key is None or "admin" in key.scopes else key.id


def attempt_document(row: Attempt | PingResult) -> dict[str, Any]:
    """Return an attempt or a ping as AttemptSchema or PingSchema describes it."""
    text = None if row.answer is None else row.answer.decode("utf-8", "replace")
    return {**vars(row), "began_at": timestamp(row.began_at), "headers": row.headers or {}, "answer": text}


def webhook_document(webhook: Subscription) -> dict[str, Any]:
    """Return a webhook as WebhookSchema describes it."""
    return {
        "id": str(webhook.id),
        "version": webhook.version,
        "key_id": str(webhook.key_id),
        "url": webhook.url,
        "filter": webhook.filter,
        "kinds": webhook.kinds,
        "payload": webhook.payload,
        "description": webhook.description,
        "paused": webhook.paused,
        "rate_limit": webhook.rate_limit,
        "ordered": webhook.ordered,
        "handshake": webhook.handshake != "none",
        "state": _state(webhook),
        "disabled": _disabled(webhook),
        "failing_since": _optional(webhook.failing_since),
        "former_secret_until": _optional(webhook.former_until),
        "notices": webhook.notices,
        "created_at": timestamp(webhook.created_at),
        "updated_at": timestamp(webhook.updated_at),
    }


def _disabled(webhook: Subscription) -> dict[str, Any] | None:
    if webhook.disabled_at is None:
        return None
    return {"at": timestamp(webhook.disabled_at), "reason": webhook.disabled_reason}


def _state(webhook: Subscription) -> str:
    if webhook.disabled_at:
        return "disabled"
    if webhook.paused:
        return "paused"
    return "unverified" if webhook.handshake == "pending" else "active"


def delivery_document(delivery: Delivery, webhook_id: UUID) -> dict[str, Any]:
    """Return a delivery as DeliverySchema describes it."""
    return {
        "id": str(delivery.id),
        "seq": delivery.seq,
        "event_id": str(delivery.event_id),
        "kind": delivery.kind,
        "state": delivery.state,
        "attempt_count": delivery.attempts,
        "last_outcome": delivery.last_outcome,
        "last_status": delivery.last_status,
        "due_at": timestamp(delivery.due_at) if delivery.state == "pending" else None,
        "created_at": timestamp(delivery.created_at),
        "ended_at": _optional(delivery.ended_at),
        "url": url_for("deliveries.get_delivery", webhook_id=webhook_id, seq=delivery.seq),
    }


def recovery_document(recovery: Recovery) -> dict[str, Any]:
    """Return a recovery as RecoverySchema describes it."""
    return {
        "id": str(recovery.id),
        "since": timestamp(recovery.since),
        "asked_at": timestamp(recovery.asked_at),
        "recovered": recovery.recovered,
        "ended_at": _optional(recovery.ended_at),
    }


def _optional(time: datetime | None) -> str | None:
    return timestamp(time) if time else None
