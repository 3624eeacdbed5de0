"""The feed loses nothing and tells nothing twice, whoever is killed and whoever takes their time."""

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

#: Writers at a time, and transactions of each.
WRITERS, TRANSACTIONS = 8, 2_000

#: Times that somebody is killed.
KILLED = 30


@pytest.fixture
def database(cluster: Server) -> str:
    """The URL of a migrated database that is this test's alone."""
    return make_database(cluster)


@pytest.fixture
def conn(database: str) -> Iterator[psycopg.Connection]:
    """A connection in autocommit."""
    with psycopg.connect(database, autocommit=True) as conn:
        yield conn


def test_every_commit_of_eight_writers_is_one_entry(database: str, conn: psycopg.Connection) -> None:
    stop = Event()
    with ThreadPoolExecutor(WRITERS + 4) as threads:
        reader = threads.submit(read_on, database, stop)
        sequencers = [threads.submit(sequence_on, database, stop) for _ in range(3)]
        writers = [threads.submit(Writer(database, seed).write, TRANSACTIONS) for seed in range(WRITERS)]
        committed = [event for writer in writers for event in writer.result()]
        catch_up(conn)
        stop.set()
        read = reader.result()
        for one in sequencers:
            one.result()

    told = numbered(conn)
    assert [seq for seq, _ in told] == list(range(1, len(committed) + 1))
    assert {event for _, event in told} == set(committed)
    assert read == told


def test_an_open_transaction_delays_only_its_own_writes(database: str) -> None:
    with psycopg.connect(database) as idle:
        held = record(idle)
        with psycopg.connect(database, autocommit=True) as conn:
            others = [record(conn) for _ in range(20)]
            catch_up(conn)
            assert [event for _, event in numbered(conn)] == others
            idle.commit()
            catch_up(conn)
            assert [event for _, event in numbered(conn)] == [*others, held]


def test_sequencers_killed_at_any_moment_lose_nothing_and_number_nothing_twice(
    database: str, conn: psycopg.Connection
) -> None:
    with written_meanwhile(database) as written:
        for turn, chance in enumerate(chances(seed=1)):
            with forked(lambda: sequence_on(database)) as child:
                if turn % 3:
                    time.sleep(0.05 * chance)
                else:
                    caught_inside(conn, "feed", child, terminate=bool(turn % 2))
    catch_up(conn)
    told = numbered(conn)
    assert [seq for seq, _ in told] == list(range(1, len(written) + 1))
    assert [event for _, event in told] == written


def test_matchers_killed_at_any_moment_deliver_everything_once(database: str, conn: psycopg.Connection) -> None:
    key_id = uuid7()
    store.keys.insert_key(conn, id=key_id, name="of a test", prefix="ptk_0000", digest=b"", scopes=["webhooks"])
    subscriptions = [subscribe(conn, key_id, said) for said in (None, "event_type=announcement", "event_type=subsidy")]
    with written_meanwhile(database) as written:
        for turn, chance in enumerate(chances(seed=2)):
            with forked(lambda: match_on(database)) as child:
                if turn % 3:
                    time.sleep(0.05 * chance)
                else:
                    caught_inside(conn, "delivery", child, terminate=bool(turn % 2))
    catch_up(conn)
    matcher = Matcher()
    while matcher.match_once(conn, NOW):
        pass
    told = [(seq, event, "create") for seq, event in numbered(conn)]
    assert len(told) == len(written)
    assert [list_deliveries(conn, one) for one in subscriptions] == [told, told, []]


