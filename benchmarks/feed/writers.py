"""The cost of subscriptions for writers: the same writes with few subscriptions and with many."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from statistics import median

import psycopg

from benchmarks.databases import temporary_database
from benchmarks.usage import cpu_seconds
from benchmarks.webhooks.processes import receiver, worker
from benchmarks.webhooks.subscriptions import an_event, subscribe, wait_for_deliveries, write
from service.db.embedded_postgres import Server

#: Writes a second, and bytes of each.
RATE, SIZE = 100, 3_000


@dataclass(frozen=True)
class Sizes:
    """Pairs of subscriptions and matches of each write, rounds, and seconds of a measurement and before it."""

    loads: Sequence[tuple[int, int]]
    #: Each round measures all loads, so that a machine that slows down for a while slows all.
    rounds: int
    seconds: float
    warm_up: float


@dataclass(frozen=True)
class Cost:
    """Milliseconds of a write with its commit, for half and for 99 of 100: medians of the rounds.

    `alone` is the write by itself, `beside` with a worker on the same cores; `worker` and `database` are the shares of
    one core that the worker and PostgreSQL have.
    """

    subscriptions: int
    matches: int
    alone: tuple[float, float]
    beside: tuple[float, float]
    worker: float
    database: float


def measure(on: Server, directory: Path, sizes: Sizes) -> Iterator[Cost]:
    """Write at a steady rate with each load in turn, several times over."""
    rounds = [[_measure(on, directory, *load, sizes) for load in sizes.loads] for _ in range(sizes.rounds)]
    for costs in zip(*rounds, strict=True):
        yield Cost(
            costs[0].subscriptions,
            costs[0].matches,
            _medians([cost.alone for cost in costs]),
            _medians([cost.beside for cost in costs]),
            median(cost.worker for cost in costs),
            median(cost.database for cost in costs),
        )


def _medians(times: Sequence[tuple[float, float]]) -> tuple[float, float]:
    return median(p50 for p50, _ in times), median(p99 for _, p99 in times)


def _measure(on: Server, directory: Path, subscriptions: int, matches: int, sizes: Sizes) -> Cost:
    with (
        receiver(directory) as to,
        temporary_database(on) as database,
        psycopg.connect(database, autocommit=True) as conn,
    ):
        urls = [f"{to.plain}/{number}" for number in range(subscriptions)]
        ids = subscribe(conn, urls, [{"tag": f"t{number}"} for number in range(subscriptions)])
        alone = list(_write_steadily(conn, subscriptions, matches, sizes))
        with worker(database, directory) as process:
            # The worker first delivers what was written before it started.
            wait_for_deliveries(conn, ids, len(alone) * matches)
            began, ours, theirs = time.monotonic(), cpu_seconds(process.pid), cpu_seconds(on.pid)
            beside = list(_write_steadily(conn, subscriptions, matches, sizes))
            seconds = time.monotonic() - began
            ours, theirs = cpu_seconds(process.pid) - ours, cpu_seconds(on.pid) - theirs
            wait_for_deliveries(conn, ids, (len(alone) + len(beside)) * matches)
    counted = slice(round(sizes.warm_up * RATE), None)
    times = _quantiles(alone[counted]), _quantiles(beside[counted])
    return Cost(subscriptions, matches, *times, ours / seconds, theirs / seconds)


def _write_steadily(conn: psycopg.Connection, subscriptions: int, matches: int, sizes: Sizes) -> Iterator[float]:
    """Return the milliseconds of each write."""
    began = time.monotonic()
    for number in count():
        if (at := number / RATE) >= sizes.warm_up + sizes.seconds:
            return
        time.sleep(max(0.0, began + at - time.monotonic()))
        tags = [f"t{(number * matches + place) % subscriptions}" for place in range(matches)] or ["no match"]
        before = time.perf_counter()
        write(conn, an_event(number, tags, SIZE))
        yield (time.perf_counter() - before) * 1000


def _quantiles(times: Sequence[float]) -> tuple[float, float]:
    """Return p50 and p99."""
    ranked = sorted(times)
    return ranked[len(ranked) // 2], ranked[int(len(ranked) * 0.99)]
