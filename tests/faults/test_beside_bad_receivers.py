"""Receivers that are dead, slow or malicious leave the others as quick as they are without them: measured both ways.

A hundred webhooks on a worker of its own; the same fifty count, and what becomes of the other fifty differs. Times are
those that the worker wrote down. Another test on this machine may take the processor away from one of the two runs, so
that a verdict is of the same moment, and there are a few of them before it is a failure.
"""

import asyncio
import gzip
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from uuid import UUID

import psycopg
import pytest

from schemas.events import NewEventSchema
from service.db.embedded_postgres import Server
from service.events.write import record_event
from service.ids import uuid7
from tests.deliveries import make_subscription, wait_for
from tests.factories import an_event
from tests.faults.conftest import make_database
from tests.faults.workers import ask, working
from tests.receivers import Behaviour, Request, answering, hang, receiving, writing_on

#: Webhooks that count, and others; writes a second, and how many of the hundred each concerns.
COUNTED, OTHERS, WRITES, CONCERNED = 50, 50, 40, 10

#: Seconds of writing that do not count, and that do; and for which what was written last may still arrive.
WARM_UP, SECONDS, GRACE = 1.0, 3.0, 0.5

#: How much longer one of a hundred may wait at most, and the share that has to arrive nevertheless.
LONGER, SHARE = 2.0, 0.9

#: Verdicts before it is a failure.
ROUNDS = 4

#: Such that whoever hangs does so throughout, and that those who begin to would have all slots if they were let.
SETTINGS = {
    "POLICYTRAIL_WEBHOOK_TIMEOUT": "15",
    "POLICYTRAIL_WEBHOOK_LEASE": "30",
    "POLICYTRAIL_WEBHOOK_SLOTS": "100",
}

_HEAD = b"HTTP/1.1 200 OK\r\n"
_ENDLESS: dict[str, Behaviour] = {
    "drips its body": writing_on(_HEAD + b"Content-Length: 1000000\r\n\r\n", b"x", every=0.1),
    "drips headers without end": writing_on(_HEAD, b"X-Endless: y\r\n", every=0.05),
    "sends headers without end": writing_on(_HEAD, b"X-Endless: " + b"y" * 1_000 + b"\r\n"),
    "answers a gigabyte": writing_on(_HEAD + b"Content-Length: 1073741824\r\n\r\n", b"z" * 65_536),
    "answers a gzip bomb": answering(200, gzip.compress(b"\0" * 20_000_000), Content_Encoding="gzip"),
}

#: The addresses of the others; what has to be started for them ends with the stack.
Beginning = Callable[[ExitStack], Sequence[str]]


def _answering_well(stack: ExitStack) -> Sequence[str]:
    return [stack.enter_context(receiving()).url] * OTHERS


def _one_hanging(stack: ExitStack) -> Sequence[str]:
    return [stack.enter_context(receiving(hang)).url, *_answering_well(stack)[1:]]


def _half_hanging(stack: ExitStack) -> Sequence[str]:
    return [stack.enter_context(receiving(hang)).url] * OTHERS


def _half_that_hang_later(stack: ExitStack) -> Sequence[str]:
    since: list[float] = []

    async def behave(request: Request, writer: asyncio.StreamWriter) -> None:
        since.append(time.monotonic())
        await (answering() if since[-1] < since[0] + WARM_UP else hang)(request, writer)

    return [stack.enter_context(receiving(behave)).url] * OTHERS


