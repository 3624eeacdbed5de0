"""Followers of a running API: many at once, disconnected, too slow, and at shutdown."""

import json
import signal
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

import psycopg

from tests.factories import an_event
from tests.faults.clients import Wire, in_background, request_bytes, send_request, wait_until, wire
from tests.servers import Served, free_port, serving

STREAM = {"Accept": "text/event-stream"}

#: Together these exceed the socket buffers between two processes.
MANY, LARGE = 70, an_event(description="long " * 19_999)


def test_sixty_waiting_requests_are_answered_at_once_without_a_connection_each(database: str, key: str) -> None:
    with serving(database, POLICYTRAIL_POOL_SIZE="2") as served, ExitStack() as open_:
        streams = [open_.enter_context(stream(served, after="now")) for _ in range(30)]
        for events in streams:
            assert next(events) == "retry: 2000"
        cursor = send_request(served.port, "GET", "/v1/changes?after=now").json()["cursor"]
        waits = [partial(send_request, served.port, "GET", f"/v1/changes?wait=20&after={cursor}")] * 30
        with in_background(*waits) as answers:
            time.sleep(0.5)
            assert connections(database) <= 2 * 2
            created = record(served, key)
            began = time.monotonic()
            entries = [entry_of(next(events)) for events in streams] + [
                answer.result().json()["items"][0] for answer in answers
            ]
    assert {one["event_id"] for one in entries} == {created}
    assert time.monotonic() - began < 5


def test_a_broken_stream_resumes_without_a_gap_or_a_repetition(database: str, key: str) -> None:
    port, content, last = free_port(), list[str](), {"Last-Event-ID": ""}
    recorded: list[str] = []
    for turn in range(3):
        with serving(database, port=port) as served:
            recorded += [record(served, key) for _ in range(4)]
            if turn == 0:
                last["Last-Event-ID"] = send_request(port, "GET", "/v1/changes?after=now").json()["cursor"]
                recorded.clear()
                continue
            with stream(served, headers=last) as events:
                next(events)
                for event in (next(events) for _ in range(2 if turn == 1 else len(recorded) - len(content))):
                    last["Last-Event-ID"] = event.partition("\n")[0].removeprefix("id: ")
                    content.append(entry_of(event)["event_id"])
                served.kill()
    assert content == recorded


def test_a_client_that_does_not_read_is_dropped_and_the_others_are_served(database: str, key: str) -> None:
    with serving(database, POLICYTRAIL_CLIENT_TIMEOUT="1", POLICYTRAIL_WORKERS="1") as served:
        for _ in range(MANY):
            record(served, key, LARGE)
        with wire(served.port) as line:
            line.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
            line.send(request_bytes("GET", "/v1/changes", headers=STREAM))
            time.sleep(2)
            with stream(served, after="now") as events:
                next(events)
                created = record(served, key)
                assert entry_of(next(events))["event_id"] == created
            # The client can still read the buffered part; then the stream ends before its last entry.
            assert len(read_all(line)) < MANY * 100_000


def test_followers_do_not_delay_a_shutdown(database: str) -> None:
    with serving(database) as served, stream(served, after="now") as events:
        next(events)
        cursor = send_request(served.port, "GET", "/v1/changes?after=now").json()["cursor"]
        with in_background(partial(send_request, served.port, "GET", f"/v1/changes?wait=30&after={cursor}")) as [
            waiting
        ]:
            time.sleep(0.5)
            served.process.send_signal(signal.SIGTERM)
            # Sooner than gunicorn's graceful timeout, which would drop both followers without an answer.
            wait_until(lambda: served.process.poll() is not None, 15)
        assert waiting.result().json() == {"items": [], "cursor": cursor, "more": False}
        assert list(events) == []


def record(served: Served, key: str, event: dict[str, Any] | None = None) -> str:
    """Create an event and return its id."""
    created = send_request(served.port, "POST", "/v1/events", key=key, json=event or an_event())
    assert created.status == 201, created.body
    return str(created.json()["id"])


def connections(database: str) -> int:
    """Return the number of the API's database connections."""
    with psycopg.connect(database) as conn:
        [[number]] = conn.execute(
            """
            SELECT count(*) FROM pg_stat_activity
             WHERE datname = current_database() AND application_name = 'policytrail'
            """
        ).fetchall()
    return int(number)


@contextmanager
def stream(served: Served, headers: Mapping[str, str] = {}, after: str = "") -> Iterator[Iterator[str]]:
    """Yield the events of a stream as they arrive, without heartbeats."""
    with wire(served.port) as line:
        path = f"/v1/changes?include=none{'&after=' if after else ''}{after}"
        line.send(request_bytes("GET", path, headers={**STREAM, **headers}))
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += line.received.readline()
        assert head.startswith(b"HTTP/1.1 200"), head
        yield (event for event in events_of(line) if not event.startswith(":"))


def events_of(line: Wire) -> Iterator[str]:
    """Yield the blocks between blank lines of a chunked body."""
    text = ""
    while size := int(line.received.readline() or b"0", 16):
        text += line.received.read(size).decode()
        line.received.readline()
        *whole, text = text.split("\n\n")
        yield from whole


def entry_of(event: str) -> dict[str, Any]:
    """Return the entry in an event."""
    entry: dict[str, Any] = json.loads(event.rpartition("\ndata: ")[2])
    return entry


def read_all(line: Wire) -> bytes:
    """Return the rest of the stream."""
    content = b""
    try:
        while piece := line.received.read(65_536):
            content += piece
    except OSError:
        pass
    return content
