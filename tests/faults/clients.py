"""Asking a running API as its clients do, and what it answered."""

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

#: Seconds that a client waits for anything, on a busy machine too.
PATIENCE = 20.0

#: What a client sees of a connection that was dropped.
DROPPED = (OSError, HTTPException)


@dataclass(frozen=True)
class Answer:
    """What came back, and the seconds it took."""

    status: int
    headers: Message
    body: bytes
    seconds: float = field(default=0.0, compare=False)

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    def problem(self) -> int:
        """The status of the problem that this answer must be."""
        assert self.headers["Content-Type"] == "application/problem+json", (self.status, self.body)
        told = self.json()
        assert told.keys() >= {"type", "title", "status", "detail", "request_id"}
        assert told["status"] == self.status
        return self.status


def ask(
    port: int, method: str, path: str, *, key: str = "", json: Any = None, headers: Mapping[str, str] = {}
) -> Answer:
    """One request on a connection of its own. Raises one of DROPPED where no whole answer came."""
    began = time.monotonic()
    connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.request(method, path, _body(json), {**_headers(key), **headers, "Connection": "close"})
        response = connection.getresponse()
        return Answer(response.status, response.headers, response.read(), time.monotonic() - began)
    finally:
        connection.close()


def at_once(*actions: Callable[[], Answer]) -> list[Answer]:
    """What the actions were answered, begun at one moment by a thread each."""
    line = Barrier(len(actions), timeout=PATIENCE)

    def begin(action: Callable[[], Answer]) -> Answer:
        line.wait()
        return action()

    with ThreadPoolExecutor(len(actions)) as threads:
        return list(threads.map(begin, actions))


@contextmanager
def in_background(*actions: Callable[[], Answer]) -> Iterator[list[Future[Answer]]]:
    """Begin the actions, each in a thread; after the block all of them are done."""
    with ThreadPoolExecutor(len(actions)) as threads:
        yield [threads.submit(action) for action in actions]


def wait_until(condition: Callable[[], object], seconds: float = PATIENCE) -> float:
    """Wait for `condition`; the seconds it took."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() < began + seconds, f"did not happen in {seconds} seconds"
        time.sleep(0.003)
    return time.monotonic() - began


def request_bytes(
    method: str, path: str, body: bytes = b"", *, key: str = "", headers: Mapping[str, str] = {}
) -> bytes:
    """A request as it goes over the wire, in which a header without a value is left out."""
    given = {"Host": "localhost", **_headers(key), "Content-Length": str(len(body)), **headers}
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in given.items() if value)]
    return "\r\n".join([*lines, "", ""]).encode() + body


def _headers(key: str) -> dict[str, str]:
    return {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {key}"} if key else {})


def _body(value: Any) -> bytes | None:
    return None if value is None else json.dumps(value).encode()


class _KeptOpen(BufferedReader):
    """What HTTPResponse would close after one answer, while the next may be in it already."""

    def close(self) -> None:
        """Do nothing."""


class Wire:
    """A connection on which a test writes what it likes, and reads answers in turn."""

    def __init__(self, port: int) -> None:
        self.sock = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        # As on a network: what is sent waits until it is read at the other end.
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65_536)
        self._raw = self.sock.makefile("rb", buffering=0)
        self.received = _KeptOpen(self._raw)

    def makefile(self, _mode: str) -> BufferedReader:
        """What HTTPResponse reads from."""
        return self.received

    def send(self, sent: bytes) -> None:
        """Send all of it."""
        self.sock.sendall(sent)

    def answer(self, method: str = "GET") -> Answer:
        """The next answer. Raises one of DROPPED where none comes."""
        response = HTTPResponse(cast("socket.socket", self), method=method)
        response.begin()
        return Answer(response.status, response.headers, response.read())

    def is_ended(self) -> bool:
        """Whether the server has ended the connection in order, having sent nothing more."""
        return self.received.read(1) == b""

    def close(self) -> None:
        """End the connection."""
        self._raw.close()
        self.sock.close()


@contextmanager
def wire(port: int) -> Iterator[Wire]:
    """A connection that ends with the block."""
    connection = Wire(port)
    try:
        yield connection
    finally:
        connection.close()
