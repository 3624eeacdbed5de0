"""/v1/webhooks: who is told of which changes."""

import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, request, url_for
from psycopg import Connection

from schemas.deliveries import PingSchema
from schemas.lists import page_of
from schemas.webhooks import COMPUTED, IssuedWebhookSchema, NewWebhookSchema, WebhookQuerySchema, WebhookSchema
from service import store
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
    Unauthenticated,
    Unavailable,
)
from service.http.auth import requires
from service.http.conditional import etag, require_match
from service.http.context import caller, reading, service, settings, transaction
from service.http.idempotency import ShownOnce
from service.http.operation import JSON, Patch, operation, respond
from service.http.pages import page, page_size
from service.ids import uuid7
from service.search.filters.expand import compile_filter
from service.store.webhooks.leases import shard_of
from service.store.webhooks.subscriptions import Subscription
from service.strict_json import render
from service.validation import load
from service.views.webhook_documents import owner, told_attempt, told_webhook
from service.webhooks.address_guard import AddressGuard, parse_networks
from service.webhooks.matcher import parse_filter
from service.webhooks.signing import encode_secret, new_secret

webhooks = Blueprint("webhooks", __name__, url_prefix="/v1/webhooks")

#: For how long the secret before signs as well.
OVERLAP = timedelta(hours=24)

#: Seconds in which a worker sees that a test is asked for.
NOTICED_WITHIN = 5.0

_NOT_STORED = {"Cache-Control": "no-store"}
_BOUND_TO = fingerprint("webhooks")
_NEW_WEBHOOK = NewWebhookSchema()


@webhooks.get("")
@requires("webhooks")
@operation(query=WebhookQuerySchema, returns=(200, page_of(WebhookSchema)))
def list_webhooks(query: dict[str, Any]) -> Response:
    """List the key's webhooks in the order they were made; an admin's list has everybody's."""
    limit = page_size(query)
    after = decode_cursor(query["cursor"], _BOUND_TO, 1)[0] if query["cursor"] else None
    with reading() as conn:
        found = store.webhooks.subscriptions.page_subscriptions(conn, owner(), after=after, limit=limit + 1)
    cursor = encode_cursor(_BOUND_TO, [str(found[limit - 1].id)]) if len(found) > limit else None
    return page([render(told_webhook(one)) for one in found[:limit]], cursor)


@webhooks.post("")
@requires("webhooks")
@operation(body=NewWebhookSchema, returns=(201, IssuedWebhookSchema), also=[Conflict])
def create_webhook(body: dict[str, Any]) -> Response:
    """Let changes be posted to a URL.

    The answer shows the secret by which deliveries are signed (Standard Webhooks). It cannot be asked for again: rotate
    it if it was lost. The key must be allowed to read events.
    """
    key = caller()
    if key is None:  # webhooks are never public; said for the type checker
        raise Unauthenticated("Send an API key.")
    _require_reading()
    id_, secret, now = uuid7(), new_secret(), datetime.now(UTC)
    with transaction() as conn:
        _check(conn, body)
        if store.webhooks.subscriptions.count_subscriptions(conn, key.id) >= settings().max_webhooks:
            raise Conflict(f"A key may have {settings().max_webhooks} webhooks.")
        made = store.webhooks.subscriptions.insert_subscription(
            conn, body, id=id_, key_id=key.id, shard=shard_of(id_), secret=_sealed(secret, id_), now=now
        )
    return _issued(made, secret, 201, {"Location": url_for("webhooks.get_webhook", webhook_id=id_)})


@webhooks.get("/<uuid:webhook_id>")
@requires("webhooks")
@operation(returns=(200, WebhookSchema), also=[NotFound], conditional=True)
def get_webhook(webhook_id: UUID) -> Response:
    """Read one webhook, without its secret."""
    with reading() as conn:
        found = store.webhooks.subscriptions.get_subscription(conn, webhook_id, owner())
    return _answered(found)


