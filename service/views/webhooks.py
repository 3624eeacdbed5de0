"""/v1/webhooks: subscriptions to changes, delivered to a URL."""

import time
from collections.abc import Mapping
from datetime import timedelta
from functools import lru_cache, partial
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, request, url_for
from psycopg import Connection

from schemas.deliveries import PingSchema
from schemas.lists import page_of
from schemas.webhooks import COMPUTED, IssuedWebhookSchema, NewWebhookSchema, WebhookQuerySchema, WebhookSchema
from service import clock, store
from service.cursors import decode_cursor, encode_cursor, fingerprint
from service.encryption import encrypt, parse_keys
from service.errors import (
    Conflict,
    Fault,
    Forbidden,
    Invalid,
    NotFound,
    PreconditionRequired,
    Stale,
    TooManyRequests,
    Unauthenticated,
    Unavailable,
)
from service.http.auth import requires
from service.http.conditional import etag, require_match, require_unchanged
from service.http.context import caller, reading, settings, transaction
from service.http.idempotency import AfterCommit, ShownOnce
from service.http.operation import JSON, Patch, operation, respond
from service.http.pages import page_response, page_size
from service.http.rate_limit import WEBHOOK_TESTS
from service.ids import uuid7
from service.search.filters.expand import compile_filter
from service.store.idempotency import PENDING_FOR
from service.store.webhooks.leases import shard_of
from service.store.webhooks.pings import MAX_WAITING
from service.store.webhooks.subscriptions import Subscription
from service.strict_json import render
from service.validation import load
from service.views.webhook_documents import attempt_document, visible_owner, webhook_document
from service.webhooks.address_guard import AddressGuard, parse_networks
from service.webhooks.signing import encode_secret, new_secret
from service.webhooks.subscription_filters import parse_filter, parse_stored_filter

webhooks = Blueprint("webhooks", __name__, url_prefix="/v1/webhooks")

#: Time for which the former secret still signs after a rotation.
OVERLAP = timedelta(hours=24)

#: Seconds within which a worker picks up a requested ping.
PICKUP_TIMEOUT = 5.0

#: Seconds between two looks for the result of a ping: at first, and at most.
FIRST_PAUSE, LONGEST_PAUSE = 0.05, 0.4

#: Seconds after which a test is repeated that others kept from running.
RETRY_TEST_AFTER = 5

_NOT_STORED = {"Cache-Control": "no-store"}
_BOUND_TO = fingerprint("webhooks")
_NEW_WEBHOOK = NewWebhookSchema()


@webhooks.get("")
@requires("webhooks")
@operation(query=WebhookQuerySchema, returns=(200, page_of(WebhookSchema)))
def list_webhooks(query: dict[str, Any]) -> Response:
    """List the webhooks of your key, oldest first. An admin sees all webhooks."""
    limit = page_size(query)
    after = decode_cursor(query["cursor"], _BOUND_TO, 1)[0] if query["cursor"] else None
    with reading() as conn:
        rows = store.webhooks.subscriptions.page_subscriptions(conn, visible_owner(), after=after, limit=limit + 1)
    cursor = encode_cursor(_BOUND_TO, [str(rows[limit - 1].id)]) if len(rows) > limit else None
    return page_response([render(webhook_document(row)) for row in rows[:limit]], cursor)


@webhooks.post("")
@requires("webhooks")
@operation(body=NewWebhookSchema, returns=(201, IssuedWebhookSchema), also=[Conflict])
def create_webhook(body: dict[str, Any]) -> Response:
    """Create a webhook: changes are posted to its URL.

    The response contains the secret that signs the deliveries (Standard Webhooks). It is never shown again; rotate the
    secret if you lose it. Your key must be allowed to read events.
    """
    key = caller()
    if key is None:  # webhooks are never public; the check is for mypy
        raise Unauthenticated("Send an API key.")
    _require_read_access()
    id_, secret, now = uuid7(), new_secret(), clock.now()
    with transaction() as conn:
        _check(conn, body)
        if store.webhooks.subscriptions.count_subscriptions(conn, key.id) >= settings().max_webhooks:
            raise Conflict(f"A key may have {settings().max_webhooks} webhooks.")
        webhook = store.webhooks.subscriptions.insert_subscription(
            conn, body, id=id_, key_id=key.id, shard=shard_of(id_), secret=_encrypted(secret, id_), now=now
        )
    return _respond_with_secret(webhook, secret, 201, {"Location": url_for("webhooks.get_webhook", webhook_id=id_)})


