"""The API and the worker while PostgreSQL stands still: stopped by SIGSTOP, with every connection open."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest

from service.db.embedded_postgres import Server
from service.views.health import PATIENCE
from tests.factories import an_event
from tests.faults.clients import DROPPED, Answer, at_once, send_request, wait_until
from tests.faults.processes import server_in
from tests.faults.workers import run_worker, subscribe, wait_for_deliveries, write
from tests.receivers import run_receiver
from tests.servers import START_WITHIN, free_port, serving

#: Timeouts of a second: no request is answered before PostgreSQL would have ended its statement.
TIMEOUTS: dict[str, Any] = {
    f"POLICYTRAIL_{name}STATEMENT_TIMEOUT": "1" for name in ("", "WRITE_", "EXPORT_", "IMPORT_")
}

#: Requests of each class, by what they do.
REQUESTS: dict[str, tuple[str, str, Any]] = {
    "list": ("GET", "/v1/events", None),
    "search": ("GET", "/v1/events?q=agreement", None),
    "count": ("GET", "/v1/facets?fields=year", None),
    "export": ("GET", "/v1/events?format=ndjson", None),
    "feed": ("GET", "/v1/changes", None),
    "create": ("POST", "/v1/events", an_event()),
    "import": ("POST", "/v1/imports", an_event()),
}


def thaw(server: Server) -> None:
    """Let all processes of `server` go on."""
    for process in server_in(server.directory):
        os.kill(process.pid, signal.SIGCONT)


@contextmanager
def frozen(server: Server) -> Iterator[None]:
    """Stop all processes of `server` until the block ends; their sockets stay open."""
    processes = sorted(server_in(server.directory), key=lambda process: process.pid != server.pid)
    for process in processes:  # the postmaster first, so that it starts no other
        os.kill(process.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        thaw(server)


@pytest.fixture
def requests(own_key: str) -> list[partial[Answer]]:
    """A request of each class, without its port."""
    headers = {"Content-Type": "application/x-ndjson"}
    return [
        partial(
            send_request, method=method, path=path, key=own_key, json=body, headers=headers if "imports" in path else {}
        )
        for method, path, body in REQUESTS.values()
    ]


def test_while_the_database_stands_still_every_request_gets_503_and_afterwards_none_fails(
    own_cluster: Server, own_database: str, requests: list[partial[Answer]]
) -> None:
    with serving(own_database, **TIMEOUTS, POLICYTRAIL_WORKERS="1") as served:
        before = at_once(*[partial(one, served.port) for one in requests])
        with frozen(own_cluster):
            # Connections that are open and in use, then none: each gets its answer while the database still stands.
            during = [answer for _ in range(2) for answer in at_once(*[partial(one, served.port) for one in requests])]
            live, ready = [send_request(served.port, "GET", path) for path in ("/livez", "/readyz")]
        wait_until(lambda: send_request(served.port, "GET", "/readyz").status == 200)
        after = [one(served.port) for one in requests for _ in range(3)]

    assert {answer.status for answer in before} <= {200, 201, 202}
    assert [answer.problem() for answer in during] == [503] * 2 * len(REQUESTS)
    assert {answer.headers["Retry-After"] for answer in during} == {"1"}
    assert (live.status, ready.status) == (200, 503)
    assert {answer.status for answer in after} <= {200, 201, 202}


def test_readiness_is_answered_before_the_statements_of_requests_time_out(
    own_cluster: Server, own_database: str
) -> None:
    with serving(own_database, POLICYTRAIL_STATEMENT_TIMEOUT="600", POLICYTRAIL_WORKERS="1") as served:
        assert send_request(served.port, "GET", "/readyz").status == 200
        with frozen(own_cluster):
            ready = send_request(served.port, "GET", "/readyz")
    assert (ready.status, ready.json()["checks"]["database"]) == (503, "cannot be reached")
    assert ready.seconds >= PATIENCE


def test_a_worker_that_starts_while_the_database_stands_still_delivers_afterwards(
    own_cluster: Server, own_database: str
) -> None:
    port = free_port()
    with run_receiver() as receiver:
        subscribe(own_database, receiver)
        with (
            frozen(own_cluster),
            run_worker(own_database, **TIMEOUTS, POLICYTRAIL_WORKER_METRICS_PORT=str(port)) as process,
        ):
            wait_until(lambda: _is_live(port), START_WITHIN)
            thaw(own_cluster)
            write(own_database, 2)
            wait_for_deliveries(own_database, 2)
            assert process.poll() is None


def test_a_worker_delivers_on_after_the_database_stood_still(own_cluster: Server, own_database: str) -> None:
    with run_receiver() as receiver, run_worker(own_database, **TIMEOUTS) as process:
        subscribe(own_database, receiver)
        write(own_database, 2)
        wait_for_deliveries(own_database, 2)
        with frozen(own_cluster):
            # Longer than a lease: every loop has met the deadline.
            time.sleep(5)
        write(own_database, 2)
        wait_for_deliveries(own_database, 4)
        assert process.poll() is None


def _is_live(port: int) -> bool:
    try:
        return send_request(port, "GET", "/livez").status == 200
    except DROPPED:
        return False