@webhooks.put("/<uuid:webhook_id>")
@requires("webhooks")
@operation(
    body=NewWebhookSchema,
    returns=(200, WebhookSchema),
    also=[NotFound, Stale, PreconditionRequired],
    conditional=True,
)
def replace_webhook(webhook_id: UUID, body: dict[str, Any]) -> Response:
    """Replace what a webhook's owner says of it.

    Needs If-Match. It counts for changes from now on; what waits already goes where the webhook says now.
    """
    with transaction() as conn:
        return _revise(conn, _matched(conn, webhook_id), body)


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

    Needs If-Match. `{"paused": false}` lets a paused or disabled webhook go on.
    """
    with transaction() as conn:
        before = _matched(conn, webhook_id)
        return _revise(conn, before, load(_NEW_WEBHOOK, patch(told_webhook(before))))


@webhooks.delete("/<uuid:webhook_id>")
@requires("webhooks")
@operation(returns=(204, None), also=[NotFound, Stale, PreconditionRequired], conditional=True)
def delete_webhook(webhook_id: UUID) -> Response:
    """Delete a webhook with all of its deliveries.

    Needs If-Match. What is under way is not called back.
    """
    with transaction() as conn:
        before = _matched(conn, webhook_id)
        store.webhooks.subscriptions.delete_subscription(
            conn, webhook_id, expected=before.version, now=datetime.now(UTC)
        )
    return Response(status=204)


@webhooks.post("/<uuid:webhook_id>/rotate-secret")
@requires("webhooks")
@operation(returns=(200, IssuedWebhookSchema), also=[NotFound, Conflict])
def rotate_secret(webhook_id: UUID) -> Response:
    """Sign by a new secret.

    The one before signs as well for 24 hours, so that receivers can be told in between; one before that no longer does.
    """
    secret, now = new_secret(), datetime.now(UTC)
    with transaction() as conn:
        store.webhooks.subscriptions.get_subscription(conn, webhook_id, owner(), lock=True)
        sealed = _sealed(secret, webhook_id)
        changed = store.webhooks.subscriptions.rotate_secret(conn, webhook_id, sealed, until=now + OVERLAP, now=now)
    return _issued(changed, secret, 200, {})


@webhooks.post("/<uuid:webhook_id>/test")
@requires("webhooks")
@operation(returns=(200, PingSchema), also=[NotFound, Conflict])
def test_webhook(webhook_id: UUID) -> Response:
    """Have a `webhook.ping` sent now, and see what comes back.

    A worker sends it, as it sends deliveries: signed, and within the same bounds. It is sent once, also while the
    webhook is paused. 503 where no worker runs.
    """
    ping_id = uuid7()
    with reading() as conn:
        store.webhooks.subscriptions.get_subscription(conn, webhook_id, owner())
        if not store.webhooks.leases.list_live_workers(conn, alive_for=settings().webhook_lease):
            raise Unavailable("No worker is running that could send it.")
    # Not in this request's own transaction: the worker must see it before that ends.
    with service().database.transaction() as conn:
        store.webhooks.pings.insert_ping(conn, id=ping_id, subscription_id=webhook_id)
    deadline = time.monotonic() + settings().webhook_timeout + NOTICED_WITHIN
    while time.monotonic() < deadline:
        with reading() as conn:
            made = store.webhooks.pings.find_ping_result(conn, ping_id)
        if made:
            return Response(render(told_attempt(made)), headers=_NOT_STORED, content_type=JSON)
        time.sleep(0.05)
    raise Unavailable("No worker has sent it in time.")


def _require_reading() -> None:
    """Pass a caller who may read what it would be sent."""
    key = caller()
    if not settings().public_read and (key is None or not {"events:read", "admin"} & set(key.scopes)):
        raise Forbidden("events:read")


def _check(conn: Connection, body: Mapping[str, Any]) -> None:
    """Pass a webhook whose URL may be called and whose filter can be evaluated."""
    faults = []
    if problem := _guard(settings().webhook_private_networks, settings().webhook_http_networks).url_error(body["url"]):
        faults.append(Fault(problem, pointer="#/url"))
    try:
        compile_filter(conn, parse_filter(body["filter"]))
    except Invalid as error:
        faults += [_in_filter(fault) for fault in error.faults]
    if faults:
        raise Invalid(faults=faults)


@lru_cache(maxsize=8)
def _guard(private: str, plain: str) -> AddressGuard:
    return AddressGuard(parse_networks(private), parse_networks(plain))


def _in_filter(fault: Fault) -> Fault:
    """A fault of a filter as one of the body around it."""
    if fault.pointer is not None:
        return Fault(fault.detail, pointer="#/filter" + fault.pointer.removeprefix("#"))
    return Fault(f"{fault.parameter}: {fault.detail}", pointer="#/filter")


def _matched(conn: Connection, webhook_id: UUID) -> Subscription:
    """The webhook, locked against others' writes and found to be the version that If-Match names."""
    found = store.webhooks.subscriptions.get_subscription(conn, webhook_id, owner(), lock=True)
    require_match(request.headers.get("If-Match"), found.version)
    return found


def _revise(conn: Connection, before: Subscription, body: dict[str, Any]) -> Response:
    _require_reading()
    told = told_webhook(before)
    if body != {name: value for name, value in told.items() if name not in COMPUTED}:
        _check(conn, body)
        before = store.webhooks.subscriptions.update_subscription(conn, before, body, now=datetime.now(UTC))
    return _answered(before)


def _sealed(secret: bytes, id: UUID) -> bytes:
    return encrypt(secret, parse_keys(settings().secret_keys), id.bytes)


def _answered(found: Subscription) -> Response:
    return respond(render(told_webhook(found)), found.version)


def _issued(made: Subscription, secret: bytes, status: int, headers: dict[str, str]) -> Response:
    told = told_webhook(made)
    return ShownOnce(
        render(told | {"secret": encode_secret(secret)}),
        render(told | {"secret": None}),
        status,
        headers | {"ETag": etag(made.version)} | _NOT_STORED,
        content_type=JSON,
    )
