"""Idempotent POST: a repeated request gets the stored response (draft-ietf-httpapi-idempotency-key-header)."""

import hashlib
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from flask import Response, request

from service.errors import Conflict, Fault, Invalid, ServiceError, Unauthenticated, Unavailable
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


def replay_or_run(token: str, run: Callable[[], Response]) -> Response:
    """Return the response stored for this Idempotency-Key, path and body, or else run the view and store its response.

    Effect and response are stored together or not at all. Client errors are stored as well; Unavailable is not.
    """
    key, fingerprint, now = request_key(token), _fingerprint(), datetime.now(UTC)
    with transaction() as conn:
        if not store.lock_request(conn, key):
            raise Conflict("A request with this Idempotency-Key is in progress; try again shortly.")
        stored = store.find_response(conn, key, now)
        if stored:
            return _replay(stored, fingerprint)
        response = _run(run)
        headers = {name: response.headers[name] for name in _STORED_HEADERS if name in response.headers}
        body = response.replay if isinstance(response, ShownOnce) else response.get_data()
        store.upsert_response(conn, key, StoredResponse(fingerprint, response.status_code, headers, body), now)
        return response


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


def _replay(stored: StoredResponse, fingerprint: bytes) -> Response:
    if stored.fingerprint != fingerprint:
        raise key_reused()
    response = Response(stored.body, stored.status, stored.headers)
    response.headers["Idempotent-Replayed"] = "true"
    return response


def _run(run: Callable[[], Response]) -> Response:
    """Return the view's response, or its error as one. Unavailable is raised: the next try may succeed."""
    try:
        return run()
    except Unavailable:
        raise
    except ServiceError as error:
        return problems.to_response(error)
