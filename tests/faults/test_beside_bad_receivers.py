"""Healthy receivers beside dead, slow and malicious ones: they get every event, in one attempt, whatever the others do.

A hundred webhooks on one worker: fifty are healthy, the other fifty differ. Events come in batches, each of them after
the healthy receivers have the whole batch before. Only counts and orders decide, so that a busy machine changes no
verdict: test_scheduler_isolation.py computes the waiting times, and `make bench-webhooks` measures them.
"""

import asyncio
import gzip
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import partial
from random import Random
from statistics import median
from typing import Any
from uuid import UUID

import psycopg
import pytest

from schemas.events import NewEventSchema
from service.db.embedded_postgres import Server
from service.events.write import record_event
from service.ids import uuid7
from service.webhooks import lane
from service.webhooks.lane import MAX_CONCURRENCY, PREFETCH_FACTOR
from tests.deliveries import PATIENCE, make_subscription, run_worker, wait_for
from tests.factories import an_event
from tests.faults.conftest import make_database
from tests.faults.workers import fetch
from tests.receivers import Behaviour, Receiver, Request, hang, respond_with, run_receiver, write_forever

#: Healthy webhooks and others; batches, events of each, and the webhooks of the hundred that an event matches.
HEALTHY, OTHERS, BATCHES, EVENTS, MATCHES = 50, 50, 4, 20, 10

#: Deliveries that are due to one webhook beforehand.
BACKLOG = 50_000

#: Slots of which fifty hanging receivers take most, with four deliveries each, and a longer timeout than any test.
SETTINGS: dict[str, Any] = {"webhook_slots": 256, "webhook_timeout": 600.0, "webhook_lease": 900.0}

_HEAD = b"HTTP/1.1 200 OK\r\n"
_ENDLESS: dict[str, Behaviour] = {
    "drips its body": write_forever(_HEAD + b"Content-Length: 1000000\r\n\r\n", b"x", every=0.1),
    "drips headers without end": write_forever(_HEAD, b"X-Endless: y\r\n", every=0.05),
    "sends headers without end": write_forever(_HEAD, b"X-Endless: " + b"y" * 1_000 + b"\r\n"),
    "responds with a gigabyte": write_forever(_HEAD + b"Content-Length: 1073741824\r\n\r\n", b"z" * 65_536),
    "responds with a gzip bomb": respond_with(200, gzip.compress(b"\0" * 20_000_000), Content_Encoding="gzip"),
}

#: Starts the other receivers on the stack, and returns their URLs.
Start = Callable[[ExitStack], Sequence[str]]


def _one_hangs(stack: ExitStack) -> Sequence[str]:
    return [stack.enter_context(run_receiver(hang)).url] + [stack.enter_context(run_receiver()).url] * (OTHERS - 1)


def _half_hang(stack: ExitStack) -> Sequence[str]:
    return [stack.enter_context(run_receiver(hang)).url] * OTHERS


def _half_begin_to_hang(stack: ExitStack) -> Sequence[str]:
    async def behave(request: Request, writer: asyncio.StreamWriter) -> None:
        is_first = request.json()["data"]["seq"] == 1
        await (respond_with() if is_first else hang)(request, writer)

    return [stack.enter_context(run_receiver(behave)).url] * OTHERS


