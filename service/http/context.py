"""What belongs to the app that serves the request: settings, connections, the caller."""

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from threading import Semaphore
from uuid import UUID

import psycopg
from flask import current_app, g

from service.config import Settings
from service.db.pool import Database
from service.feed.tail import Tail
from service.http.rate_limit_windows import Limits
from service.store.keys import Key
from service.strict_json import Bounds


@dataclass(frozen=True)
class Service:
    """What one app was made with."""

    settings: Settings
    database: Database
    limits: Limits
    body_bounds: Bounds
    tail: Tail
    #: Places for imports.
    imports: Semaphore
    #: Keys lately looked up, by digest, with the time until which that may be believed.
    known_keys: dict[bytes, tuple[float, Key]] = field(default_factory=dict)
    #: When the use of a key was last noted in the database, by its id.
    noted_uses: dict[UUID, float] = field(default_factory=dict)


def service() -> Service:
    """What the running app was made with."""
    found: Service = current_app.extensions["policytrail"]
    return found


def settings() -> Settings:
    """The running app's settings."""
    return service().settings


@contextmanager
def transaction() -> Iterator[psycopg.Connection]:
    """See Database.transaction; within another of the same request, a part that can be rolled back alone."""
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
    """See Database.reading."""
    return _timed(service().database.reading())


@contextmanager
def _timed(connection: AbstractContextManager[psycopg.Connection]) -> Iterator[psycopg.Connection]:
    """`connection`; the seconds that it is waited for and held are added to the request's."""
    began = time.perf_counter()
    try:
        with connection as conn:
            yield conn
    finally:
        g.database_seconds = g.get("database_seconds", 0.0) + time.perf_counter() - began


def caller() -> Key | None:
    """The key that the request came with, or None where reading is public."""
    found: Key | None = g.get("caller")
    return found


def key_id() -> UUID | None:
    """The id of the caller's key."""
    key = caller()
    return key.id if key else None
