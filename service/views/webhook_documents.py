"""Webhooks, deliveries and what came back, as their schemas describe them; and whose webhooks a caller may see."""

from typing import Any
from uuid import UUID

from flask import url_for

from service.events.normalize import timestamp
from service.http.context import caller
from service.store.webhooks.deliveries import Attempt, Delivery
from service.store.webhooks.pings import PingResult
from service.store.webhooks.recoveries import Recovery
from service.store.webhooks.subscriptions import Subscription


def owner() -> UUID | None:
    """Whose webhooks the caller may see: its own, or everybody's where it is an admin."""
    key = caller()
    return None if key is None or "admin" in key.scopes else key.id


def told_attempt(made: Attempt | PingResult) -> dict[str, Any]:
    """An attempt or a ping as its schema describes it."""
    text = None if made.answer is None else made.answer.decode("utf-8", "replace")
    return {**vars(made), "began_at": timestamp(made.began_at), "headers": made.headers or {}, "answer": text}


def told_webhook(one: Subscription) -> dict[str, Any]:
    """A webhook as WebhookSchema describes it."""
    return {
        "id": str(one.id),
        "version": one.version,
        "key_id": str(one.key_id),
        "url": one.url,
        "filter": one.filter,
        "kinds": one.kinds,
        "payload": one.payload,
        "description": one.description,
        "paused": one.paused,
        "rate_limit": one.rate_limit,
        "ordered": one.ordered,
        "handshake": one.handshake != "none",
        "state": _state(one),
        "disabled": {"at": timestamp(one.disabled_at), "reason": one.disabled_reason} if one.disabled_at else None,
        "failing_since": timestamp(one.failing_since) if one.failing_since else None,
        "former_secret_until": timestamp(one.former_until) if one.former_until else None,
        "notices": one.notices,
        "created_at": timestamp(one.created_at),
        "updated_at": timestamp(one.updated_at),
    }


def _state(one: Subscription) -> str:
    if one.disabled_at:
        return "disabled"
    if one.paused:
        return "paused"
    return "unverified" if one.handshake == "pending" else "active"


def told_delivery(one: Delivery, webhook_id: UUID) -> dict[str, Any]:
    """A delivery as DeliverySchema describes it."""
    return {
        "id": str(one.id),
        "seq": one.seq,
        "event_id": str(one.event_id),
        "kind": one.kind,
        "state": one.state,
        "attempt_count": one.attempts,
        "last_outcome": one.last_outcome,
        "last_status": one.last_status,
        "due_at": timestamp(one.due_at) if one.state == "pending" else None,
        "created_at": timestamp(one.created_at),
        "ended_at": timestamp(one.ended_at) if one.ended_at else None,
        "url": url_for("deliveries.get_delivery", webhook_id=webhook_id, seq=one.seq),
    }


def told_recovery(one: Recovery) -> dict[str, Any]:
    """A recovery as RecoverySchema describes it."""
    return {
        "id": str(one.id),
        "since": timestamp(one.since),
        "asked_at": timestamp(one.asked_at),
        "recovered": one.recovered,
        "ended_at": timestamp(one.ended_at) if one.ended_at else None,
    }
