"""/v1/webhooks/{id}/deliveries: what was told to a webhook, and how that went."""

from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, url_for

from schemas.deliveries import (
    DeliveryDetailSchema,
    DeliveryQuerySchema,
    DeliverySchema,
    NewRecoverySchema,
    RecoverySchema,
)
from schemas.lists import page_of
from service import store
from service.cursors import decode_cursor, encode_cursor, fingerprint, invalid_cursor
from service.errors import Conflict, NotFound
from service.http.auth import requires
from service.http.context import reading, transaction
from service.http.operation import JSON, operation
from service.http.pages import page, page_size
from service.ids import uuid7
from service.store.webhooks.subscriptions import Subscription
from service.strict_json import render
from service.views.webhook_documents import owner, told_attempt, told_delivery, told_recovery

deliveries = Blueprint("deliveries", __name__, url_prefix="/v1/webhooks/<uuid:webhook_id>")

_NO_CACHE = {"Cache-Control": "private, no-cache"}


@deliveries.get("/deliveries")
@requires("webhooks")
@operation(query=DeliveryQuerySchema, returns=(200, page_of(DeliverySchema)), also=[NotFound])
def list_deliveries(webhook_id: UUID, query: dict[str, Any]) -> Response:
    """List a webhook's deliveries, the latest changes first."""
    limit, asked = page_size(query), {name: query[name] for name in ("state", "since", "event")}
    bound_to = fingerprint("deliveries", str(webhook_id), sorted(asked.items()))
    before = _number(decode_cursor(query["cursor"], bound_to, 1)[0]) if query["cursor"] else None
    with reading() as conn:
        store.webhooks.subscriptions.get_subscription(conn, webhook_id, owner())
        found = store.webhooks.deliveries.page_deliveries(
            conn,
            webhook_id,
            state=asked["state"],
            since=asked["since"],
            event_id=asked["event"],
            before=before,
            limit=limit + 1,
        )
    cursor = encode_cursor(bound_to, [str(found[limit - 1].seq)]) if len(found) > limit else None
    return page([render(told_delivery(one, webhook_id)) for one in found[:limit]], cursor)


@deliveries.get("/deliveries/<int:seq>")
@requires("webhooks")
@operation(returns=(200, DeliveryDetailSchema), also=[NotFound])
def get_delivery(webhook_id: UUID, seq: int) -> Response:
    """Read one delivery, by its change's number in the feed, with every attempt."""
    with reading() as conn:
        store.webhooks.subscriptions.get_subscription(conn, webhook_id, owner())
        found = store.webhooks.deliveries.get_delivery(conn, webhook_id, seq)
        attempts = store.webhooks.deliveries.list_attempts(conn, webhook_id, seq)
    told = told_delivery(found, webhook_id) | {"attempts": [told_attempt(one) for one in attempts]}
    return Response(render(told), headers=_NO_CACHE, content_type=JSON)


@deliveries.post("/deliveries/<int:seq>/retry")
@requires("webhooks")
@operation(returns=(200, DeliverySchema), also=[NotFound, Conflict])
def retry_delivery(webhook_id: UUID, seq: int) -> Response:
    """Send one delivery once more, now, whatever became of it.

    Under the same `webhook-id`, and if it fails by the schedule from its beginning. 409 while the webhook is paused.
    """
    with transaction() as conn:
        _require_going(store.webhooks.subscriptions.get_subscription(conn, webhook_id, owner(), lock=True))
        changed = store.webhooks.deliveries.retry_delivery(conn, webhook_id, seq)
    return Response(render(told_delivery(changed, webhook_id)), headers=_NO_CACHE, content_type=JSON)


@deliveries.post("/recover")
@requires("webhooks")
@operation(body=NewRecoverySchema, returns=(202, RecoverySchema), also=[NotFound, Conflict])
def recover_deliveries(webhook_id: UUID, body: dict[str, Any]) -> Response:
    """Send once more what has failed or was skipped since an instant.

    It goes on by itself, whatever is stopped or killed meanwhile, and touches nothing that was acknowledged. 409 while
    the webhook is paused.
    """
    since, id_ = datetime.fromisoformat(body["since"]), uuid7()
    with transaction() as conn:
        _require_going(store.webhooks.subscriptions.get_subscription(conn, webhook_id, owner(), lock=True))
        begun = store.webhooks.recoveries.insert_recovery(conn, id=id_, subscription_id=webhook_id, since=since)
    address = url_for("deliveries.get_recovery", webhook_id=webhook_id, recovery_id=id_)
    return Response(render(told_recovery(begun)), 202, {"Location": address} | _NO_CACHE, content_type=JSON)


@deliveries.get("/recoveries/<uuid:recovery_id>")
@requires("webhooks")
@operation(returns=(200, RecoverySchema), also=[NotFound])
def get_recovery(webhook_id: UUID, recovery_id: UUID) -> Response:
    """Read how far a recovery has come."""
    with reading() as conn:
        store.webhooks.subscriptions.get_subscription(conn, webhook_id, owner())
        found = store.webhooks.recoveries.get_recovery(conn, webhook_id, recovery_id)
    return Response(render(told_recovery(found)), headers=_NO_CACHE, content_type=JSON)


def _require_going(subscription: Subscription) -> None:
    if subscription.paused:
        raise Conflict("The webhook is paused; let it go on first, with `paused` false.")


def _number(text: str) -> int:
    digits = 18
    if not (text.isascii() and text.isdigit() and len(text) <= digits):
        raise invalid_cursor()
    return int(text)
