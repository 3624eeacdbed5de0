"""Malformed requests on real sockets: they get a problem, and other clients are not disturbed."""

import time
from contextlib import ExitStack
from functools import partial

import orjson
import psycopg
import pytest

from tests.factories import an_event
from tests.faults.clients import Wire, at_once, request_bytes, send_request, wire
from tests.faults.locks import count_events
from tests.imports import NDJSON
from tests.servers import Served, serving

EVENT = orjson.dumps(an_event())

#: Over the limit of a megabyte, and over what the sockets between two processes hold.
LARGE = b'{"title": "' + b"x" * 3_000_000 + b'"}'

CHUNKED = {"Content-Length": "", "Transfer-Encoding": "chunked"}


@pytest.mark.parametrize("length", [9_000, 200_000])
def test_a_request_line_over_the_limit_is_414(served: Served, length: int) -> None:
    with wire(served.port) as line:
        line.send(request_bytes("GET", "/v1/events?cursor=" + "x" * length))
        assert line.answer().problem() == 414
        assert line.is_ended()


@pytest.mark.parametrize("length", [9_000, 200_000])
def test_a_header_over_the_limit_is_431(served: Served, length: int) -> None:
    with wire(served.port) as line:
        line.send(request_bytes("GET", "/v1/events", headers={"X-Note": "x" * length}))
        assert line.answer().problem() == 431
        assert line.is_ended()


def test_too_many_headers_are_431(served: Served) -> None:
    with wire(served.port) as line:
        line.send(b"GET /v1/events HTTP/1.1\r\n" + b"X-Note: x\r\n" * 2_000 + b"\r\n")
        assert line.answer().problem() == 431


@pytest.mark.parametrize(
    "sent",
    [
        b"garbage\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET /v1/events HTTP/9.9\r\n\r\n",
        b"GET /v1/events\r\n\r\n",
        b"\x00\xff\xfe /v1/events HTTP/1.1\r\n\r\n",
        b"GET /v1/events HTTP/1.1\r\nHost localhost\r\n\r\n",
        b"GET /v1/events HTTP/1.1\r\nHost: localhost\r\nX-Note: a\r\n folded\r\n\r\n",
        b"POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Length: many\r\n\r\n",
        b"POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
        b"POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}",
        b"POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}",
    ],
)
def test_malformed_http_is_400(served: Served, sent: bytes) -> None:
    with wire(served.port) as line:
        line.send(sent)
        assert line.answer().problem() == 400
        assert line.is_ended()


@pytest.mark.parametrize("body", [b"zz\r\n{}\r\n0\r\n\r\n", b"2\r\n{}xx0\r\n\r\n", b"-2\r\n{}\r\n0\r\n\r\n"])
@pytest.mark.parametrize(
    ("path", "media_type"), [("/v1/events", "application/json"), ("/v1/imports", "text/csv"), ("/v1/imports", NDJSON)]
)
def test_malformed_chunks_are_400(served: Served, key: str, body: bytes, path: str, media_type: str) -> None:
    with wire(served.port) as line:
        line.send(request_bytes("POST", path, key=key, headers={**CHUNKED, "Content-Type": media_type}) + body)
        assert line.answer().problem() == 400
        assert line.is_ended()


def test_a_body_of_three_megabytes_is_413_read_without_a_reset(served: Served, key: str) -> None:
    with wire(served.port) as line:
        line.send(request_bytes("POST", "/v1/events", LARGE, key=key))
        assert line.answer().problem() == 413
        assert_usable_or_ended(line)


def test_a_large_body_on_a_connection_of_its_own_is_413_read_without_a_reset(served: Served, key: str) -> None:
    with wire(served.port) as line:
        line.send(request_bytes("POST", "/v1/events", LARGE, key=key, headers={"Connection": "close"}))
        assert line.answer().problem() == 413
        assert line.is_ended()


def test_a_large_body_in_chunks_is_413_read_without_a_reset(served: Served, key: str) -> None:
    with wire(served.port) as line:
        line.send(request_bytes("POST", "/v1/events", key=key, headers=CHUNKED))
        for start in range(0, len(LARGE), 100_000):
            chunk = LARGE[start : start + 100_000]
            line.send(b"%x\r\n%s\r\n" % (len(chunk), chunk))
        line.send(b"0\r\n\r\n")
        assert line.answer().problem() == 413
        assert_usable_or_ended(line)


def test_expect_continue_with_a_large_body_gets_413(served: Served, key: str) -> None:
    asking = {"Content-Length": str(len(LARGE)), "Expect": "100-continue"}
    with wire(served.port) as line:
        line.send(request_bytes("POST", "/v1/events", key=key, headers=asking))
        if line.received.peek(12).startswith(b"HTTP/1.1 100"):
            line.send(LARGE)
        assert line.answer().problem() == 413


def test_expect_continue_gets_100(served: Served, key: str) -> None:
    asking = {"Content-Length": str(len(EVENT)), "Expect": "100-continue"}
    with wire(served.port) as line:
        line.send(request_bytes("POST", "/v1/events", key=key, headers=asking))
        assert line.received.peek(12).startswith(b"HTTP/1.1 100")
        line.send(EVENT)
        assert line.answer().status == 201
        assert_usable_or_ended(line)


