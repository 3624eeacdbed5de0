"""Deliveries a second by one worker from a backlog, beside its sender without a database."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psycopg

from benchmarks.databases import temporary_database
from benchmarks.usage import cpu_seconds
from benchmarks.webhooks.processes import receiver, sender_limit, worker
from benchmarks.webhooks.subscriptions import an_event, subscribe, write
from service.db.embedded_postgres import Server
from service.feed.sequencer import sequence_once
from service.webhooks.matcher import Matcher

#: Subscriptions; every event matches each of them.
SUBSCRIPTIONS = 50
#: Bytes of a delivery's body, about.
SIZE = 3_000
#: Concurrent requests of the sender alone: as many as it is fastest with.
CONCURRENCY = (16, 64)
#: The part of a backlog at which a measurement begins, and ends.
FROM, TO = 0.1, 0.95


@dataclass(frozen=True)
class Throughput:
    """Deliveries a second of one worker, and microseconds of processor time for each, ours and PostgreSQL's."""

    name: str
    rate: float
    cpu: float
    database_cpu: float
    limit: float
    limit_cpu: float


def measure(on: Server, directory: Path, *, deliveries: int, seconds: float) -> Iterator[Throughput]:
    """Measure without TLS, then with it."""
    for name in ("plain", "TLS"):
        with receiver(directory) as to, temporary_database(on) as database:
            url = to.plain if name == "plain" else to.secure
            limit, limit_cpu = max(
                sender_limit(f"{url}/", directory, seconds=seconds, concurrency=concurrency, size=SIZE)
                for concurrency in CONCURRENCY
            )
            _add_backlog(database, url, deliveries // SUBSCRIPTIONS)
            with worker(database, directory) as process, psycopg.connect(database, autocommit=True) as conn:
                rate, cpu, database_cpu = _drain(conn, deliveries, process.pid, on.pid)
        yield Throughput(name, rate, cpu, database_cpu, limit, limit_cpu)


def _add_backlog(database: str, url: str, events: int) -> None:
    """Write, sequence and match events, and send none of them."""
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


def _drain(conn: psycopg.Connection, deliveries: int, pid: int, database_pid: int) -> tuple[float, float, float]:
    """Return the rate between two points of the backlog, and the processor time of both processes for each delivery."""
    samples = []
    while True:
        delivered = _delivered(conn)
        samples.append((delivered, time.monotonic(), cpu_seconds(pid), cpu_seconds(database_pid)))
        if delivered > TO * deliveries:
            break
        time.sleep(0.2)
    # The last sample at which little was delivered: a small backlog is gone before the next one.
    first = max(sample for sample in samples if sample[0] <= FROM * deliveries or sample is samples[0])
    number, seconds, ours, theirs = (later - earlier for earlier, later in zip(first, samples[-1], strict=True))
    return number / seconds, ours / number * 1e6, theirs / number * 1e6


def _delivered(conn: psycopg.Connection) -> int:
    """Return the number of acknowledged deliveries, counted by the worker itself."""
    [[number]] = conn.execute(
        "SELECT coalesce(sum((measured #>> '{attempts,accepted}')::bigint), 0) FROM delivery_worker"
    ).fetchall()
    return int(number)
