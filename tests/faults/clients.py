"""HTTP clients of a running API, on real sockets."""

import json
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from http.client import HTTPConnection, HTTPException, HTTPResponse
from io import BufferedReader
from threading import Barrier
from typing import Any, cast

#: Seconds that a client waits for anything; enough for a busy machine.
TIMEOUT = 20.0

#: Errors of a client whose connection was dropped.
DROPPED = (OSError, HTTPException)


@dataclass(frozen=True)
class Answer:
    """A response, and the seconds until it was complete."""

    status: int
    headers: Message
    body: bytes
    seconds: float = field(default=0.0, compare=False)

    def json(self) -> Any:
        """Return the body as JSON."""
        return json.loads(self.body)

    def problem(self) -> int:
        """Return the status of the problem that this response must be."""
        assert self.headers["Content-Type"] == "application/problem+json", (self.status, self.body)
        body = self.json()
        assert body.keys() >= {"type", "title", "status", "detail", "request_id"}
        assert body["status"] == self.status
        return self.status


def send_request(
    port: int, method: str, path: str, *, key: str = "", json: Any = None, headers: Mapping[str, str] = {}
) -> Answer:
    """Send one request on a connection of its own, and return the response. Raises one of DROPPED without one."""
    began = time.monotonic()
    connection = HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)
    try:
        connection.request(method, path, _body(json), {**_headers(key), **headers, "Connection": "close"})
        response = connection.getresponse()
        return Answer(response.status, response.headers, response.read(), time.monotonic() - began)
    finally:
        connection.close()


def at_once(*actions: Callable[[], Answer]) -> list[Answer]:
    """Begin the actions at the same moment, each in a thread, and return their responses."""
    line = Barrier(len(actions), timeout=TIMEOUT)

    def begin(action: Callable[[], Answer]) -> Answer:
        line.wait()
        return action()

    with ThreadPoolExecutor(len(actions)) as threads:
        return list(threads.map(begin, actions))


@contextmanager
def in_background(*actions: Callable[[], Answer]) -> Iterator[list[Future[Answer]]]:
    """Futures of the actions, each begun in a thread; all are done after the block."""
    with ThreadPoolExecutor(len(actions)) as threads:
        yield [threads.submit(action) for action in actions]


def wait_until(condition: Callable[[], object], seconds: float = TIMEOUT) -> float:
    """Wait for `condition`, and return the seconds until it was true."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() < began + seconds, f"did not happen in {seconds} seconds"
        time.sleep(0.003)
    return time.monotonic() - began


def request_bytes(
    method: str, path: str, body: bytes = b"", *, key: str = "", headers: Mapping[str, str] = {}
) -> bytes:
    """Return the bytes of a request. A header without a value is left out."""
    all_headers = {"Host": "localhost", **_headers(key), "Content-Length": str(len(body)), **headers}
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in all_headers.items() if value)]
    return "\r\n".join([*lines, "", ""]).encode() + body


def _headers(key: str) -> dict[str, str]:
    return {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {key}"} if key else {})


def _body(value: Any) -> bytes | None:
    return None if value is None else json.dumps(value).encode()


class _KeptOpen(BufferedReader):
    """A reader that HTTPResponse cannot close: it may hold the next response already."""

    def close(self) -> None:
        """Do nothing."""


class Wire:
    """A connection on which a test writes any bytes and reads responses one after the other."""

    def __init__(self, port: int) -> None:
        self.sock = socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT)
        # A small buffer, as on a network: bytes wait until the other end reads them.
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65_536)
        self._raw = self.sock.makefile("rb", buffering=0)
        self.received = _KeptOpen(self._raw)

    def makefile(self, _mode: str) -> BufferedReader:
        """Return the reader for HTTPResponse."""
        return self.received

    def send(self, data: bytes) -> None:
        """Send all bytes."""
        self.sock.sendall(data)

    def answer(self, method: str = "GET") -> Answer:
        """Return the next response. Raises one of DROPPED without one."""
        response = HTTPResponse(cast("socket.socket", self), method=method)
        response.begin()
        return Answer(response.status, response.headers, response.read())

    def is_ended(self) -> bool:
        """Return True if the server has closed the connection without sending anything more."""
        return self.received.read(1) == b""

    def close(self) -> None:
        """Close the connection."""
        self._raw.close()
        self.sock.close()


@contextmanager
def wire(port: int) -> Iterator[Wire]:
    """A connection that is closed after the block."""
    connection = Wire(port)
    try:
        yield connection
    finally:
        connection.close()
