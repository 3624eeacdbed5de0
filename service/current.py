"""What belongs to the app that serves the request: settings, connections, the caller."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from uuid import UUID

import psycopg
from flask import current_app, g

from service.config import Settings
from service.db import Database
from service.store.keys import Key


@dataclass(frozen=True)
class Service:
    """What one app was made with."""

    settings: Settings
    database: Database
    #: Keys lately looked up, by digest, with the time until which that may be believed.
    known_keys: dict[bytes, tuple[float, Key]] = field(default_factory=dict)


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
    with service().database.transaction() as conn:
        g.transaction = conn
        try:
            yield conn
        finally:
            g.transaction = None


def reading() -> AbstractContextManager[psycopg.Connection]:
    """See Database.reading."""
    return service().database.reading()


def caller() -> Key | None:
    """The key that the request came with, or None where reading is public."""
    found: Key | None = g.get("caller")
    return found


def key_id() -> UUID | None:
    """The id of the caller's key."""
    key = caller()
    return key.id if key else None
