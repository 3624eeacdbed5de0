"""Fixtures of the webhook tests."""

from collections.abc import Iterator
from uuid import UUID

import psycopg
import pytest
from flask.testing import FlaskClient

from service.webhooks import retry_policy, sender
from tests.deliveries import PATIENCE, TEST_SETTINGS
from tests.service.conftest import client_of, make_key, running


@pytest.fixture
def key_id(database: str, feed: psycopg.Connection) -> UUID:
    """The id of a key that owns subscriptions."""
    make_key(database, "webhooks")
    [[id_]] = feed.execute("SELECT id FROM api_key").fetchall()
    return UUID(str(id_))


@pytest.fixture
def client(database: str) -> Iterator[FlaskClient]:
    """A client of an API that allows webhooks to this machine."""
    with running(database, **TEST_SETTINGS) as app:
        yield client_of(app, database, "admin")


@pytest.fixture
def no_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    """Delay retries by an hour, so that a slow machine has none before the test makes a delivery due."""
    monkeypatch.setattr(retry_policy, "DELAYS", (3600.0,) * len(retry_policy.DELAYS))


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Allow the time that a slow machine needs for a connection, and before it opens a dropped one again."""
    monkeypatch.setattr(sender, "CONNECT_TIMEOUT", PATIENCE)
    monkeypatch.setattr(sender, "RECONNECT_WITHIN", PATIENCE)
