"""The time from a commit to its arrival, at a steady rate of writes: alone, and beside receivers that hang or lag."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random

import psycopg

from benchmarks.databases import temporary_database
from benchmarks.webhooks.processes import receiver, worker
from benchmarks.webhooks.subscriptions import add_backlog, an_event, subscribe, wait_for_deliveries, write
from service.db.embedded_postgres import Server

#: Bytes of a delivery's body, about.
SIZE = 3_000


@dataclass(frozen=True)
class Load:
    """Writes a second, subscriptions, the number of them that each write matches, and the number that hang.

    `backlog` entries are due to the first subscription beforehand. Arrivals at subscriptions from `counted_from` on
    count; those that hang come first.
    """

    name: str
    writes: int
    subscriptions: int
    matches: int
    hanging: int = 0
    backlog: int = 0
    counted_from: int = 0


@dataclass(frozen=True)
class Latency:
    """Milliseconds from commit to arrival at the receivers that count."""

    load: Load
    written: float
    arrived: int
    p50: float
    p99: float


def measure(on: Server, directory: Path, load: Load, *, seconds: float, warm_up: float) -> Latency:
    """Write for so many seconds after so many that do not count; every delivery to a counted receiver must arrive."""
    with (
        receiver(directory) as to,
        temporary_database(on) as database,
        psycopg.connect(database, autocommit=True) as conn,
    ):
        hosts = [to.hanging] * load.hanging + [to.plain] * (load.subscriptions - load.hanging)
        urls = [f"{host}/{number}" for number, host in enumerate(hosts)]
        ids = subscribe(conn, urls, [{"tag": str(number)} for number in range(load.subscriptions)])
        if load.backlog:
            add_backlog(conn, ids[0], load.backlog)
        with worker(database, directory):
            _wait_for_worker(conn)
            commits, due = _write_steadily(conn, load, seconds + warm_up)
            counted = {str(number): ids[number] for number in range(load.counted_from, load.subscriptions)}
            wait_for_deliveries(conn, list(counted.values()), sum(due[tag] for tag in counted))
    later = {event: at for event, at in commits.items() if at >= min(commits.values()) + warm_up}
    times = sorted(
        (at - later[event]) * 1000
        for at, event, path in to.arrivals()
        if event in later and path.removeprefix("/") in counted
    )
    return Latency(load, len(later) / seconds, len(times), times[len(times) // 2], times[int(len(times) * 0.99)])


def _wait_for_worker(conn: psycopg.Connection) -> None:
    while conn.execute("SELECT FROM delivery_worker").fetchone() is None:
        time.sleep(0.1)


def _write_steadily(
    conn: psycopg.Connection, load: Load, seconds: float
) -> tuple[Mapping[str, float], Mapping[str, int]]:
    """Return the time of each event's commit, and the number of events that match each subscription."""
    chance, commits = Random(3), dict[str, float]()  # noqa: S311 (the same at every run)
    tags = [str(number) for number in range(load.subscriptions)]
    due = dict.fromkeys(tags, 0)
    began, number = time.monotonic(), 0
    while (at := number / load.writes) < seconds:
        time.sleep(max(0.0, began + at - time.monotonic()))
        matched = chance.sample(tags, load.matches)
        id_ = write(conn, an_event(number, matched, SIZE))
        commits[str(id_)] = time.time()
        for tag in matched:
            due[tag] += 1
        number += 1
    return commits, due
