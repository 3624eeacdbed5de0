"""Workers in processes of their own, and what they are to deliver."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import psycopg

from schemas.events import NewEventSchema
from service.config import environment_name
from service.events.write import record_event
from service.ids import uuid7
from tests.deliveries import QUICKLY, make_subscription, wait_for
from tests.factories import an_event
from tests.receivers import Receiver
from tests.serving import ROOT

_ENVIRONMENT = {environment_name(name): str(value) for name, value in QUICKLY.items()}


@contextmanager
def working(database: str, *arguments: str, **settings: str) -> Iterator[subprocess.Popen[bytes]]:
    """`policytrail work` on `database`, or what `arguments` say, until the block ends; then it is killed."""
    work = [str(Path(sys.executable).parent / "policytrail"), "work"]
    command = [sys.executable, *arguments] if arguments else work
    environment = os.environ | _ENVIRONMENT | {"DATABASE_URL": database, "POLICYTRAIL_LOG_LEVEL": "ERROR"} | settings
    process = subprocess.Popen(command, cwd=ROOT, env=environment)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def dies(database: str, point: str, times: int = 1, **settings: str) -> None:
    """Let a worker go on until it comes to `point` so many times, and is killed there."""
    with working(database, "-m", "tests.faults.crash_points", point, str(times), **settings) as process:
        assert process.wait(30) == -9


def subscribe(database: str, receiver: Receiver, number: int = 1) -> list[UUID]:
    """So many subscriptions of the receiver, for everything."""
    with psycopg.connect(database) as conn:
        return [make_subscription(conn, receiver.url) for _ in range(number)]


def write(database: str, number: int) -> list[UUID]:
    """So many new events, each committed by itself."""
    ids = []
    with psycopg.connect(database) as conn:
        for index in range(number):
            content = NewEventSchema().load(an_event(title=f"Event {index}"))
            ids.append(uuid7())
            record_event(conn, content, id=ids[-1], now=datetime.now(UTC), key_id=None)
            conn.commit()
    return ids


def ask(database: str, query: str) -> list[tuple[object, ...]]:
    """What the database says."""
    with psycopg.connect(database) as conn:
        return conn.execute(query.encode()).fetchall()


def all_delivered(database: str, number: int) -> bool:
    """Whether so many deliveries are there, and every one is acknowledged."""
    return ask(database, "SELECT count(*), count(*) FILTER (WHERE state = 'delivered') FROM delivery") == [
        (number, number)
    ]


def await_delivered(database: str, number: int, seconds: float = 40.0) -> None:
    """Wait until so many are delivered, and there are no others."""
    wait_for(lambda: all_delivered(database, number), seconds)


def check_arrivals(database: str, receiver: Receiver, *, most_twice: int) -> None:
    """Every delivery has arrived, under its own id and no other, and no more than so many of them more than once."""
    ids = receiver.ids
    known = {str(id_) for [id_] in ask(database, "SELECT id FROM delivery")}
    assert set(ids) == known
    assert len(ids) - len(known) <= most_twice, f"{len(ids) - len(known)} came twice"
    told = {
        (request.id, request.json()["data"]["seq"], request.json()["data"]["event_id"]) for request in receiver.requests
    }
    assert len(told) == len(known)  # what came twice said the same
