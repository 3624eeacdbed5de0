"""Who calls, and what they may do."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import wraps
from threading import Thread
from typing import Any
from uuid import UUID

import structlog
from flask import g, request

from service import store
from service.api_keys import digest, is_well_formed
from service.db.pool import Database
from service.errors import Forbidden, Unauthenticated
from service.http.context import reading, service, settings
from service.http.rate_limit import count_request
from service.store.keys import Key

View = Callable[..., Any]

#: The scope of what every valid key may do.
ANY_SCOPE = ""
#: What a reader without a key may do where reading is public.
PUBLIC_SCOPES = frozenset({"events:read", ANY_SCOPE})

#: Seconds that a key found valid is believed without asking the database: a revoked one works so much longer at most.
BELIEVED_FOR = 5.0
#: Keys remembered by a process at most.
REMEMBERED = 10_000
#: Seconds between two notes that a key is in use.
USE_NOTED_EVERY = 60.0

log = structlog.get_logger()


def requires(scope: str) -> Callable[[View], View]:
    """A decorator: the view runs only for a caller with `scope`, and not more often than the limits allow.

    Reading may be public by a setting.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def checked(*args: Any, **kwargs: Any) -> Any:
            secret = sent_secret()
            g.caller = key = find_key(secret) if secret is not None else None
            count_request(key)
            authorize(secret, key, scope)
            return view(*args, **kwargs)

        checked.scope = scope  # type: ignore[attr-defined]  # read by openapi.py and by a test that every route has one
        return checked

    return decorate


def sent_secret() -> str | None:
    """What the request states as its key, valid or not: Authorization's bearer token, or else X-API-Key."""
    authorization = request.headers.get("Authorization")
    if authorization is None:
        return request.headers.get("X-API-Key")
    kind, _, secret = authorization.partition(" ")
    return secret.strip() if kind.lower() == "bearer" else ""


def authorize(secret: str | None, key: Key | None, scope: str) -> None:
    """Pass where `key`, found for `secret`, may do `scope`, and a reader without one where reading is public."""
    if key is None and secret is not None:
        raise Unauthenticated("The API key is not valid.")
    if key is None:
        if scope in PUBLIC_SCOPES and settings().public_read:
            return
        raise Unauthenticated("Send an API key: `Authorization: Bearer ptk_…`.")
    if scope != ANY_SCOPE and scope not in key.scopes and "admin" not in key.scopes:
        raise Forbidden(scope)


def find_key(secret: str) -> Key | None:
    """The valid key whose secret this is.

    It is looked up by its digest, so there is no comparison whose time could tell anything about a secret.
    """
    if not is_well_formed(secret):
        return None
    hashed, known, now = digest(secret), service().known_keys, time.monotonic()
    believed_until, key = known.get(hashed, (0.0, None))
    if key and now < believed_until:
        return key
    with reading() as conn:
        found = store.keys.find_key(conn, hashed)
    known.pop(hashed, None)
    if found:
        while len(known) >= REMEMBERED:
            known.pop(next(iter(known)), None)
        known[hashed] = now + min(BELIEVED_FOR, _seconds_left(found)), found
        _note_use(found.id, now)
    return found


def disbelieve(key_id: UUID) -> None:
    """Let this process ask the database the next time the key `key_id` is sent."""
    known = service().known_keys
    for hashed, (_, key) in list(known.items()):
        if key.id == key_id:
            known.pop(hashed, None)


def _seconds_left(key: Key) -> float:
    return (key.expires_at - datetime.now(UTC)).total_seconds() if key.expires_at else BELIEVED_FOR


def _note_use(key_id: UUID, now: float) -> None:
    """Have it written that the key is in use: beside the request, which neither waits for it nor fails with it."""
    noted = service().noted_uses
    if now - noted.get(key_id, -USE_NOTED_EVERY) >= USE_NOTED_EVERY:
        noted[key_id] = now
        Thread(target=_write_use, args=(service().database, key_id), daemon=True).start()


def _write_use(database: Database, key_id: UUID) -> None:
    try:
        with database.reading() as conn:
            store.keys.note_use(conn, key_id)
    except Exception as error:  # noqa: BLE001 (nobody waits for it, and it is tried again a minute later)
        log.warning("key_use_not_noted", key=str(key_id), cause=type(error).__name__)
