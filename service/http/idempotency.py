"""Idempotent POST: a repeated request gets the stored response (draft-ietf-httpapi-idempotency-key-header)."""

import hashlib
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from flask import Response, request

from service import clock
from service.errors import Conflict, Fault, Invalid, ServiceError, TooManyRequests, Unauthenticated, Unavailable
from service.http import problems
from service.http.context import body_bytes, key_id, transaction
from service.store import idempotency as store
from service.store.idempotency import RequestKey, StoredResponse

HEADER = "Idempotency-Key"

#: A structured-field string, or the bare token that most clients send; 255 visible ASCII characters at most.
_TOKEN = re.compile(r'"([!#-~ ]{1,255})"|([!#-~]{1,255})')

#: The stored headers. The others are computed anew for every request.
_STORED_HEADERS = (
    "Content-Type",
    "ETag",
    "Location",
    "Content-Location",
    "Link",
    "Cache-Control",
    "Preference-Applied",
)


class ShownOnce(Response):
    """A response with a secret in it; its `replay`, without the secret, is stored for repeated requests."""

    def __init__(self, body: bytes, replay: bytes, status: int, headers: dict[str, str], **options: Any) -> None:
        super().__init__(body, status, headers, **options)
        self.replay = replay


@dataclass(frozen=True)
class AfterCommit:
    """The rest of a view that waits for the outside: it runs once the view's writes are committed.

    It may take PENDING_FOR, and holds no connection while it waits.
    """

    respond: Callable[[], Response]


def complete(result: Response | AfterCommit) -> Response:
    """Return the response of a view, waiting for the rest of it."""
    return result.respond() if isinstance(result, AfterCommit) else result


def replay_or_run(token: str, run: Callable[[], Response | AfterCommit]) -> Response:
    """Return the response stored for this Idempotency-Key, path and body, or else run the view and store its response.

    Effect and response are stored together or not at all; for a view that continues AfterCommit, a pending response is
    stored with the effect. Client errors are stored as well; Unavailable and TooManyRequests are not.
    """
    key, fingerprint = request_key(token), _fingerprint()
    with transaction() as conn:
        now = clock.now()
        if not store.lock_request(conn, key):
            raise _in_progress()
        if stored := store.find_response(conn, key, now):
            return _replay(stored, fingerprint)
        result = _run(run)
        store.upsert_response(conn, key, _storable(result, fingerprint), now)
    if not isinstance(result, AfterCommit):
        return result
    return _complete_pending(key, fingerprint, result)


def _complete_pending(key: RequestKey, fingerprint: bytes, rest: AfterCommit) -> Response:
    """Return the response of `rest`, stored in place of the pending one. After an error, the next try runs again."""
    try:
        response = complete(_run(rest.respond))
        with transaction() as conn:
            store.upsert_response(conn, key, _storable(response, fingerprint), clock.now())
    except BaseException:
        with suppress(Unavailable), transaction() as conn:
            store.delete_pending(conn, key)
        raise
    return response


def _storable(result: Response | AfterCommit, fingerprint: bytes) -> StoredResponse:
    if isinstance(result, AfterCommit):
        return StoredResponse(fingerprint, None, {}, b"")
    headers = {name: result.headers[name] for name in _STORED_HEADERS if name in result.headers}
    body = result.replay if isinstance(result, ShownOnce) else result.get_data()
    return StoredResponse(fingerprint, result.status_code, headers, body)


def request_key(token: str) -> RequestKey:
    """Return the identity of the request. Invalid if `token` is malformed, Unauthenticated without an API key."""
    match = _TOKEN.fullmatch(token.strip())
    if match is None:
        detail = "Must be 1 to 255 visible ASCII characters, in double quotes or bare."
        raise Invalid(f"{HEADER} is not valid.", [Fault(detail, header=HEADER)])
    caller = key_id()
    if caller is None:
        raise Unauthenticated("An Idempotency-Key belongs to an API key; send one.")
    return RequestKey(caller, f"{request.method} {request.path}", match[1] or match[2])


def key_reused() -> Invalid:
    """Return the error for an Idempotency-Key of another request."""
    return Invalid.at("This key was sent with another body; choose a new one for a new request.", header=HEADER)


def _fingerprint() -> bytes:
    return hashlib.sha256(request.query_string + b"\n" + body_bytes()).digest()


def _in_progress() -> Conflict:
    return Conflict("A request with this Idempotency-Key is in progress; try again shortly.")


def _replay(stored: StoredResponse, fingerprint: bytes) -> Response:
    if stored.fingerprint != fingerprint:
        raise key_reused()
    if stored.status is None:
        raise _in_progress()
    response = Response(stored.body, stored.status, stored.headers)
    response.headers["Idempotent-Replayed"] = "true"
    return response


def _run(run: Callable[[], Response | AfterCommit]) -> Response | AfterCommit:
    """Return the view's result, or its error as a response. An error that the next try may not meet is raised."""
    try:
        return run()
    except (Unavailable, TooManyRequests):
        raise
    except ServiceError as error:
        return problems.to_response(error)
