"""The fixtures of the service's own tests, and the seeded API that the gates try."""

from collections.abc import Iterator
from datetime import UTC, datetime

import psycopg
import pytest

from service.cli.seed import seed_database
from service.config import SEEDS
from tests.service.conftest import anyone, app, client, key
from tests.serving import Served, serving

__all__ = ["anyone", "app", "client", "key", "seeded", "served"]


@pytest.fixture
def seeded(database: str) -> str:
    """The URL of a database that holds the topics and the first event."""
    with psycopg.connect(database) as conn:
        seed_database(conn, SEEDS, datetime.now(UTC))
    return database


@pytest.fixture
def served(seeded: str) -> Iterator[Served]:
    """The seeded API, which nobody reads without a key."""
    with serving(seeded, POLICYTRAIL_PUBLIC_READ="false") as served:
        yield served
