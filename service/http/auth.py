"""Access control: the caller's API key, its scopes and its rate limit."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from threading import Thread
from typing import Any
from uuid import UUID

import structlog
from flask import g, request
from psycopg import Connection

from service import clock, store
from service.errors import Forbidden, Invalid, TooManyRequests, Unauthenticated
from service.http.context import Service, caller, reading, service, settings
from service.http.rate_limit import RateLimitState
from service.ids import digest, is_well_formed
from service.store.keys import Key

View = Callable[..., Any]

#: The scope of operations that every valid key may use.
ANY_SCOPE = ""
#: The scopes of a reader without a key, if reading is public.
READ = "events:read"
PUBLIC_SCOPES = frozenset({READ, ANY_SCOPE})
#: The scopes of which a key needs one to read events and topics.
READERS = frozenset({READ, "admin"})

#: Seconds for which a valid key is trusted without a query: a revoked key works this much longer at most.
TRUSTED_FOR = 5.0
#: The most keys that a process remembers.
REMEMBERED = 10_000
#: Seconds between two updates of a key's `last_used_at`.
USE_RECORDED_EVERY = 60.0

log = structlog.get_logger()


def requires(scope: str, *, quota: str | None = None) -> Callable[[View], View]:
    """Admit to the view only callers with `scope` who are within their rate limit.

    Reading needs no key if the setting `public_read` is on. `quota` names a further limit, of this operation alone.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def checked(*args: Any, **kwargs: Any) -> Any:
            secret = secret_in_request()
            g.caller = key = authenticate(secret) if secret is not None else None
            _count_request(key)
            authorize(secret, key, scope)
            if quota and key:
                _require_within(service().rate_limits.count_operation(quota, key.id))
            return view(*args, **kwargs)

        checked.scope = scope  # type: ignore[attr-defined]  # read by service/openapi and a test that every route has one
        return checked

    return decorate


def secret_in_request() -> str | None:
    """Return the key that the request sends, valid or not: Authorization's bearer token, or else X-API-Key."""
    authorization = request.headers.get("Authorization")
    if authorization is None:
        return request.headers.get("X-API-Key")
    kind, _, secret = authorization.partition(" ")
    return secret.strip() if kind.lower() == "bearer" else ""


def authorize(secret: str | None, key: Key | None, scope: str) -> None:
    """Refuse a secret without a valid key, a key without `scope`, and no key at all unless reading is public."""
    if key is None and secret is not None:
        raise Unauthenticated("The API key is not valid.")
    if key is None:
        if scope in PUBLIC_SCOPES and settings().public_read:
            return
        raise Unauthenticated("Send an API key: `Authorization: Bearer ptk_…`.")
    if scope != ANY_SCOPE and scope not in key.scopes and "admin" not in key.scopes:
        raise Forbidden(scope)


def may_read() -> bool:
    """Return whether the caller may read events and topics."""
    key = caller()
    return settings().public_read if key is None else not READERS.isdisjoint(key.scopes)


def require_reader() -> None:
    """Raise Forbidden if the caller may not read events and topics."""
    if not may_read():
        raise Forbidden(READ)


@contextmanager
def own_faults(body: Callable[[], Any]) -> Iterator[None]:
    """Let an Invalid show a caller who may not read only the faults in members of `body`; others quote the record."""
    try:
        yield
    except Invalid as error:
        if may_read():
            raise
        members = body()
        names = {f"#/{name}" for name in members} if isinstance(members, dict) else set()
        faults = [fault for fault in error.faults if "/".join((fault.pointer or "").split("/")[:2]) in names]
        raise Invalid("The patch makes the record invalid.", faults) from None


def may_read_deleted() -> bool:
    """Return whether the caller may read what deleted events were: with a key, unless the settings open it to all."""
    return settings().public_deleted or caller() is not None


def require_revisions_readable(conn: Connection, event_id: UUID) -> None:
    """Raise Unauthenticated if the event was deleted and the caller may not read what it was."""
    if not may_read_deleted() and store.events.records.list_deleted(conn, [event_id]):
        raise Unauthenticated("The event was deleted; send an API key to read its revisions.")


def _count_request(key: Key | None) -> None:
    """Count the request for its caller. TooManyRequests beyond the limit."""
    _require_within(service().rate_limits.count(key.id if key else None, request.remote_addr or ""))


def _require_within(state: RateLimitState | None) -> None:
    """Show the use of a quota in the response. TooManyRequests if it is exceeded."""
    g.rate_limit = state
    if state is not None and state.exceeded:
        limit = f"{state.quota.requests} requests in {state.quota.seconds} seconds are allowed."
        raise TooManyRequests(limit, state.ends_in)


def authenticate(secret: str) -> Key | None:
    """Return the valid key with this secret.

    The query is by digest, so no comparison's duration depends on a secret.
    """
    if not is_well_formed(secret):
        return None
    hashed, cache, now = digest(secret), service().cached_keys, time.monotonic()
    trusted_until, key = cache.get(hashed, (0.0, None))
    if key and now < trusted_until:
        return key
    with reading() as conn:
        key = store.keys.find_key(conn, hashed)
    cache.pop(hashed, None)
    if key:
        while len(cache) >= REMEMBERED:
            cache.pop(next(iter(cache)), None)
        cache[hashed] = now + min(TRUSTED_FOR, _seconds_left(key)), key
        _record_use(key.id, now)
    return key


def evict_cached_key(key_id: UUID) -> None:
    """Make this process query the database the next time the key `key_id` is sent."""
    cache = service().cached_keys
    for hashed, (_, key) in list(cache.items()):
        if key.id == key_id:
            cache.pop(hashed, None)


def _seconds_left(key: Key) -> float:
    return (key.expires_at - clock.now()).total_seconds() if key.expires_at else TRUSTED_FOR


def _record_use(key_id: UUID, now: float) -> None:
    """Record the key's use beside the request, which neither waits for it nor fails with it."""
    recorded = service().recorded_uses
    if now - recorded.get(key_id, -USE_RECORDED_EVERY) >= USE_RECORDED_EVERY:
        recorded[key_id] = now
        Thread(target=_write_use, args=(service(), key_id), daemon=True).start()


def _write_use(app: Service, key_id: UUID) -> None:
    try:
        with app.database.reading() as conn:
            store.keys.record_use(conn, key_id)
    except Exception as error:  # noqa: BLE001 (nobody waits for it, and the next try comes a minute later)
        log.warning("key_use_not_noted", key=str(key_id), cause=type(error).__name__)
