"""A POST that is sent again is answered again, not done again: draft-ietf-httpapi-idempotency-key-header."""

import hashlib
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from flask import Response, request

from service.errors import Conflict, Fault, Invalid, ServiceError, Unauthenticated, Unavailable
from service.http import problems
from service.http.context import key_id, transaction
from service.http.request_body import sent_bytes
from service.store import idempotency as store
from service.store.idempotency import Answer, Ask

HEADER = "Idempotency-Key"

#: A structured-field string, or the bare token that most clients send; 255 visible ASCII characters at most.
_TOKEN = re.compile(r'"([!#-~ ]{1,255})"|([!#-~]{1,255})')

#: Headers of an answer that are part of it. The others are made anew for every request.
_KEPT_HEADERS = ("Content-Type", "ETag", "Location", "Content-Location", "Link", "Cache-Control", "Preference-Applied")


class ShownOnce(Response):
    """An answer with a secret in it, which is kept, and answered again, as `kept`: without the secret."""

    def __init__(self, body: bytes, kept: bytes, status: int, headers: dict[str, str], **options: Any) -> None:
        super().__init__(body, status, headers, **options)
        self.kept = kept


def answered_once(sent: str, do: Callable[[], Response]) -> Response:
    """The answer to this request: that of `do`, or the one kept for the same key, path and body.

    Effect and answer are stored together or not at all. What the client did wrong is kept as well; what went wrong here
    is not.
    """
    ask, fingerprint, now = ask_of(sent), _fingerprint(), datetime.now(UTC)
    with transaction() as conn:
        if not store.claim_ask(conn, ask):
            raise Conflict("A request with this Idempotency-Key is being answered right now; ask again shortly.")
        kept = store.find_answer(conn, ask, now)
        if kept:
            return _replayed(kept, fingerprint)
        response = _done(do)
        headers = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
        body = response.kept if isinstance(response, ShownOnce) else response.get_data()
        store.keep_answer(conn, ask, Answer(fingerprint, response.status_code, headers, body), now)
        return response


def ask_of(sent: str) -> Ask:
    """The request whose Idempotency-Key is `sent`. Invalid where that is none, Unauthenticated without an API key."""
    token = _TOKEN.fullmatch(sent.strip())
    if token is None:
        detail = "Must be 1 to 255 visible ASCII characters, in double quotes or bare."
        raise Invalid(f"{HEADER} is not valid.", [Fault(detail, header=HEADER)])
    caller = key_id()
    if caller is None:
        raise Unauthenticated("An Idempotency-Key belongs to an API key; send one.")
    return Ask(caller, f"{request.method} {request.path}", token[1] or token[2])


def key_reused() -> Invalid:
    """Return the error for a key that came with another request before."""
    return Invalid.at("This key was sent with another body; choose a new one for a new request.", header=HEADER)


def _fingerprint() -> bytes:
    return hashlib.sha256(request.query_string + b"\n" + sent_bytes()).digest()


def _replayed(kept: Answer, fingerprint: bytes) -> Response:
    if kept.fingerprint != fingerprint:
        raise key_reused()
    response = Response(kept.body, kept.status, kept.headers)
    response.headers["Idempotent-Replayed"] = "true"
    return response


def _done(do: Callable[[], Response]) -> Response:
    """The answer, or the problem that will be the answer every time. Unavailable is not: it may go well next time."""
    try:
        return do()
    except Unavailable:
        raise
    except ServiceError as error:
        return problems.tell(error)