def _half_respond_without_end(stack: ExitStack) -> Sequence[str]:
    urls = [stack.enter_context(run_receiver(behave)).url for behave in _ENDLESS.values()]
    return urls * (OTHERS // len(urls))


def _half_have_no_address(_: ExitStack) -> Sequence[str]:
    return [f"http://name-{number}.invalid/" for number in range(OTHERS)]


START: dict[str, Start] = {
    "one hangs": _one_hangs,
    "half of them hang": _half_hang,
    "half of them begin to hang": _half_begin_to_hang,
    "half of them respond without end": _half_respond_without_end,
    "half of them have names that do not resolve": _half_have_no_address,
}


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no response of a healthy receiver count as slow because the machine is busy."""
    monkeypatch.setattr(lane, "SLOW_AFTER", PATIENCE)


@pytest.mark.parametrize("name", START)
def test_healthy_receivers_get_every_event_beside_bad_ones(cluster: Server, name: str) -> None:
    database = make_database(cluster)
    # The receivers end first, and with them the attempts that hang.
    with run_worker(database, **SETTINGS), ExitStack() as stack:
        healthy = stack.enter_context(run_receiver())
        subscriptions = _subscribe(database, healthy, START[name](stack))
        _deliver_batches(database, healthy)
        _check_attempts(database, subscriptions[:HEALTHY])
        # No attempt of a hanging receiver has ended: the healthy ones did not get their slots.
        assert fetch(database, "SELECT count(*) FROM attempt WHERE outcome = 'timeout'") == [(0,)]


def test_healthy_receivers_get_every_event_beside_a_backlog_of_50_000(cluster: Server) -> None:
    async def respond_late(request: Request, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.1)
        await respond_with()(request, writer)

    database = make_database(cluster)
    with run_receiver() as healthy, run_receiver() as other, run_receiver(respond_late) as late:
        subscriptions = _subscribe(database, healthy, [other.url] * (OTHERS - 1) + [late.url])
        _insert_backlog(database, subscriptions[-1])
        with run_worker(database, **SETTINGS):
            wait_for(lambda: len(late.requests) > MAX_CONCURRENCY)
            _deliver_batches(database, healthy)
            _check_attempts(database, subscriptions[:HEALTHY])
            overtaken = _overtaken(database, subscriptions[:HEALTHY], subscriptions[-1])
        # Half of the deliveries wait for less than the lane of the backlog has in hand, and none for much of the rest.
        assert median(overtaken) <= MAX_CONCURRENCY * (PREFETCH_FACTOR + 1)
        assert max(overtaken) <= BACKLOG / 10
        assert len(late.requests) < BACKLOG


def _subscribe(database: str, healthy: Receiver, others: Sequence[str]) -> list[UUID]:
    """Subscribe each webhook to a tag of its own, the healthy ones first, and return the ids."""
    urls = [healthy.url] * HEALTHY + list(others)
    with psycopg.connect(database) as conn:
        return [make_subscription(conn, url, filter={"tag": f"t{number}"}) for number, url in enumerate(urls)]


def _insert_backlog(database: str, subscription: UUID) -> None:
    with psycopg.connect(database) as conn:
        conn.execute(
            """
            INSERT INTO feed (seq, event_id, version, kind, occurred_at)
            SELECT number, gen_random_uuid(), 1, 'create', now() FROM generate_series(1, %s) AS number
            """,
            (BACKLOG,),
        )
        conn.execute(
            """
            INSERT INTO delivery
                   (subscription_id, seq, event_id, kind, state, again, step, attempts, due_at, created_at)
            SELECT %s, seq, event_id, kind, 'pending', FALSE, 0, 0, now(), now() FROM feed
            """,
            (subscription,),
        )
        conn.execute("UPDATE feed_head SET seq = %s", (BACKLOG,))
        conn.execute("UPDATE feed_cursor SET seq = %s", (BACKLOG,))


def _deliver_batches(database: str, healthy: Receiver) -> None:
    """Write each batch of events once all deliveries of the batch before have arrived at the healthy receiver.

    First come one event and then four for all webhooks: the worker knows all receivers, and those that begin to hang do
    so at once, before the healthy ones get the other batches.
    """
    chance, number, everyone = Random(5), 0, range(HEALTHY + OTHERS)  # noqa: S311 (the same events every time)
    batches = [[chance.sample(everyone, MATCHES) for _ in range(EVENTS)] for _ in range(BATCHES)]
    with psycopg.connect(database) as conn:
        for batch in [[list(everyone)], [list(everyone)] * 4, *batches]:
            for matches in batch:
                content = NewEventSchema().load(an_event(tags=[f"t{one}" for one in matches]))
                record_event(conn, content, id=uuid7(), now=datetime.now(UTC), key_id=None)
                conn.commit()
                number += sum(one < HEALTHY for one in matches)
            wait_for(partial(_has_deliveries, healthy, number))


def _has_deliveries(receiver: Receiver, number: int) -> bool:
    return len(set(receiver.ids)) == number


def _check_attempts(database: str, healthy: Sequence[UUID]) -> None:
    """Assert that every delivery to the healthy webhooks is delivered in one attempt, once that is recorded."""
    with psycopg.connect(database, autocommit=True) as conn:
        query = "SELECT count(*), count(*) FILTER (WHERE %s) FROM delivery WHERE subscription_id = ANY(%%s)"
        wait_for(lambda: _all(conn.execute((query % "state = 'delivered'").encode(), (list(healthy),)).fetchall()))
        assert _all(conn.execute((query % "attempts = 1").encode(), (list(healthy),)).fetchall())


def _all(rows: Sequence[tuple[int, int]]) -> bool:
    [(number, matching)] = rows
    return number == matching > 0


def _overtaken(database: str, healthy: Sequence[UUID], backlog: UUID) -> list[int]:
    """Return, for each delivery to the healthy webhooks, the attempts of the backlog from its due time to its start."""
    with psycopg.connect(database) as conn:
        rows = conn.execute(
            """
            SELECT (SELECT count(*)
                      FROM attempt AS other
                     WHERE other.subscription_id = %s
                       AND other.began_at BETWEEN delivery.created_at AND attempt.began_at)
              FROM delivery
              JOIN attempt USING (subscription_id, seq)
             WHERE subscription_id = ANY(%s)
            """,
            (backlog, list(healthy)),
        ).fetchall()
    return [number for [number] in rows]
