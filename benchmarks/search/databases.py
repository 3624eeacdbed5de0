"""PostgreSQL for these benchmarks, with databases of generated events that are kept from one run to the next."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg.sql import SQL, Identifier, Literal

from benchmarks.search.loader import load
from service import store
from service.config import MIGRATIONS
from service.db import embedded_postgres
from service.db.embedded_postgres import Server
from service.db.migrations import migrate
from service.ids import digest, new_key, uuid7

#: What a database is marked with that is loaded in whole.
_LOADED = "loaded"


@contextmanager
def server(directory: Path) -> Iterator[Server]:
    """PostgreSQL as `make run` has it, until the block ends."""
    found = embedded_postgres.start(directory.absolute(), options=embedded_postgres.spacious())
    try:
        yield found
    finally:
        found.stop()


def generated(of: Server, events: int) -> str:
    """The URL of a database with so many generated events: made now, or by a run before."""
    name = f"events_{events}"
    with psycopg.connect(of.dsn(), autocommit=True) as conn:
        marked = conn.execute(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s", (name,)
        ).fetchone()
        if marked == (_LOADED,):
            return of.dsn(name)
        _create(conn, name)
        print(f"Loading {events:,} events …", flush=True)
        load(of.dsn(name), events)
        conn.execute(SQL("COMMENT ON DATABASE {} IS {}").format(Identifier(name), Literal(_LOADED)))
    return of.dsn(name)


def empty(of: Server, name: str) -> str:
    """The URL of a new database without events."""
    with psycopg.connect(of.dsn(), autocommit=True) as conn:
        _create(conn, name)
    with psycopg.connect(of.dsn(name)) as conn:
        migrate(conn, MIGRATIONS)
    return of.dsn(name)


def make_key(url: str) -> str:
    """A key that may read and write events."""
    secret = new_key()
    with psycopg.connect(url) as conn:
        store.keys.insert_key(
            conn,
            id=uuid7(),
            name="benchmark",
            prefix=secret[:8],
            digest=digest(secret),
            scopes=["events:read", "events:write"],
        )
    return secret


def _create(conn: psycopg.Connection, name: str) -> None:
    conn.execute(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(Identifier(name)))
    conn.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
