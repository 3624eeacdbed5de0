"""Workers in processes of their own, and events for them to deliver."""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO
from uuid import UUID

import psycopg

from schemas.events import NewEventSchema
from service.config import environment_name
from service.events.write import record_event
from service.ids import uuid7
from tests.deliveries import PATIENCE, TEST_SETTINGS, make_subscription, wait_for
from tests.factories import an_event
from tests.receivers import Receiver
from tests.servers import ROOT

_ENVIRONMENT = {environment_name(name): str(value) for name, value in TEST_SETTINGS.items()}

#: The command of a worker.
WORK = [str(Path(sys.executable).parent / "policytrail"), "work"]


@contextmanager
def run_worker(database: str, *arguments: str, **settings: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run `policytrail work` on `database`, or python with `arguments`, until the block ends; then kill it."""
    with run_logged_worker(database, None, [sys.executable, *arguments] if arguments else WORK, settings) as process:
        yield process


@contextmanager
def run_logged_worker(
    database: str, stderr: IO[bytes] | int | None, command: Sequence[str], settings: dict[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    """Run the worker `command`, which logs to `stderr`, until the block ends; then kill it."""
    environment = os.environ | _ENVIRONMENT | {"DATABASE_URL": database, "POLICYTRAIL_LOG_LEVEL": "ERROR"} | settings
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=stderr)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def run_until_killed(database: str, point: str, times: int = 1, **settings: str) -> None:
    """Run a worker until it reaches `point` for the `times`-th time and is killed there."""
    with run_worker(database, "-m", "tests.faults.crash_points", point, str(times), **settings) as process:
        assert process.wait(PATIENCE) == -9


def subscribe(database: str, receiver: Receiver, number: int = 1) -> list[UUID]:
    """Insert subscriptions of the receiver to every event, and return their ids."""
    with psycopg.connect(database) as conn:
        return [make_subscription(conn, receiver.url) for _ in range(number)]


def write(database: str, number: int) -> list[UUID]:
    """Write new events, each in a transaction of its own, and return their ids."""
    ids = []
    with psycopg.connect(database) as conn:
        for index in range(number):
            content = NewEventSchema().load(an_event(title=f"Event {index}"))
            ids.append(uuid7())
            record_event(conn, content, id=ids[-1], now=datetime.now(UTC), key_id=None)
            conn.commit()
    return ids


def fetch(database: str, query: str) -> list[tuple[object, ...]]:
    """Return the rows of a query."""
    with psycopg.connect(database) as conn:
        return conn.execute(query.encode()).fetchall()


def all_delivered(database: str, number: int) -> bool:
    """Return whether there are so many deliveries, all of them delivered."""
    return fetch(database, "SELECT count(*), count(*) FILTER (WHERE state = 'delivered') FROM delivery") == [
        (number, number)
    ]


def wait_for_deliveries(database: str, number: int) -> None:
    """Wait until there are so many deliveries, all of them delivered."""
    wait_for(lambda: all_delivered(database, number))


def check_arrivals(database: str, receiver: Receiver, *, most_twice: int) -> None:
    """Assert that every delivery has arrived, under its own id and no other, with at most `most_twice` repeats."""
    ids = receiver.ids
    delivery_ids = {str(id_) for [id_] in fetch(database, "SELECT id FROM delivery")}
    assert set(ids) == delivery_ids
    assert len(ids) - len(delivery_ids) <= most_twice, f"{len(ids) - len(delivery_ids)} came twice"
    messages = {
        (request.id, request.json()["data"]["seq"], request.json()["data"]["event_id"]) for request in receiver.requests
    }
    assert len(messages) == len(delivery_ids)  # a repeated delivery has the same content
