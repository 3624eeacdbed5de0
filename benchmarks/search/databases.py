"""Databases of generated events, which are kept from one run to the next."""

from collections.abc import Callable

import psycopg
from psycopg.sql import SQL, Identifier, Literal

from benchmarks.databases import create_database, migrate_and_seed
from benchmarks.search.loader import load
from service.config import MIGRATIONS
from service.db.embedded_postgres import Server


def generated_database(on: Server, events: int) -> str:
    """Return the URL of a database with so many generated events, loaded now or by a former run."""

    def fill(url: str) -> None:
        migrate_and_seed(url)
        print(f"Loading {events:,} events …", flush=True)
        load(url, events)

    return kept_database(on, _name(events), f"loaded with {max(MIGRATIONS.glob('*.sql')).name}", fill)


def copied_database(on: Server, events: int, name: str) -> str:
    """Return the URL of a copy of a generated database, which may be written to."""
    generated_database(on, events)
    return create_database(on, name, template=_name(events))


def kept_database(on: Server, name: str, label: str, fill: Callable[[str], None]) -> str:
    """Return the URL of a database that a former run filled under the same label, or that `fill` fills now.

    The label is a comment on the database, written at the end: it names all that the content depends on.
    """
    with psycopg.connect(on.dsn(), autocommit=True) as conn:
        if _comment(conn, name) != label:
            fill(create_database(on, name))
            conn.execute(SQL("COMMENT ON DATABASE {} IS {}").format(Identifier(name), Literal(label)))
    return on.dsn(name)


def _name(events: int) -> str:
    return f"events_{events}"


def _comment(conn: psycopg.Connection, name: str) -> str | None:
    row = conn.execute(
        "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s", (name,)
    ).fetchone()
    return row[0] if row else None
