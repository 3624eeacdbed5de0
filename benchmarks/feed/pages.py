"""Reads of the change feed from its beginning, page by page, over HTTP."""

import json
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from http.client import HTTPConnection
from urllib.parse import urlsplit

import psycopg

from benchmarks import servers
from benchmarks.bulk.rows import tracker_row
from benchmarks.databases import temporary_database
from schemas.events import NewEventSchema
from service import store
from service.db.embedded_postgres import Server
from service.events.write import record_event
from service.ids import uuid7

#: The instant at which all events were written.
NOW = datetime(2026, 1, 1, tzinfo=UTC)

#: Entries of a page: the most that may be requested.
PAGE = 1_000

#: Different events; all others are copies of them under ids of their own.
DIFFERENT = 2_000


@dataclass(frozen=True)
class Reading:
    """Entries that a reader has passed and received, and bytes, in so many seconds."""

    name: str
    entries: int
    received: int
    megabytes: float
    seconds: float


def measure(on: Server, entries: int) -> Iterator[Reading]:
    """Read a feed of so many entries in several ways."""
    with temporary_database(on) as database:
        yield Reading("sequencing", entries, entries, 0.0, _fill(database, entries))
        matches = _count_matches(database)
        with servers.service(database) as address:
            yield _read(address, "with documents", "", entries, entries)
            yield _read(address, "without documents", "include=none", entries, entries)
            yield _read(address, "with a filter", "party=JP", entries, matches)
            yield _read(address, "with a filter that nothing matches", "tag=nobody", entries, 0)


def _fill(database: str, entries: int) -> float:
    """Write the entries and sequence them. Return the seconds of the sequencer."""
    with psycopg.connect(database) as conn:
        different = min(DIFFERENT, entries)
        _write(conn, different)
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
            (entries // different + 1, entries - different),
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
        seconds = time.perf_counter() - began
        conn.execute("VACUUM (ANALYZE)")
        return seconds


def _write(conn: psycopg.Connection, events: int) -> None:
    schema = NewEventSchema()
    for number in range(events):
        content = schema.load(tracker_row(number))
        record_event(conn, content, id=uuid7(), now=NOW, key_id=None)


def _count_matches(database: str) -> int:
    """Return the number of entries that match the filter, counted without an index."""
    with psycopg.connect(database) as conn:
        [[number]] = conn.execute(
            "SELECT count(*) FROM feed JOIN event_revision ON id = event_id WHERE 'JP' = ANY (parties)"
        ).fetchall()
    return int(number)


def _read(address: str, name: str, query: str, entries: int, matches: int) -> Reading:
    """Read the whole feed on one connection, and require that `matches` entries are received."""
    after, received, size, more = "", 0, 0, True
    began = time.perf_counter()
    with closing(HTTPConnection(urlsplit(address).netloc, timeout=60)) as connection:
        while more:
            connection.request("GET", f"/v1/changes?limit={PAGE}&{query}" + (f"&after={after}" if after else ""))
            page = connection.getresponse().read()
            size += len(page)
            # Only its end is parsed: the use of the entries is the reader's own cost.
            items, _, end = page.rpartition(b'],"cursor"')
            received += items.count(b'{"seq":')
            rest = json.loads(b'{"cursor"' + end)
            after, more = rest["cursor"], rest["more"]
    seconds = time.perf_counter() - began
    if after.rpartition(":")[2] != str(entries):
        raise AssertionError(f"The feed of {entries:,} entries ended at {after}.")
    if received != matches:
        raise AssertionError(f"{received:,} of {matches:,} entries were received {name}.")
    return Reading(name, entries, received, size / 1e6, seconds)
