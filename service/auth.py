"""Who calls, and what they may do."""

import time
from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import g, request

from service import store
from service.current import reading, service, settings
from service.errors import Forbidden, Unauthenticated
from service.keys import digest, is_well_formed
from service.store.keys import Key

View = Callable[..., Any]

#: Seconds that a key found valid is believed without asking the database: a revoked one works so much longer at most.
BELIEVED_FOR = 5.0
#: Keys remembered by a process at most.
REMEMBERED = 10_000


def requires(scope: str) -> Callable[[View], View]:
    """A decorator: the view runs only for a caller with `scope`. Reading may be public by a setting."""

    def decorate(view: View) -> View:
        @wraps(view)
        def checked(*args: Any, **kwargs: Any) -> Any:
            g.caller = authorize(request.headers.get("Authorization"), scope)
            return view(*args, **kwargs)

        checked.scope = scope  # type: ignore[attr-defined]  # read by openapi.py and by a test that every route has one
        return checked

    return decorate


def authorize(authorization: str | None, scope: str) -> Key | None:
    """The key in `authorization`, allowed to do `scope`; None for a reader without one where reading is public."""
    if authorization is None:
        if scope == "events:read" and settings().public_read:
            return None
        raise Unauthenticated("Send an API key: `Authorization: Bearer ptk_…`.")
    kind, _, secret = authorization.partition(" ")
    key = find_key(secret.strip()) if kind.lower() == "bearer" else None
    if key is None:
        raise Unauthenticated("The API key is not valid.")
    if scope not in key.scopes and "admin" not in key.scopes:
        raise Forbidden(f"The API key lacks the scope {scope}.")
    return key


def find_key(secret: str) -> Key | None:
    """The valid key whose secret this is."""
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
        known[hashed] = now + BELIEVED_FOR, found
    return found
