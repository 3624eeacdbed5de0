"""The app on a database of the test's own, called without a network."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient

from schemas.events import NewEventSchema
from service import create_app, store
from service.app import provide
from service.cli.seed import seed_database
from service.config import SEEDS, Settings
from service.db.pool import Database
from service.events.write import record_event
from service.ids import digest, new_key, uuid7
from tests.factories import EARLIER, an_event


@pytest.fixture
def app(database: str) -> Iterator[Flask]:
    """The app, reading public, connected to `database`."""
    with running(database) as app:
        yield app


#: The apps that no test uses at the moment, by their settings without the database.
_built: defaultdict[str, list[Flask]] = defaultdict(list)


@contextmanager
def running(database: str, **settings: Any) -> Iterator[Flask]:
    """An app with `settings`, reading public, and no limit to how often a test may ask unless it sets one."""
    usual: dict[str, Any] = {
        "public_read": True,
        "pool_size": 4,
        "log_level": "ERROR",
        "rate_limit": "",
        "public_rate_limit": "",
        "webhook_test_rate_limit": "",
    }
    chosen = Settings(database_url=database, **usual | settings)
    built = _built[repr(replace(chosen, database_url=""))]
    # Routes take 0.2 s to compile, which is most of the time of a small test.
    app = built.pop() if built else create_app(chosen)
    provide(app, chosen)
    app.extensions["policytrail"].database.open()
    yield app
    app.extensions["policytrail"].database.close()
    built.append(app)


@pytest.fixture
def opened(database: str) -> Iterator[Database]:
    """The database as a worker or a command has it."""
    database_ = Database(Settings(database_url=database))
    database_.open()
    yield database_
    database_.close()


@pytest.fixture
def feed(database: str) -> Iterator[psycopg.Connection]:
    """A connection in autocommit, as a sequencer and a matcher have."""
    with psycopg.connect(database, autocommit=True) as conn:
        yield conn


@pytest.fixture
def earlier(database: str) -> UUID:
    """An event that others relate to."""
    content = NewEventSchema().load(an_event(title="The one before"))
    with psycopg.connect(database) as conn:
        record_event(conn, content, id=UUID(EARLIER), now=datetime.now(UTC), key_id=None)
    return UUID(EARLIER)


@pytest.fixture
def seeded(database: str) -> str:
    """Return the URL of a database with the topics and the first event."""
    with psycopg.connect(database) as conn:
        seed_database(conn, SEEDS, datetime.now(UTC))
    return database


@pytest.fixture
def key(database: str) -> str:
    """An API key that may do everything."""
    return make_key(database, "admin")


def make_key(database: str, *scopes: str) -> str:
    """A new API key with `scopes`."""
    secret = new_key()
    with psycopg.connect(database) as conn:
        store.keys.insert_key(
            conn, id=uuid7(), name="of a test", prefix=secret[:8], digest=digest(secret), scopes=scopes
        )
    return secret


def client_of(app: Flask, database: str, *scopes: str) -> FlaskClient:
    """A client of `app` with a new API key that has `scopes`."""
    client = app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {make_key(database, *scopes)}"
    return client


@contextmanager
def admin_of(database: str, **settings: Any) -> Iterator[FlaskClient]:
    """Yield a client with all scopes of an app with `settings`."""
    with running(database, **settings) as app:
        yield client_of(app, database, "admin")


@pytest.fixture
def anyone(app: Flask) -> FlaskClient:
    """A client without a key."""
    return app.test_client()


@pytest.fixture
def client(app: Flask, key: str) -> FlaskClient:
    """A client that may do everything."""
    client = app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {key}"
    return client