def test_a_large_unused_body_does_not_break_the_connection(served: Served) -> None:
    with wire(served.port) as line:
        line.send(request_bytes("POST", "/v1/events", LARGE))
        assert line.answer().problem() == 401
        assert_usable_or_ended(line)


def test_fifty_stalled_clients_do_not_delay_the_others(served: Served, key: str, conn: psycopg.Connection) -> None:
    before = count_events(conn)
    request = request_bytes("POST", "/v1/events", EVENT, key=key)
    with ExitStack() as stalled:
        for turn in range(50):
            line = stalled.enter_context(wire(served.port))
            line.send(request[: 40 if turn % 2 else -20])
        time.sleep(0.3)
        lists = [partial(send_request, served.port, "GET", "/v1/events")] * 10
        creates = [partial(send_request, served.port, "POST", "/v1/events", key=key, json=an_event())] * 10
        answers = at_once(*lists, *creates)

    assert [answer.status for answer in answers] == [200] * 10 + [201] * 10
    assert max(answer.seconds for answer in answers) < 1.5
    assert count_events(conn) == before + 10


def test_a_client_that_stalls_in_its_body_is_disconnected(database: str, key: str) -> None:
    with serving(database, POLICYTRAIL_CLIENT_TIMEOUT="0.5") as impatient, wire(impatient.port) as line:
        line.send(request_bytes("POST", "/v1/events", EVENT, key=key)[:-20])
        began = time.monotonic()
        answer = line.answer("POST")
        assert (answer.status, line.is_ended()) == (400, True)
        assert time.monotonic() - began < 10


@pytest.mark.parametrize(
    ("framing", "body"),
    [
        ({"Content-Length": str(len(EVENT))}, EVENT[:-20]),
        ({"Content-Length": str(len(EVENT) + 20)}, EVENT),
        (CHUNKED, b"%x\r\n%s\r\n" % (len(EVENT), EVENT)),
    ],
    ids=["cut off", "whole but for blanks", "whole but for the last chunk"],
)
def test_a_client_that_disconnects_in_its_body_stores_nothing(
    served: Served, key: str, conn: psycopg.Connection, framing: dict[str, str], body: bytes
) -> None:
    before = count_events(conn)
    with wire(served.port) as line:
        line.send(request_bytes("POST", "/v1/events", key=key, headers=framing) + body)
    time.sleep(0.5)

    assert count_events(conn) == before


def test_a_response_to_head_has_the_headers_of_get_and_no_body(served: Served, key: str) -> None:
    path = send_request(served.port, "POST", "/v1/events", key=key, json=an_event()).headers["Location"]
    for asked in (path, "/v1/events", "/v1/topics", "/v1/vocabularies", "/v1/nothing"):
        with wire(served.port) as line:
            line.send(request_bytes("HEAD", asked) + request_bytes("GET", asked))
            head, whole = line.answer("HEAD"), line.answer()
        names = ("Content-Type", "Content-Length", "ETag", "Cache-Control")
        assert (head.status, head.body) == (whole.status, b"")
        assert [head.headers[name] for name in names] == [whole.headers[name] for name in names]


def test_pipelined_requests_are_answered_in_order(served: Served, key: str) -> None:
    titles = [f"Event {number}" for number in range(10)]
    with wire(served.port) as line:
        line.send(
            b"".join(request_bytes("POST", "/v1/events", orjson.dumps(an_event(title=one)), key=key) for one in titles)
        )
        created = [line.answer() for _ in titles]
        line.send(b"".join(request_bytes("GET", answer.headers["Location"]) for answer in created))
        read = [line.answer() for _ in titles]

    assert [answer.json()["title"] for answer in created] == titles
    assert [answer.body for answer in read] == [answer.body for answer in created]


def assert_usable_or_ended(line: Wire) -> None:
    """Pass a connection that answers the next request, or that was ended in order."""
    try:
        line.send(request_bytes("GET", "/livez"))
    except BrokenPipeError:
        return
    if line.received.peek(1):
        assert line.answer().status == 200


def test_no_header_of_a_client_moves_the_service_to_another_path(served: Served) -> None:
    plain = send_request(served.port, "GET", "/x/metrics")
    moved = send_request(
        served.port, "GET", "/x/metrics", headers={"SCRIPT_NAME": "/x", "SCRIPT-NAME": "/x", "X-Forwarded-Prefix": "/x"}
    )
    elsewhere = send_request(served.port, "GET", "/livez", headers={"SCRIPT_NAME": "/y", "PATH_INFO": "/metrics"})
    assert (plain.status, moved.status, elsewhere.status) == (404, 404, 200)
    assert b"policytrail_" not in moved.body + elsewhere.body


def test_no_header_of_a_client_makes_its_request_secure(served: Served) -> None:
    headers = {"X-Forwarded-Proto": "https", "X-Forwarded-Ssl": "on", "X-Forwarded-Protocol": "ssl"}
    feed = send_request(served.port, "GET", "/v1/events.atom", headers=headers)
    assert feed.status == 200
    assert b"http://127.0.0.1" in feed.body
    assert b"https://127.0.0.1" not in feed.body
