"""A failover that loses writes: their numbers are given again, and nothing takes the new writes for the lost ones."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event

import pytest

from service.db.embedded_postgres import Server, start
from tests.deliveries import wait_for
from tests.faults.backups import back_up, fail_over
from tests.faults.conftest import OPTIONS, make_database
from tests.faults.workers import fetch, run_worker, subscribe, wait_for_deliveries, write
from tests.receivers import Request, respond_with, run_receiver

#: Settings with which no attempt times out during a failover.
PATIENT = {"POLICYTRAIL_WEBHOOK_TIMEOUT": "100", "POLICYTRAIL_WEBHOOK_LEASE": "200"}


@pytest.fixture
def primary(scratch: Path) -> Iterator[Server]:
    """A server for one test, which its standby may replace."""
    with TemporaryDirectory(prefix="policytrail-", dir=scratch) as name:
        yield start(Path(name), options=OPTIONS)
        Server(Path(name), pid=0).stop("immediate")


def test_writes_after_a_failover_are_delivered_with_their_own_bodies(primary: Server) -> None:
    database = make_database(primary)
    with run_receiver() as receiver, run_worker(database):
        subscribe(database, receiver, 2)
        kept = write(database, 3)
        wait_for_deliveries(database, 2 * 3)
        standby = back_up(primary, "standby")
        lost = write(database, 4)
        wait_for_deliveries(database, 2 * 7)
        before = list(receiver.requests)
        fail_over(primary, standby)
        new = write(database, 6)
        wait_for_deliveries(database, 2 * 9)
        after = receiver.requests[len(before) :]
    assert events_of(before) == sorted(map(str, [*kept, *lost] * 2))
    assert events_of(after) == sorted(map(str, new * 2))
    assert seqs_of(after) == sorted([*range(4, 10)] * 2)
    assert {request.id for request in after}.isdisjoint(request.id for request in before)


def test_a_delivery_that_a_receiver_holds_during_a_failover_does_not_count_for_its_successor(primary: Server) -> None:
    database = make_database(primary)
    released = Event()

    async def hold(request: Request, writer: asyncio.StreamWriter) -> None:
        await asyncio.to_thread(released.wait)
        await respond_with()(request, writer)

    with run_receiver() as receiver, run_worker(database, **PATIENT):
        subscribe(database, receiver)
        write(database, 1)
        wait_for_deliveries(database, 1)
        standby = back_up(primary, "standby")
        receiver.behave = hold
        write(database, 1)
        wait_for(lambda: len(receiver.requests) == 2)
        receiver.behave = respond_with()
        fail_over(primary, standby)
        [new] = write(database, 1)
        wait_for(lambda: fetch(database, "SELECT count(*) FROM delivery") == [(2,)])
        released.set()
        wait_for_deliveries(database, 2)
        assert receiver.requests[-1].json()["data"]["event_id"] == str(new)
    assert fetch(database, "SELECT count(*) FROM attempt") == [(2,)]


def test_a_write_that_a_recovery_has_not_sequenced_is_delivered_under_its_webhook_id(primary: Server) -> None:
    database = make_database(primary)
    with run_receiver() as receiver:
        subscribe(database, receiver, 2)
        events = write(database, 3)  # no worker runs: they wait for their numbers
        backup = back_up(primary, "backup")
        with run_worker(database):
            wait_for_deliveries(database, 2 * 3)
        before = sorted((request.id, request.json()["data"]["event_id"]) for request in receiver.requests)
        receiver.requests.clear()
        fail_over(primary, backup)
        with run_worker(database):
            wait_for_deliveries(database, 2 * 3)
        after = sorted((request.id, request.json()["data"]["event_id"]) for request in receiver.requests)
    assert after == before
    assert {event for _, event in after} == set(map(str, events))


def events_of(requests: list[Request]) -> list[str]:
    """Return the events of the requests, sorted."""
    return sorted(request.json()["data"]["event_id"] for request in requests)


def seqs_of(requests: list[Request]) -> list[int]:
    """Return the numbers of the changes of the requests, sorted."""
    return sorted(request.json()["data"]["seq"] for request in requests)
