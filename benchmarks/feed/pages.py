"""The change feed read from its beginning, page by page, over HTTP."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from http.client import HTTPConnection
from urllib.parse import urlsplit

import psycopg

from benchmarks import servers
from benchmarks.bulk.rows import tracker_row
from benchmarks.databases import empty_database
from schemas.events import NewEventSchema
from service import store
from service.db.embedded_postgres import Server
from service.events.write import record_event
from service.ids import uuid7

#: When all of them were written.
NOW = datetime(2026, 1, 1, tzinfo=UTC)

#: Entries of a page: the most that may be asked for.
PAGE = 1_000

#: Different events among those that are read; all others are copies of them under ids of their own.
DIFFERENT = 2_000


@dataclass(frozen=True)
class Pages:
    """What one reader was told: entries looked at and told, and bytes, in how many seconds."""

    name: str
    entries: int
    told: int
    megabytes: float
    seconds: float


def measure(on: Server, entries: int) -> Iterator[Pages]:
    """Read a feed of so many entries in several ways."""
    with empty_database(on) as database:
        yield Pages("giving numbers to all of them", entries, entries, 0.0, fill(database, entries))
        with servers.service(database) as address:
            yield read(address, "with documents", "", entries)
            yield read(address, "without documents", "include=none", entries)
            yield read(address, "those that pass a filter", "party=JP", entries)
            yield read(address, "a filter that none passes", "tag=nobody", entries)


def fill(database: str, entries: int) -> float:
    """Write the entries, and number them; the seconds that the numbers took."""
    with psycopg.connect(database) as conn:
        _write(conn)
        # The copies are read by the feed alone, and need no event beside them.
        conn.execute("ALTER TABLE event_revision DROP CONSTRAINT event_revision_id_fkey")
        [[names]] = conn.execute(
            """
            SELECT string_agg(quote_ident(attname), ', ')
              FROM pg_attribute
             WHERE attrelid = 'event_revision'::regclass AND attnum > 0 AND attname <> 'id' AND NOT attisdropped
            """
        ).fetchall()
        conn.execute(
            f"""
            INSERT INTO event_revision (id, {names})
            SELECT uuidv7(), {names} FROM generate_series(2, %s), event_revision LIMIT %s
            """,  # noqa: S608 (the table's own columns)
            (entries // DIFFERENT + 1, entries - DIFFERENT),
        )
        conn.execute("TRUNCATE outbox")
        conn.execute(
            """
            INSERT INTO outbox (event_id, version, kind, occurred_at)
            SELECT id, version, 'create', updated_at FROM event_revision ORDER BY id
            """
        )
    with psycopg.connect(database, autocommit=True) as conn:
        began = time.perf_counter()
        while store.feed.sequence(conn):
            pass
        took = time.perf_counter() - began
        conn.execute("VACUUM (ANALYZE)")
        return took


def _write(conn: psycopg.Connection) -> None:
    schema = NewEventSchema()
    for number in range(DIFFERENT):
        content = schema.load(tracker_row(number))
        record_event(conn, content, id=uuid7(), now=NOW, key_id=None)


def read(address: str, name: str, query: str, entries: int) -> Pages:
    """Read all of it, one page after the other on one connection."""
    connection, after, told, size = HTTPConnection(urlsplit(address).netloc, timeout=60), "", 0, 0
    began, more = time.perf_counter(), True
    while more:
        connection.request("GET", f"/v1/changes?limit={PAGE}&{query}" + (f"&after={after}" if after else ""))
        page = connection.getresponse().read()
        size += len(page)
        # Only its end is parsed: what a reader does with the entries is its own.
        items, _, end = page.rpartition(b'],"cursor"')
        told += items.count(b'{"seq":')
        rest = json.loads(b'{"cursor"' + end)
        after, more = rest["cursor"], rest["more"]
    took = time.perf_counter() - began
    if after.rpartition(":")[2] != str(entries):
        raise AssertionError(f"The feed of {entries:,} ended at {after}.")
    return Pages(name, entries, told, size / 1e6, took)