def _endless(stack: ExitStack) -> Sequence[str]:
    return [stack.enter_context(receiving(behave)).url for behave in _ENDLESS.values()] * (OTHERS // len(_ENDLESS))


async def _answer_from_afar(request: Request, writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(0.1)
    await answering()(request, writer)


def _one_afar(stack: ExitStack) -> Sequence[str]:
    return [*_answering_well(stack)[1:], stack.enter_context(receiving(_answer_from_afar)).url]


def _without_address(_: ExitStack) -> Sequence[str]:
    return [f"http://name-{number}.invalid/" for number in range(OTHERS)]


BAD: dict[str, Beginning] = {
    "one hangs": _one_hanging,
    "half of them hang": _half_hanging,
    "half of them begin to hang": _half_that_hang_later,
    "half of them answer without end": _endless,
    "half of them have names that lead nowhere": _without_address,
    "one has a backlog of 50,000": _one_afar,
}


@dataclass(frozen=True)
class Served:
    """Seconds from a commit to the first attempt for 99 of 100 that count, and how many of those arrived."""

    waited: float
    arrived: int

    def is_as_good_as(self, alone: "Served") -> bool:
        """Whether it is within what others may do to it."""
        return self.waited <= LONGER * alone.waited and self.arrived >= SHARE * alone.arrived


class Alone:
    """How those that count are served where the others answer well too."""

    def __init__(self, cluster: Server) -> None:
        """It is measured, and `measure` does so anew."""
        self._cluster = cluster
        self.measure()

    def measure(self) -> None:
        """As it is at this moment."""
        self.served = measured(self._cluster, _answering_well)


@pytest.fixture(scope="module")
def alone(cluster: Server) -> Alone:
    """Measured once for all that need no second verdict."""
    return Alone(cluster)


@pytest.mark.parametrize("name", BAD)
def test_those_that_answer_wait_no_longer_and_get_as_much(cluster: Server, alone: Alone, name: str) -> None:
    found = list[tuple[Served, Served]]()
    for _ in range(ROUNDS):
        beside = measured(cluster, BAD[name], backlog="backlog" in name)
        found.append((beside, alone.served))
        if beside.is_as_good_as(alone.served):
            return
        alone.measure()
    raise AssertionError(found)


def measured(cluster: Server, others: Beginning, *, backlog: bool = False) -> Served:
    """How those that count are served beside the others."""
    database = make_database(cluster)
    with ExitStack() as stack:
        healthy = stack.enter_context(receiving())
        with psycopg.connect(database) as conn:
            urls = [healthy.url] * COUNTED + [*others(stack)]
            ids = [make_subscription(conn, url, filter={"tag": f"t{n}"}) for n, url in enumerate(urls)]
            if backlog:
                _leave_behind(conn, ids[-1], 50_000)
        with working(database, **SETTINGS):
            wait_for(lambda: ask(database, "SELECT count(worker_id) FROM delivery_shard") == [(64,)])
            committed = _write_evenly(database)
            time.sleep(GRACE)
            return _served(database, ids[:COUNTED], committed)


def _leave_behind(conn: psycopg.Connection, subscription: UUID, number: int) -> None:
    """So many deliveries that are due."""
    conn.execute(
        """
        INSERT INTO feed (seq, event_id, version, kind, occurred_at)
        SELECT number, gen_random_uuid(), 1, 'create', now() FROM generate_series(1, %s) AS number
        """,
        (number,),
    )
    conn.execute(
        """
        INSERT INTO delivery (subscription_id, seq, event_id, kind, state, again, step, attempts, due_at, created_at)
        SELECT %s, seq, event_id, kind, 'pending', FALSE, 0, 0, now(), now() FROM feed
        """,
        (subscription,),
    )
    conn.execute("UPDATE feed_head SET seq = %s", (number,))
    conn.execute("UPDATE feed_cursor SET seq = %s", (number,))


def _write_evenly(database: str) -> dict[UUID, datetime]:
    """Write for a while, and return when those events were committed that count."""
    chance, began, committed = Random(5), time.monotonic(), dict[UUID, datetime]()  # noqa: S311 (the same every time)
    with psycopg.connect(database) as conn:
        for number in range(int(WRITES * (WARM_UP + SECONDS))):
            time.sleep(max(0.0, began + number / WRITES - time.monotonic()))
            tags = [f"t{one}" for one in chance.sample(range(COUNTED + OTHERS), CONCERNED)]
            content = NewEventSchema().load(an_event(title=f"Event {number}", tags=tags))
            id_ = uuid7()
            record_event(conn, content, id=id_, now=datetime.now(UTC), key_id=None)
            conn.commit()
            if number >= WRITES * WARM_UP:
                committed[id_] = datetime.now(UTC)
    return committed


def _served(database: str, counted: Sequence[UUID], committed: dict[UUID, datetime]) -> Served:
    """What became of the events `committed`. What was not attempted by now has waited until now, and longer."""
    now = datetime.now(UTC)
    with psycopg.connect(database) as conn:
        rows = conn.execute(
            """
            SELECT event_id, began_at, state = 'delivered'
              FROM delivery
              LEFT JOIN attempt ON attempt.subscription_id = delivery.subscription_id
                               AND attempt.seq = delivery.seq AND number = 1
             WHERE delivery.subscription_id = ANY(%s) AND event_id = ANY(%s)
            """,
            (list(counted), list(committed)),
        ).fetchall()
    waited = sorted(((began_at or now) - committed[event]).total_seconds() for event, began_at, _ in rows)
    return Served(waited[int(len(waited) * 0.99)], sum(delivered for _, _, delivered in rows))
