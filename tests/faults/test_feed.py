"""The feed loses nothing and repeats nothing, even if processes are killed and transactions last long."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from multiprocessing import get_context
from random import Random
from threading import Event
from uuid import UUID

import psycopg
import pytest

from schemas.events import NewEventSchema
from service import store
from service.db.embedded_postgres import Server
from service.events.normalize import normalize
from service.events.write import row_of
from service.feed.sequencer import catch_up, sequence_once
from service.ids import uuid7
from service.store.events.links import Links
from service.store.events.records import Authorship, EventRow
from service.webhooks.matcher import Matcher
from tests.deliveries import list_deliveries, subscribe
from tests.factories import an_event
from tests.faults.clients import wait_until
from tests.faults.conftest import make_database
from tests.faults.locks import waiting_for_locks

NOW = datetime(2024, 4, 2, tzinfo=UTC)

#: Concurrent writers, and transactions of each.
WRITERS, TRANSACTIONS = 8, 2_000

#: Kills.
KILLED = 30


@pytest.fixture
def database(cluster: Server) -> str:
    """The URL of a migrated database for this test alone."""
    return make_database(cluster)


@pytest.fixture
def conn(database: str) -> Iterator[psycopg.Connection]:
    """A connection in autocommit."""
    with psycopg.connect(database, autocommit=True) as conn:
        yield conn


def test_every_commit_of_eight_writers_is_one_entry(database: str, conn: psycopg.Connection) -> None:
    stop = Event()
    with ThreadPoolExecutor(WRITERS + 4) as threads:
        reader = threads.submit(follow_until, database, stop)
        sequencers = [threads.submit(sequence_until, database, stop) for _ in range(3)]
        writers = [threads.submit(Writer(database, seed).write, TRANSACTIONS) for seed in range(WRITERS)]
        committed = [event for writer in writers for event in writer.result()]
        catch_up(conn)
        stop.set()
        reading = reader.result()
        for one in sequencers:
            one.result()

    entries = numbered(conn)
    assert [seq for seq, _ in entries] == list(range(1, len(committed) + 1))
    assert {event for _, event in entries} == set(committed)
    assert reading == entries


def test_an_open_transaction_delays_only_its_own_writes(database: str) -> None:
    with psycopg.connect(database) as idle:
        event = record(idle)
        with psycopg.connect(database, autocommit=True) as conn:
            others = [record(conn) for _ in range(20)]
            catch_up(conn)
            assert [event for _, event in numbered(conn)] == others
            idle.commit()
            catch_up(conn)
            assert [event for _, event in numbered(conn)] == [*others, event]


def test_sequencers_killed_at_any_moment_lose_nothing_and_number_nothing_twice(
    database: str, conn: psycopg.Connection
) -> None:
    with concurrent_writes(database) as events:
        for turn, chance in enumerate(chances(seed=1)):
            with forked(lambda: sequence_until(database)) as child:
                if turn % 3:
                    time.sleep(0.05 * chance)
                else:
                    caught_inside(conn, "feed", child, terminate=bool(turn % 2))
    catch_up(conn)
    entries = numbered(conn)
    assert [seq for seq, _ in entries] == list(range(1, len(events) + 1))
    assert [event for _, event in entries] == events


def test_matchers_killed_at_any_moment_deliver_everything_once(database: str, conn: psycopg.Connection) -> None:
    key_id = uuid7()
    store.keys.insert_key(conn, id=key_id, name="of a test", prefix="ptk_0000", digest=b"", scopes=["webhooks"])
    subscriptions = [
        subscribe(conn, key_id, query) for query in (None, "event_type=announcement", "event_type=subsidy")
    ]
    with concurrent_writes(database) as events:
        for turn, chance in enumerate(chances(seed=2)):
            with forked(lambda: match_forever(database)) as child:
                if turn % 3:
                    time.sleep(0.05 * chance)
                else:
                    caught_inside(conn, "delivery", child, terminate=bool(turn % 2))
    catch_up(conn)
    matcher = Matcher()
    while matcher.match_once(conn, NOW):
        pass
    entries = [(seq, event, "create") for seq, event in numbered(conn)]
    assert len(entries) == len(events)
    assert [list_deliveries(conn, one) for one in subscriptions] == [entries, entries, []]


class Writer:
    """Makes random transactions: some fail, some have savepoints, some last long."""

    def __init__(self, database: str, seed: int) -> None:
        """A seed gives the same transactions, except for effects of other writers."""
        self.database, self.random = database, Random(seed)  # noqa: S311 (a test needs the same sequence every time)

    def write(self, transactions: int) -> list[UUID]:
        """Return the events of the committed transactions."""
        committed: list[UUID] = []
        with psycopg.connect(self.database) as conn:
            for _ in range(transactions):
                events = self._transaction(conn)
                if self.random.random() < 0.2:
                    conn.rollback()
                else:
                    conn.commit()
                    committed += events
        return committed

    def _transaction(self, conn: psycopg.Connection) -> list[UUID]:
        chance, events = self.random.random(), [note(conn)]
        if chance < 0.1:
            events += self._savepoint(conn)
        elif chance < 0.15:
            time.sleep(0.01 * self.random.random())
        elif chance < 0.151:
            time.sleep(0.2)
        return events

    def _savepoint(self, conn: psycopg.Connection) -> list[UUID]:
        """Return the events of a savepoint, none if it was rolled back."""
        with conn.transaction(force_rollback=self.random.random() < 0.5) as savepoint:
            events = [note(conn), note(conn)]
        return [] if savepoint.force_rollback else events


def note(conn: psycopg.Connection) -> UUID:
    """Insert the outbox row of a write, and nothing else."""
    event = uuid7()
    conn.execute("INSERT INTO outbox (event_id, version, kind, occurred_at) VALUES (%s, 1, 'create', %s)", (event, NOW))
    return event


def _row() -> EventRow:
    content = NewEventSchema().load(an_event())
    return row_of(normalize(content, id=str(UUID(int=0)), now=NOW), UUID(int=0), NOW)


ROW = _row()


def record(conn: psycopg.Connection) -> UUID:
    """Record an event."""
    event = uuid7()
    store.events.records.insert_event(conn, replace(ROW, id=event), Links((), (), ()), Authorship(None, None, None))
    return event


def sequence_until(database: str, stop: Event | None = None) -> None:
    """Sequence until `stop` is set, as a worker does."""
    with psycopg.connect(database, autocommit=True) as conn:
        while not (stop and stop.is_set()):
            if not sequence_once(conn):
                time.sleep(0.001)


def match_forever(database: str) -> None:
    """Sequence and match forever."""
    matcher = Matcher()
    with psycopg.connect(database, autocommit=True) as conn:
        while True:
            sequence_once(conn)
            matcher.match_once(conn, NOW)


def follow_until(database: str, stop: Event) -> list[tuple[int, UUID]]:
    """Return the entries that a reader gets who follows the cursor until `stop` is set, and once more."""
    reading: list[tuple[int, UUID]] = []
    with psycopg.connect(database, autocommit=True) as conn:
        last = False
        while not last:
            last = stop.is_set()
            after = reading[-1][0] if reading else 0
            part = store.feed_entries.read_slice(conn, after, limit=10**6, scan=10**6, most_bytes=1, documents=False)
            assert [entry.seq for entry in part.entries] == list(range(after + 1, part.end + 1))
            reading += [(entry.seq, entry.event_id) for entry in part.entries]
            time.sleep(0.002)
    return reading


@contextmanager
def concurrent_writes(database: str) -> Iterator[list[UUID]]:
    """Record events during the block, and yield them in order."""
    stop, events = Event(), list[UUID]()

    def write() -> None:
        with psycopg.connect(database, autocommit=True) as conn:
            while not stop.is_set():
                events.append(record(conn))
                time.sleep(0.001)

    with ThreadPoolExecutor(1) as thread:
        writing = thread.submit(write)
        try:
            yield events
        finally:
            stop.set()
        writing.result()


@contextmanager
def forked(act: Callable[[], None]) -> Iterator[int]:
    """Yield the pid of a process that runs `run`, and kill it after the block."""
    child = get_context("fork").Process(target=act, daemon=True)
    child.start()
    assert child.pid
    try:
        yield child.pid
    finally:
        os.kill(child.pid, signal.SIGKILL)
        child.join()


def caught_inside(conn: psycopg.Connection, table: str, child: int, *, terminate: bool) -> None:
    """Block the child's statement before its write to `table`, and kill the child or its server process."""
    with conn.transaction():
        conn.execute(f"LOCK TABLE {table} IN SHARE MODE")
        with psycopg.connect(conn.info.dsn, autocommit=True) as other:
            wait_until(lambda: waiting_for_locks(other) == 1)
            os.kill(child, signal.SIGKILL)
            if terminate:
                other.execute(
                    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
                )


def chances(seed: int) -> Iterator[float]:
    """Return a number from 0 to 1 for each kill."""
    random = Random(seed)  # noqa: S311 (a test needs the same sequence every time)
    return (random.random() for _ in range(KILLED))


def numbered(conn: psycopg.Connection) -> list[tuple[int, UUID]]:
    """Return each number with its event."""
    return conn.execute("SELECT seq, event_id FROM feed ORDER BY seq").fetchall()