class Writer:
    """Writes as a client may: well, or not to the end, in parts, and taking its time."""

    def __init__(self, database: str, seed: int) -> None:
        """Everything is the same for a seed, but for what others do meanwhile."""
        self.database, self.random = database, Random(seed)  # noqa: S311 (the same every time is wanted)

    def write(self, transactions: int) -> list[UUID]:
        """The events of those transactions that were committed."""
        committed: list[UUID] = []
        with psycopg.connect(self.database) as conn:
            for _ in range(transactions):
                written = self._transaction(conn)
                if self.random.random() < 0.2:
                    conn.rollback()
                else:
                    conn.commit()
                    committed += written
        return committed

    def _transaction(self, conn: psycopg.Connection) -> list[UUID]:
        chance, written = self.random.random(), [note(conn)]
        if chance < 0.1:
            written += self._savepoint(conn)
        elif chance < 0.15:
            time.sleep(0.01 * self.random.random())
        elif chance < 0.151:
            time.sleep(0.2)
        return written

    def _savepoint(self, conn: psycopg.Connection) -> list[UUID]:
        """What one part of a transaction wrote, unless it is taken back by itself."""
        with conn.transaction(force_rollback=self.random.random() < 0.5) as savepoint:
            found = [note(conn), note(conn)]
        return [] if savepoint.force_rollback else found


def note(conn: psycopg.Connection) -> UUID:
    """What every write does for the feed, without the rest of it."""
    event = uuid7()
    conn.execute("INSERT INTO outbox (event_id, version, kind, occurred_at) VALUES (%s, 1, 'create', %s)", (event, NOW))
    return event


def _row() -> EventRow:
    content = NewEventSchema().load(an_event())
    return row_of(normalize(content, id=str(UUID(int=0)), now=NOW), UUID(int=0), NOW)


ROW = _row()


def record(conn: psycopg.Connection) -> UUID:
    """A whole event."""
    event = uuid7()
    store.events.records.insert_event(conn, replace(ROW, id=event), Links((), (), ()), Authorship(None, None, None))
    return event


def sequence_on(database: str, stop: Event | None = None) -> None:
    """Sequence until told to stop, as a worker does."""
    with psycopg.connect(database, autocommit=True) as conn:
        while not (stop and stop.is_set()):
            if not sequence_once(conn):
                time.sleep(0.001)


def match_on(database: str) -> None:
    """Sequence and match for ever."""
    matcher = Matcher()
    with psycopg.connect(database, autocommit=True) as conn:
        while True:
            sequence_once(conn)
            matcher.match_once(conn, NOW)


def read_on(database: str, stop: Event) -> list[tuple[int, UUID]]:
    """What somebody reads who asks on and on, and once more after being told to stop."""
    read: list[tuple[int, UUID]] = []
    with psycopg.connect(database, autocommit=True) as conn:
        last = False
        while not last:
            last = stop.is_set()
            after = read[-1][0] if read else 0
            part = store.feed_entries.read_slice(conn, after, limit=10**6, scan=10**6, most_bytes=1, documents=False)
            assert [entry.seq for entry in part.entries] == list(range(after + 1, part.end + 1))
            read += [(entry.seq, entry.event_id) for entry in part.entries]
            time.sleep(0.002)
    return read


@contextmanager
def written_meanwhile(database: str) -> Iterator[list[UUID]]:
    """Events that somebody records, in order, while the block runs."""
    stop, written = Event(), list[UUID]()

    def write() -> None:
        with psycopg.connect(database, autocommit=True) as conn:
            while not stop.is_set():
                written.append(record(conn))
                time.sleep(0.001)

    with ThreadPoolExecutor(1) as thread:
        writing = thread.submit(write)
        try:
            yield written
        finally:
            stop.set()
        writing.result()


@contextmanager
def forked(act: Callable[[], None]) -> Iterator[int]:
    """The pid of a process that does this, killed after the block."""
    child = get_context("fork").Process(target=act, daemon=True)
    child.start()
    assert child.pid
    try:
        yield child.pid
    finally:
        os.kill(child.pid, signal.SIGKILL)
        child.join()


def caught_inside(conn: psycopg.Connection, table: str, child: int, *, terminate: bool) -> None:
    """Hold up the child's statement where it writes to `table`, and kill the child, or the server's side of it."""
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
    """A number from 0 to 1 for each time that somebody is killed."""
    random = Random(seed)  # noqa: S311 (the same every time is wanted)
    return (random.random() for _ in range(KILLED))


def numbered(conn: psycopg.Connection) -> list[tuple[int, UUID]]:
    """Each number and its event."""
    return conn.execute("SELECT seq, event_id FROM feed ORDER BY seq").fetchall()
