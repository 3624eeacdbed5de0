"""Clients that hold connections: slow bodies end, one address gets a part, and idle connections give way."""

import time
from contextlib import ExitStack, suppress

import orjson
import pytest

from tests.factories import an_event
from tests.faults.clients import Answer, Wire, request_bytes, send_request, wait_until, wire
from tests.servers import Served, serving

EVENT = orjson.dumps(an_event())

#: Headers of a request whose body waits for 100 Continue, which the service sends when it has accepted the connection.
EXPECT = {"Content-Length": str(len(EVENT)), "Expect": "100-continue"}


def answered(served: Served, connections: ExitStack) -> Wire:
    """A connection on which one request was answered, kept open."""
    line = connections.enter_context(wire(served.port))
    line.send(request_bytes("GET", "/livez"))
    assert line.answer().status == 200
    return line


def busy(served: Served, key: str, connections: ExitStack) -> Wire:
    """A connection whose request is accepted and waits for its body.

    It is opened again while the service still ends the connection that found it ready.
    """
    head = request_bytes("POST", "/v1/events", key=key, headers=EXPECT)
    lines: list[Wire] = []

    def is_accepted() -> bool:
        lines.append(connections.enter_context(wire(served.port)))
        lines[-1].send(head)
        return lines[-1].received.readline() == b"HTTP/1.1 100 Continue\r\n"

    wait_until(is_accepted)
    assert lines[-1].received.readline() == b"\r\n"
    return lines[-1]


def trickle(line: Wire, body: bytes, *, framing: bytes = b"%b") -> Answer:
    """Send a byte at a time until the service ends that, and return its response."""
    with suppress(OSError):
        for index in range(len(body)):
            line.send(framing % body[index : index + 1])
            time.sleep(0.02)
    return line.answer("POST")


@pytest.mark.parametrize("path", ["/v1/events", "/v1/webhooks", "/v1/search"])
@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_that_trickles_is_ended(database: str, key: str, path: str, chunked: bool) -> None:  # noqa: FBT001 (a parameter of the test)
    framing = {"Content-Length": "", "Transfer-Encoding": "chunked"} if chunked else {"Content-Length": "100000"}
    with (
        serving(database, POLICYTRAIL_WORKERS="1", POLICYTRAIL_BODY_TIMEOUT="0.5") as served,
        wire(served.port) as line,
    ):
        line.send(request_bytes("POST", path, key=key, headers=framing))
        answer = trickle(line, b" " * 1_000, framing=b"1\r\n%b\r\n" if chunked else b"%b")
        assert answer.problem() == 408
        assert answer.json()["type"] == "/problems/body-timeout"
        assert line.is_ended()


def test_a_whole_body_is_read_whatever_the_timeout(database: str, key: str) -> None:
    with serving(database, POLICYTRAIL_WORKERS="1", POLICYTRAIL_BODY_TIMEOUT="5") as served, wire(served.port) as line:
        for _ in range(3):
            line.send(request_bytes("POST", "/v1/events", EVENT, key=key))
            assert line.answer("POST").status == 201


def test_one_address_has_a_limited_number_of_busy_connections(database: str, key: str) -> None:
    with (
        serving(database, POLICYTRAIL_WORKERS="1", POLICYTRAIL_MAX_CONNECTIONS_PER_ADDRESS="5") as served,
        ExitStack() as opened,
    ):
        lines = [busy(served, key, opened) for _ in range(5)]
        with wire(served.port) as further:
            further.send(request_bytes("GET", "/livez"))
            assert further.answer().problem() == 429
        for line in lines:
            line.send(EVENT)
            assert line.answer("POST").status == 201
        assert send_request(served.port, "GET", "/livez").status == 200
        assert lines[0].is_ended()


def test_no_limit_counts_the_connections_of_a_proxy(database: str) -> None:
    with (
        serving(
            database,
            POLICYTRAIL_WORKERS="1",
            POLICYTRAIL_MAX_CONNECTIONS_PER_ADDRESS="1",
            POLICYTRAIL_TRUSTED_PROXIES="1",
        ) as served,
        ExitStack() as opened,
    ):
        for _ in range(5):
            answered(served, opened)


def test_idle_connections_give_way_to_new_ones(database: str) -> None:
    with (
        serving(database, POLICYTRAIL_WORKERS="1", GUNICORN_CMD_ARGS="--worker-connections 20") as served,
        ExitStack() as opened,
    ):
        # Without room for the 21st, it would wait until the first one has idled for 30 seconds.
        lines = [answered(served, opened) for _ in range(60)]
        assert send_request(served.port, "GET", "/v1/events").status == 200
        assert lines[0].is_ended()
        lines[-1].send(request_bytes("GET", "/livez"))
        assert lines[-1].answer().status == 200


def test_idle_connections_of_an_address_give_way_to_its_new_ones(database: str) -> None:
    with (
        serving(database, POLICYTRAIL_WORKERS="1", POLICYTRAIL_MAX_CONNECTIONS_PER_ADDRESS="5") as served,
        ExitStack() as opened,
    ):
        lines = [answered(served, opened) for _ in range(12)]
        assert lines[0].is_ended()
        lines[-1].send(request_bytes("GET", "/livez"))
        assert lines[-1].answer().status == 200
