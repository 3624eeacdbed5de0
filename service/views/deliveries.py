"""/v1/webhooks/{id}/deliveries: deliveries, their attempts, retries and recoveries."""

from collections.abc import Mapping
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
from service.http.pages import page_response, page_size
from service.ids import uuid7
from service.store.webhooks.subscriptions import Subscription
from service.strict_json import render
from service.views.webhook_documents import (
    attempt_document,
    delivery_document,
    recovery_document,
    visible_owner,
)

deliveries = Blueprint("deliveries", __name__, url_prefix="/v1/webhooks/<uuid:webhook_id>")

_NO_CACHE = {"Cache-Control": "private, no-cache"}


@deliveries.get("/deliveries")
@requires("webhooks")
@operation(query=DeliveryQuerySchema, returns=(200, page_of(DeliverySchema)), also=[NotFound])
def list_deliveries(webhook_id: UUID, query: dict[str, Any]) -> Response:
    """List the deliveries of a webhook, latest changes first."""
    limit, filters = page_size(query), {name: query[name] for name in ("state", "since", "event")}
    bound_to = fingerprint("deliveries", str(webhook_id), sorted(filters.items()))
    before = _number(decode_cursor(query["cursor"], bound_to, 1)[0]) if query["cursor"] else None
    with reading() as conn:
        store.webhooks.subscriptions.get_subscription(conn, webhook_id, visible_owner())
        rows = store.webhooks.deliveries.page_deliveries(
            conn,
            webhook_id,
            state=filters["state"],
            since=filters["since"],
            event_id=filters["event"],
            before=before,
            limit=limit + 1,
        )
    cursor = encode_cursor(bound_to, [str(rows[limit - 1].seq)]) if len(rows) > limit else None
    return page_response([render(delivery_document(row, webhook_id)) for row in rows[:limit]], cursor)


@deliveries.get("/deliveries/<int:seq>")
@requires("webhooks")
@operation(returns=(200, DeliveryDetailSchema), also=[NotFound])
def get_delivery(webhook_id: UUID, seq: int) -> Response:
    """Read a delivery with its attempts, by the number of its change in the feed."""
    with reading() as conn:
        store.webhooks.subscriptions.get_subscription(conn, webhook_id, visible_owner())
        delivery = store.webhooks.deliveries.get_delivery(conn, webhook_id, seq)
        attempts = store.webhooks.deliveries.list_attempts(conn, webhook_id, seq)
    document = delivery_document(delivery, webhook_id) | {"attempts": [attempt_document(one) for one in attempts]}
    return _respond(document)


@deliveries.post("/deliveries/<int:seq>/retry")
@requires("webhooks")
@operation(returns=(200, DeliverySchema), also=[NotFound, Conflict])
def retry_delivery(webhook_id: UUID, seq: int) -> Response:
    """Send a delivery again now, in any state.

    It keeps its `webhook-id`; if it fails, the retry schedule starts over. 409 while the webhook is paused.
    """
    with transaction() as conn:
        _require_not_paused(store.webhooks.subscriptions.get_subscription(conn, webhook_id, visible_owner(), lock=True))
        delivery = store.webhooks.deliveries.retry_delivery(conn, webhook_id, seq)
    return _respond(delivery_document(delivery, webhook_id))


@deliveries.post("/recover")
@requires("webhooks")
@operation(body=NewRecoverySchema, returns=(202, RecoverySchema), also=[NotFound, Conflict])
def recover_deliveries(webhook_id: UUID, body: dict[str, Any]) -> Response:
    """Send failed and skipped deliveries again, from a given time on.

    The recovery runs in the background and survives restarts. It never repeats an accepted delivery. 409 while the
    webhook is paused.
    """
    since, id_ = datetime.fromisoformat(body["since"]), uuid7()
    with transaction() as conn:
        _require_not_paused(store.webhooks.subscriptions.get_subscription(conn, webhook_id, visible_owner(), lock=True))
        recovery = store.webhooks.recoveries.insert_recovery(conn, id=id_, subscription_id=webhook_id, since=since)
    address = url_for("deliveries.get_recovery", webhook_id=webhook_id, recovery_id=id_)
    return _respond(recovery_document(recovery), 202, {"Location": address})


@deliveries.get("/recoveries/<uuid:recovery_id>")
@requires("webhooks")
@operation(returns=(200, RecoverySchema), also=[NotFound])
def get_recovery(webhook_id: UUID, recovery_id: UUID) -> Response:
    """Read the progress of a recovery."""
    with reading() as conn:
        store.webhooks.subscriptions.get_subscription(conn, webhook_id, visible_owner())
        return _respond(recovery_document(store.webhooks.recoveries.get_recovery(conn, webhook_id, recovery_id)))


def _respond(document: dict[str, Any], status: int = 200, headers: Mapping[str, str] = {}) -> Response:
    return Response(render(document), status, {**headers, **_NO_CACHE}, content_type=JSON)


def _require_not_paused(subscription: Subscription) -> None:
    if subscription.paused:
        raise Conflict("The webhook is paused. Resume it first with `paused: false`.")


def _number(text: str) -> int:
    digits = 18
    if not (text.isascii() and text.isdigit() and len(text) <= digits):
        raise invalid_cursor()
    return int(text)
