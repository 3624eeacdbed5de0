"""From a commit to its arrival, while events are written evenly; alone and beside receivers that hang or are behind."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import psycopg

from benchmarks.databases import empty_database
from benchmarks.webhooks.processes import receiver, worker
from benchmarks.webhooks.subscriptions import an_event, leave_behind, subscribe, write
from service.db.embedded_postgres import Server

#: Bytes of a delivery's body, about.
SIZE = 3_000
#: Seconds at the beginning that do not count.
WARM_UP = 4.0


@dataclass(frozen=True)
class Load:
    """Writes a second, subscriptions, how many of them each write concerns, and how many of all hang.

    `backlog`: what is due to the first subscription before anything is written.
    """

    name: str
    writes: int
    subscriptions: int
    concerned: int
    hanging: int = 0
    backlog: int = 0


@dataclass(frozen=True)
class Latency:
    """Milliseconds from commit to arrival at those that answer, and the share of what was due to them that arrived."""

    load: Load
    written: float
    arrived: int
    share: float
    p50: float
    p99: float


def measure(on: Server, directory: Path, load: Load, *, seconds: float, counted: Sequence[int] = ()) -> Latency:
    """What comes of the load. Only arrivals at the subscriptions numbered `counted` count, all if none are given.

    The first `hanging` subscriptions are those that hang.
    """
    tags = [f"t{number}" for number in range(load.subscriptions)]
    with (
        receiver(directory) as to,
        empty_database(on) as database,
        psycopg.connect(database, autocommit=True) as conn,
    ):
        hosts = [to.hanging] * load.hanging + [to.plain] * (load.subscriptions - load.hanging)
        urls = [f"{host}/{number}" for number, host in enumerate(hosts)]
        first, *_ = subscribe(conn, urls, [{"tag": tag} for tag in tags])
        if load.backlog:
            leave_behind(conn, first, load.backlog)
        with worker(database, directory):
            time.sleep(3)
            committed, due = _write_on(conn, load, tags, seconds)
            time.sleep(2)
    wanted = {str(number) for number in counted or range(load.hanging, load.subscriptions)}
    found = [
        (at - committed[event]) * 1000
        for at, event, path in to.arrivals()
        if event in committed and path.removeprefix("/") in wanted
    ]
    number = sum(due[place] for place in wanted)
    times = sorted(found)
    return Latency(
        load,
        len(committed) / seconds,
        len(times),
        len(times) / number,
        times[len(times) // 2],
        times[int(len(times) * 0.99)],
    )


def _write_on(
    conn: psycopg.Connection, load: Load, tags: Sequence[str], seconds: float
) -> tuple[dict[str, float], Mapping[str, int]]:
    """Write evenly; when each event was committed, and how many of them each subscription should be told of."""
    chance, committed = Random(3), dict[str, float]()  # noqa: S311 (the same every time is wanted)
    due = {tag.removeprefix("t"): 0 for tag in tags}
    began = time.monotonic()
    number = 0
    while (at := number / load.writes) < WARM_UP + seconds:
        time.sleep(max(0.0, began + at - time.monotonic()))
        chosen = chance.sample(tags, load.concerned)
        id_ = write(conn, an_event(number, chosen, SIZE))
        if at >= WARM_UP:
            committed[str(id_)] = time.time()
            for tag in chosen:
                due[tag.removeprefix("t")] += 1
        number += 1
    return committed, due
