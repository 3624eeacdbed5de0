"""PostgreSQL for the benchmarks, and databases in it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import psycopg
from psycopg.sql import SQL, Identifier

from schemas.topics import NewTopicSchema
from service import store
from service.config import MIGRATIONS, SEEDS
from service.db import embedded_postgres
from service.db.embedded_postgres import Server
from service.db.migrations import migrate
from service.events.topics import first_topic
from service.ids import digest, new_key, uuid7
from service.strict_json import parse

_numbers = count(1)


@contextmanager
def server(directory: Path) -> Iterator[Server]:
    """PostgreSQL with the settings of `make run` and its cluster in `directory`, until the block ends."""
    started = embedded_postgres.start(directory.absolute(), options=embedded_postgres.spacious())
    try:
        yield started
    finally:
        started.stop()


@contextmanager
def temporary_database(on: Server) -> Iterator[str]:
    """The URL of a new database with tables and topics, dropped when the block ends."""
    name = f"benchmark_{next(_numbers)}"
    url = create_database(on, name)
    migrate_and_seed(url)
    try:
        yield url
    finally:
        drop_database(on, name)


def create_database(on: Server, name: str, template: str = "template1") -> str:
    """Create an empty database, or a copy of `template`, in the place of any of that name. Return its URL."""
    drop_database(on, name)
    with psycopg.connect(on.dsn(), autocommit=True) as conn:
        conn.execute(SQL("CREATE DATABASE {} TEMPLATE {}").format(Identifier(name), Identifier(template)))
    return on.dsn(name)


def drop_database(on: Server, name: str) -> None:
    """Drop a database and whoever is connected to it, if there is one of that name."""
    with psycopg.connect(on.dsn(), autocommit=True) as conn:
        conn.execute(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(Identifier(name)))


def migrate_and_seed(url: str) -> None:
    """Create the tables and the topics of seeds/ in the empty database at `url`."""
    with psycopg.connect(url) as conn:
        migrate(conn, MIGRATIONS)
        for topic in NewTopicSchema(many=True).load(parse((SEEDS / "topics.json").read_bytes())):
            store.topics.insert_topic(conn, first_topic(topic, datetime.now(UTC)))
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute("CHECKPOINT")


def make_key(url: str) -> str:
    """Return the secret of a new key that may read and write events."""
    secret = new_key()
    with psycopg.connect(url) as conn:
        scopes = ["events:read", "events:write"]
        store.keys.insert_key(
            conn, id=uuid7(), name="benchmark", prefix=secret[:8], digest=digest(secret), scopes=scopes
        )
    return secret
