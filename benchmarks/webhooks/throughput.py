"""Deliveries in a second by one worker, from a backlog, beside what its sender does without a database."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psycopg

from benchmarks.databases import empty_database
from benchmarks.usage import seconds_of
from benchmarks.webhooks.processes import limit, receiver, worker
from benchmarks.webhooks.subscriptions import an_event, subscribe, write
from service.db.embedded_postgres import Server
from service.feed.sequencer import sequence_once
from service.webhooks.matcher import Matcher

#: Subscriptions, each of which is to be told of everything.
SUBSCRIPTIONS = 50
#: Bytes of a delivery's body, about.
SIZE = 3_000
#: Requests under way at once for the limit: as many as the sender is best at.
AT_ONCE = (16, 64)
#: The part of a backlog at which a measurement begins, and ends.
FROM, TO = 0.1, 0.95


@dataclass(frozen=True)
class Throughput:
    """What one worker did: deliveries a second, and microseconds of processor time for each, ours and PostgreSQL's."""

    name: str
    rate: float
    cpu: float
    database_cpu: float
    limit: float
    limit_cpu: float


def measure(on: Server, directory: Path, *, deliveries: int, seconds: float) -> Iterator[Throughput]:
    """Plain, then by TLS."""
    for name in ("plain", "TLS"):
        with receiver(directory) as to, empty_database(on) as database:
            url = to.plain if name == "plain" else to.secure
            most, most_cpu = max(
                limit(f"{url}/", directory, seconds=seconds, at_once=at_once, size=SIZE) for at_once in AT_ONCE
            )
            _fill(database, url, deliveries // SUBSCRIPTIONS)
            with worker(database, directory) as process, _progress(database) as done:
                rate, cpu, database_cpu = _drained(done, deliveries, process.pid, on.pid)
        yield Throughput(name, rate, cpu, database_cpu, most, most_cpu)


def _fill(database: str, url: str, events: int) -> None:
    """A backlog: events, numbered and matched, of which nothing was sent."""
    with psycopg.connect(database, autocommit=True) as conn:
        subscribe(conn, [f"{url}/{number}" for number in range(SUBSCRIPTIONS)], [None] * SUBSCRIPTIONS)
        for number in range(events):
            write(conn, an_event(number, (), SIZE))
        matcher = Matcher()
        while sequence_once(conn):
            pass
        while matcher.match_once(conn, datetime.now(UTC)):
            pass
        conn.execute("ANALYZE")
        conn.execute("CHECKPOINT")


@contextmanager
def _progress(database: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(database, autocommit=True) as conn:
        yield conn


def _drained(conn: psycopg.Connection, deliveries: int, pid: int, database_pid: int) -> tuple[float, float, float]:
    """The rate between two points of the backlog, and the processor time of both processes for each delivery."""
    first: tuple[int, float, float, float] | None = None
    while True:
        time.sleep(0.2)
        done = _delivered(conn)
        now = done, time.monotonic(), seconds_of(pid), seconds_of(database_pid)
        if first is None and done > FROM * deliveries:
            first = now
        if first and done > TO * deliveries:
            number, seconds, ours, theirs = (later - earlier for earlier, later in zip(first, now, strict=True))
            return number / seconds, ours / number * 1e6, theirs / number * 1e6


def _delivered(conn: psycopg.Connection) -> int:
    """Deliveries that are acknowledged, as the worker itself has counted."""
    [[number]] = conn.execute(
        "SELECT coalesce(sum((measured #>> '{attempts,accepted}')::bigint), 0) FROM delivery_worker"
    ).fetchall()
    return int(number)
