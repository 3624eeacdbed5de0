"""A database for each measurement: PostgreSQL as `make run` has it, migrated, with the topics and nothing else."""

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
from service.db.migrations import migrate
from service.events.topics import first_topic
from service.strict_json import parse

_numbers = count(1)


@contextmanager
def server(directory: Path) -> Iterator[embedded_postgres.Server]:
    """PostgreSQL as `make run` has it, until the block ends."""
    started = embedded_postgres.start(directory / "postgres", options=embedded_postgres.spacious())
    try:
        yield started
    finally:
        started.stop()


@contextmanager
def empty_database(on: embedded_postgres.Server) -> Iterator[str]:
    """The URL of a database that goes with the block."""
    name = f"bulk_{next(_numbers)}"
    with psycopg.connect(on.dsn(), autocommit=True) as conn:
        conn.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
        with psycopg.connect(on.dsn(name)) as own:
            migrate(own, MIGRATIONS)
            for topic in NewTopicSchema(many=True).load(parse((SEEDS / "topics.json").read_bytes())):
                store.topics.insert_topic(own, first_topic(topic, datetime.now(UTC)))
        conn.execute("CHECKPOINT")
        yield on.dsn(name)
        conn.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))