@webhooks.get("/<uuid:webhook_id>")
@requires("webhooks")
@operation(returns=(200, WebhookSchema), also=[NotFound], conditional=True)
def get_webhook(webhook_id: UUID) -> Response:
    """Read a webhook, without its secret."""
    with reading() as conn:
        return _respond(store.webhooks.subscriptions.get_subscription(conn, webhook_id, visible_owner()))


@webhooks.put("/<uuid:webhook_id>")
@requires("webhooks")
@operation(
    body=NewWebhookSchema,
    returns=(200, WebhookSchema),
    also=[NotFound, Stale, PreconditionRequired],
    conditional=True,
)
def replace_webhook(webhook_id: UUID, body: dict[str, Any]) -> Response:
    """Replace the fields of a webhook.

    Requires If-Match. The filter applies to later changes, the URL also to deliveries that are pending already.
    """
    with transaction() as conn:
        return _update(conn, _get_matching(conn, webhook_id, lock=True), body)


@webhooks.patch("/<uuid:webhook_id>")
@requires("webhooks")
@operation(
    patches=NewWebhookSchema,
    returns=(200, WebhookSchema),
    also=[NotFound, Conflict, Invalid, Stale, PreconditionRequired],
    conditional=True,
)
def patch_webhook(webhook_id: UUID, patch: Patch) -> Response:
    """Change parts of a webhook by JSON Merge Patch (RFC 7396) or JSON Patch (RFC 6902).

    Requires If-Match. `{"paused": false}` resumes a paused or disabled webhook.
    """
    with reading() as conn:
        before = _get_matching(conn, webhook_id)
    document = webhook_document(before)
    body = load(_NEW_WEBHOOK, patch(document), document)
    with transaction() as conn:
        webhook = _get_matching(conn, webhook_id, lock=True)
        require_unchanged(before.version, webhook.version)
        return _update(conn, webhook, body)


@webhooks.delete("/<uuid:webhook_id>")
@requires("webhooks")
@operation(returns=(204, None), also=[NotFound, Stale, PreconditionRequired], conditional=True)
def delete_webhook(webhook_id: UUID) -> Response:
    """Delete a webhook with all of its deliveries.

    Requires If-Match. Attempts in flight are not stopped.
    """
    with transaction() as conn:
        before = _get_matching(conn, webhook_id, lock=True)
        store.webhooks.subscriptions.delete_subscription(conn, webhook_id, expected=before.version, now=clock.now())
    return Response(status=204)


@webhooks.post("/<uuid:webhook_id>/rotate-secret")
@requires("webhooks")
@operation(returns=(200, IssuedWebhookSchema), also=[NotFound, Conflict])
def rotate_secret(webhook_id: UUID) -> Response:
    """Rotate the secret of a webhook.

    The former secret signs deliveries too for 24 hours, so that you can configure your receivers in the meantime. An
    earlier one stops at once.
    """
    secret, now = new_secret(), clock.now()
    with transaction() as conn:
        store.webhooks.subscriptions.get_subscription(conn, webhook_id, visible_owner(), lock=True)
        encrypted = _encrypted(secret, webhook_id)
        webhook = store.webhooks.subscriptions.rotate_secret(conn, webhook_id, encrypted, until=now + OVERLAP, now=now)
    return _respond_with_secret(webhook, secret, 200, {})


