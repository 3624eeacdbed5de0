"""What it costs those who write that others follow: the same writes, with few subscriptions and with many."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import psycopg

from benchmarks.databases import empty_database
from benchmarks.usage import seconds_of
from benchmarks.webhooks.processes import receiver, worker
from benchmarks.webhooks.subscriptions import an_event, subscribe, write
from service.db.embedded_postgres import Server

#: Subscriptions, and how many of them each write concerns: having them, and being told.
LOADS = ((0, 0), (50, 0), (1_000, 0), (1_000, 5))

#: Writes a second, bytes of each, and seconds at the beginning that do not count.
RATE, SIZE, WARM_UP = 100, 3_000, 3.0

#: Seconds that a worker has for what was written before it came.
CATCHES_UP = 5.0

#: Rounds: each measures all, so that a machine that slows down for a while slows all.
ROUNDS = 3


@dataclass(frozen=True)
class Cost:
    """Milliseconds that a write took, its commit included, for half and for 99 of 100: medians of the rounds.

    `alone` is what the write itself has to do. `beside` is with a worker on the same cores; `worker` and `database` are
    the share of one of them that it and PostgreSQL have.
    """

    subscriptions: int
    concerned: int
    alone: tuple[float, float]
    beside: tuple[float, float]
    worker: float
    database: float


def measure(on: Server, directory: Path, *, seconds: float) -> Iterator[Cost]:
    """Write evenly for so many seconds with each load in turn, several times over."""
    rounds = [[_measured(on, directory, *load, seconds) for load in LOADS] for _ in range(ROUNDS)]
    for of_load in zip(*rounds, strict=True):
        yield Cost(
            of_load[0].subscriptions,
            of_load[0].concerned,
            _medians([one.alone for one in of_load]),
            _medians([one.beside for one in of_load]),
            median(one.worker for one in of_load),
            median(one.database for one in of_load),
        )


def _medians(times: Sequence[tuple[float, float]]) -> tuple[float, float]:
    return median(p50 for p50, _ in times), median(p99 for _, p99 in times)


def _measured(on: Server, directory: Path, number: int, concerned: int, seconds: float) -> Cost:
    with (
        receiver(directory) as to,
        empty_database(on) as database,
        psycopg.connect(database, autocommit=True) as conn,
    ):
        subscribe(conn, [f"{to.plain}/{place}" for place in range(number)], [{"tag": f"t{n}"} for n in range(number)])
        alone = sorted(_write_on(conn, number, concerned, seconds))
        with worker(database, directory) as process:
            time.sleep(CATCHES_UP)
            began, ours, theirs = time.monotonic(), seconds_of(process.pid), seconds_of(on.pid)
            beside = sorted(_write_on(conn, number, concerned, seconds))
            took = time.monotonic() - began
            ours, theirs = seconds_of(process.pid) - ours, seconds_of(on.pid) - theirs
    return Cost(number, concerned, _at(alone), _at(beside), ours / took, theirs / took)


def _write_on(conn: psycopg.Connection, subscriptions: int, concerned: int, seconds: float) -> Iterator[float]:
    """Milliseconds of each write."""
    began, number = time.monotonic(), 0
    while (at := number / RATE) < WARM_UP + seconds:
        time.sleep(max(0.0, began + at - time.monotonic()))
        tags = [f"t{(number * concerned + place) % subscriptions}" for place in range(concerned)] or ["of no concern"]
        before = time.perf_counter()
        write(conn, an_event(number, tags, SIZE))
        if at >= WARM_UP:
            yield (time.perf_counter() - before) * 1000
        number += 1


def _at(times: Sequence[float]) -> tuple[float, float]:
    return times[len(times) // 2], times[int(len(times) * 0.99)]
