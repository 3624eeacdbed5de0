"""The context of a request: the service's settings and connections, the caller, the body."""

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from threading import Semaphore
from typing import Any
from uuid import UUID

import psycopg
from flask import current_app, g, request
from gevent import Timeout
from werkzeug.exceptions import HTTPException

from service import strict_json
from service.config import Settings
from service.db.pool import Database
from service.errors import BodyTimeout, Malformed
from service.feed.tail import Tail
from service.http.rate_limit import RateLimits
from service.http.request_codec import inflate, is_gzipped
from service.store.keys import Key
from service.strict_json import JsonLimits


@dataclass(frozen=True)
class Service:
    """The parts of one app that its requests share."""

    settings: Settings
    database: Database
    rate_limits: RateLimits
    json_limits: JsonLimits
    tail: Tail
    #: Slots for imports, and for the connections of searches for words, with a key and without.
    imports: Semaphore
    searches: Semaphore
    public_searches: Semaphore
    #: Valid keys by digest, with the time (of time.monotonic) until which each is trusted without a query.
    cached_keys: dict[bytes, tuple[float, Key]] = field(default_factory=dict)
    #: The time of each key's last update of `last_used_at`, by the key's id.
    recorded_uses: dict[UUID, float] = field(default_factory=dict)


def service() -> Service:
    """Return the parts of the running app."""
    parts: Service = current_app.extensions["policytrail"]
    return parts


def settings() -> Settings:
    """Return the running app's settings."""
    return service().settings


@contextmanager
def transaction() -> Iterator[psycopg.Connection]:
    """Open `Database.transaction`; within another one of the same request, a savepoint in it."""
    outer: psycopg.Connection | None = g.get("transaction")
    if outer is not None:
        with outer.transaction():
            yield outer
        return
    with _timed(service().database.transaction()) as conn:
        g.transaction = conn
        try:
            yield conn
        finally:
            g.transaction = None


def reading() -> AbstractContextManager[psycopg.Connection]:
    """Open `Database.reading`; within a transaction of the same request, the connection that it holds.

    So no request waits for a second connection while others wait for its first.
    """
    outer: psycopg.Connection | None = g.get("transaction")
    return _timed(service().database.reading()) if outer is None else nullcontext(outer)


@contextmanager
def _timed(connection: AbstractContextManager[psycopg.Connection]) -> Iterator[psycopg.Connection]:
    """Open `connection`; add the seconds of waiting for it and holding it to the request's."""
    start = time.perf_counter()
    try:
        with connection as conn:
            yield conn
    finally:
        g.database_seconds = g.get("database_seconds", 0.0) + time.perf_counter() - start


def caller() -> Key | None:
    """Return the request's key, or None if reading is public and no key came."""
    key: Key | None = g.get("caller")
    return key


def key_id() -> UUID | None:
    """Return the id of the caller's key."""
    key = caller()
    return key.id if key else None


def json_body() -> Any:
    """Return the JSON value of the body. `strict_json.parse` lists the errors."""
    return strict_json.parse(body_bytes(), service().json_limits)


#: The key of the environ under which a body is kept: its fingerprint and its JSON are made from it.
_BODY = "policytrail.body"


def body_bytes() -> bytes:
    """Return the whole body, decompressed.

    Malformed if its length, its chunks or its gzip are not as announced, BodyTimeout if it is not complete in time.
    """
    body: bytes | None = request.environ.get(_BODY)
    if body is None:
        body = request.environ[_BODY] = _read_body()
    return body


def _read_body() -> bytes:
    gzipped = is_gzipped()
    try:
        with _body_deadline():
            body = request.get_data()
            if request.content_length is None and len(body) == request.max_content_length:
                # werkzeug stops silently at the limit if no length was announced; one more read makes it raise 413.
                request.stream.read(1)
    except (HTTPException, BodyTimeout):
        raise
    except Exception as error:
        raise Malformed("The body is not valid HTTP.") from error
    if request.content_length not in (None, len(body)):
        raise Malformed("The body ended before its Content-Length.")
    return inflate(body, settings().max_body_bytes) if gzipped else body


def _body_deadline() -> AbstractContextManager[object]:
    """Raise BodyTimeout in a block that reads the body for longer than `body_timeout`, however often a byte comes."""
    if "gunicorn.socket" not in request.environ:  # a test without gunicorn, whose body is here
        return nullcontext()
    seconds = settings().body_timeout
    # gunicorn ends the connection of a body whose reading failed.
    deadline: AbstractContextManager[object] = Timeout(
        seconds, BodyTimeout(f"Send the whole body within {seconds:g} seconds.")
    )
    return deadline