@webhooks.post("/<uuid:webhook_id>/test")
@requires("webhooks", quota=WEBHOOK_TESTS)
@operation(returns=(200, PingSchema), also=[NotFound, Conflict])
def test_webhook(webhook_id: UUID) -> AfterCommit:
    """Send a `webhook.ping` now, and return the receiver's response.

    A worker sends the ping once, signed and within the limits of a delivery, even while the webhook is paused. 503 if
    no worker runs, 429 while too many tests of your key wait for their receivers.
    """
    ping_id = uuid7()
    with transaction() as conn:
        webhook = store.webhooks.subscriptions.get_subscription(conn, webhook_id, visible_owner())
        if not store.webhooks.leases.list_live_workers(conn, alive_for=settings().webhook_lease):
            raise Unavailable("No webhook worker is running. Start one with `policytrail work`.")
        if store.webhooks.pings.count_waiting(conn, webhook.key_id) >= MAX_WAITING:
            raise TooManyRequests(f"{MAX_WAITING} webhook tests may wait at the same time.", RETRY_TEST_AFTER)
        store.webhooks.pings.insert_ping(conn, id=ping_id, subscription_id=webhook_id)
    return AfterCommit(partial(_ping_response, ping_id))


def _ping_response(ping_id: UUID) -> Response:
    """Return the result of the ping once a worker has recorded it. Unavailable if that takes too long."""
    longest = min(settings().webhook_timeout + PICKUP_TIMEOUT, PENDING_FOR.total_seconds() / 2)
    deadline, pause = time.monotonic() + longest, FIRST_PAUSE
    while time.monotonic() < deadline:
        with reading() as conn:
            result = store.webhooks.pings.find_ping_result(conn, ping_id)
        if result:
            return Response(render(attempt_document(result)), headers=_NOT_STORED, content_type=JSON)
        time.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE)
    raise Unavailable("No webhook worker has sent the ping in time.")


def _require_read_access() -> None:
    """Raise Forbidden if the caller may not read the events that it would receive."""
    key = caller()
    if not settings().public_read and (key is None or not {"events:read", "admin"} & set(key.scopes)):
        raise Forbidden("events:read")


def _check(conn: Connection, body: Mapping[str, Any], stored_filter: Any = None) -> None:
    """Raise Invalid if the URL is not allowed or the filter cannot be evaluated."""
    faults = []
    guard = _guard(settings().webhook_private_networks, settings().webhook_http_networks)
    if error := guard.url_error(body["url"]):
        faults.append(Fault(error, pointer="#/url"))
    try:
        parse = parse_stored_filter if body["filter"] == stored_filter else parse_filter
        compile_filter(conn, parse(body["filter"]))
    except Invalid as invalid:
        faults += [_in_filter(fault) for fault in invalid.faults]
    if faults:
        raise Invalid(faults=faults)


@lru_cache(maxsize=8)
def _guard(private: str, plain: str) -> AddressGuard:
    return AddressGuard(parse_networks(private), parse_networks(plain))


def _in_filter(fault: Fault) -> Fault:
    """Return a fault of a filter with its place in the body around it."""
    if fault.pointer is not None:
        return Fault(fault.detail, pointer="#/filter" + fault.pointer.removeprefix("#"))
    return Fault(f"{fault.parameter}: {fault.detail}", pointer="#/filter")


def _get_matching(conn: Connection, webhook_id: UUID, *, lock: bool = False) -> Subscription:
    """Return the webhook, with `lock` locked against other writers. Raise Stale if If-Match names another version."""
    webhook = store.webhooks.subscriptions.get_subscription(conn, webhook_id, visible_owner(), lock=lock)
    require_match(request.headers, webhook.version)
    return webhook


def _update(conn: Connection, webhook: Subscription, body: Mapping[str, Any]) -> Response:
    """Update the locked webhook with `body`. An equal body changes nothing."""
    _require_read_access()
    if body != {name: value for name, value in webhook_document(webhook).items() if name not in COMPUTED}:
        _check(conn, body, webhook.filter)
        webhook = store.webhooks.subscriptions.update_subscription(conn, webhook, body, now=clock.now())
    return _respond(webhook)


def _encrypted(secret: bytes, id: UUID) -> bytes:
    return encrypt(secret, parse_keys(settings().secret_keys), id.bytes)


def _respond(webhook: Subscription) -> Response:
    return respond(render(webhook_document(webhook)), webhook.version)


def _respond_with_secret(webhook: Subscription, secret: bytes, status: int, headers: dict[str, str]) -> Response:
    document = webhook_document(webhook)
    return ShownOnce(
        render(document | {"secret": encode_secret(secret)}),
        render(document | {"secret": None}),
        status,
        headers | {"ETag": etag(webhook.version)} | _NOT_STORED,
        content_type=JSON,
    )
