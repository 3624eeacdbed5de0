"""/v1/keys and /v1/me: API keys, their scopes and limits."""

from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, url_for

from schemas.keys import IssuedKeySchema, KeyQuerySchema, KeySchema, MeSchema, NewKeySchema
from schemas.lists import page_of
from service import clock, store
from service.cursors import decode_cursor, encode_cursor, fingerprint
from service.errors import Invalid, NotFound
from service.events.normalize import timestamp
from service.http.auth import ANY_SCOPE, evict_cached_key, requires
from service.http.context import caller, reading, service, transaction
from service.http.idempotency import ShownOnce
from service.http.operation import JSON, operation
from service.http.pages import page_response, page_size
from service.http.rate_limit import Quota
from service.ids import PREFIX_LENGTH, digest, new_key, uuid7
from service.store.keys import Key
from service.strict_json import render

keys = Blueprint("keys", __name__, url_prefix="/v1/keys")
me = Blueprint("me", __name__, url_prefix="/v1/me")

_NOT_STORED = {"Cache-Control": "no-store"}
_BOUND_TO = fingerprint("keys")


@keys.get("")
@requires("admin")
@operation(query=KeyQuerySchema, returns=(200, page_of(KeySchema)))
def list_keys(query: dict[str, Any]) -> Response:
    """List keys in order of creation, including revoked and expired ones, without their secrets."""
    limit = page_size(query)
    after = decode_cursor(query["cursor"], _BOUND_TO, 1)[0] if query["cursor"] else None
    with reading() as conn:
        rows = store.keys.page_keys(conn, after=after, limit=limit + 1)
    cursor = encode_cursor(_BOUND_TO, [str(rows[limit - 1].id)]) if len(rows) > limit else None
    response = page_response([render(_document(key)) for key in rows[:limit]], cursor)
    response.headers.update(_NOT_STORED)
    return response


@keys.post("")
@requires("admin")
@operation(body=NewKeySchema, returns=(201, IssuedKeySchema))
def create_key(body: dict[str, Any]) -> Response:
    """Create a key.

    The response shows its secret, once: the service stores only the SHA-256. A response replayed for an
    Idempotency-Key has null instead; if you lost the first response, revoke that key and create another.
    """
    secret = new_key()
    expires_at = _expiry_of(body)
    with transaction() as conn:
        key = store.keys.insert_key(
            conn,
            id=uuid7(),
            name=body["name"],
            public_name=body["public_name"],
            prefix=secret[:PREFIX_LENGTH],
            digest=digest(secret),
            scopes=sorted(set(body["scopes"])),
            expires_at=expires_at,
        )
    document = _document(key)
    headers = {"Location": url_for("keys.get_key", key_id=key.id), **_NOT_STORED}
    return ShownOnce(
        render(document | {"key": secret}), render(document | {"key": None}), 201, headers, content_type=JSON
    )


@keys.get("/<uuid:key_id>")
@requires("admin")
@operation(returns=(200, KeySchema), also=[NotFound])
def get_key(key_id: UUID) -> Response:
    """Read one key, without its secret."""
    with reading() as conn:
        key = store.keys.get_key(conn, key_id)
    return Response(render(_document(key)), headers=_NOT_STORED, content_type=JSON)


@keys.delete("/<uuid:key_id>")
@requires("admin")
@operation(returns=(204, None), also=[NotFound])
def revoke_key(key_id: UUID) -> Response:
    """Revoke a key.

    It remains in the list, and revoking it again changes nothing. Other processes may accept it for five more seconds.
    """
    with transaction() as conn:
        store.keys.revoke_key(conn, key_id)
    evict_cached_key(key_id)
    return Response(status=204)


@me.get("")
@requires(ANY_SCOPE)
@operation(returns=(200, MeSchema))
def get_me() -> Response:
    """Read the name, scopes and limits of the request's key, or the limits without a key."""
    key = caller()
    document = {
        "id": key.id if key else None,
        "name": key.name if key else None,
        "scopes": key.scopes if key else ["events:read"],
        "expires_at": timestamp(key.expires_at) if key and key.expires_at else None,
        "limits": [_quota_document(quota) for quota in service().rate_limits.quotas(is_key=key is not None)],
    }
    return Response(render(document), headers=_NOT_STORED, content_type=JSON)


def _expiry_of(body: dict[str, Any]) -> datetime | None:
    """Return the time of expiry. Invalid if it is past."""
    if body["expires_at"] is None:
        return None
    end = datetime.fromisoformat(body["expires_at"])
    if end <= clock.now():
        raise Invalid.at("Must be in the future.", pointer="#/expires_at")
    return end


def _document(key: Key) -> dict[str, Any]:
    """Return a key as KeySchema describes it."""
    own = {name: getattr(key, name) for name in ("id", "name", "public_name", "prefix", "scopes")}
    times = ("created_at", "expires_at", "revoked_at", "last_used_at")
    instants = {name: getattr(key, name) for name in times}
    return own | {name: timestamp(instant) if instant else None for name, instant in instants.items()}


def _quota_document(quota: Quota) -> dict[str, Any]:
    return {"name": quota.name, "requests": quota.requests, "seconds": quota.seconds}
