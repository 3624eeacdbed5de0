"""Receivers of webhooks, well-behaved and otherwise, on this machine."""

import asyncio
import ssl
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson

#: What a receiver does with a request: writes what it likes to the connection.
Behaviour = Callable[["Request", asyncio.StreamWriter], Awaitable[None]]


@dataclass(frozen=True)
class Request:
    """What came in."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON."""
        return orjson.loads(self.body)

    @property
    def id(self) -> str:
        """Its webhook-id."""
        return self.headers["webhook-id"]


@dataclass
class Receiver:
    """A running receiver. `behave` may be changed at any time."""

    behave: Behaviour
    port: int = 0
    scheme: str = "http"
    requests: list[Request] = field(default_factory=list)
    connections: int = 0

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"{self.scheme}://{'localhost' if self.scheme == 'https' else '127.0.0.1'}:{self.port}/hook"

    @property
    def ids(self) -> list[str]:
        """The webhook-ids that came in, in order."""
        return [request.id for request in list(self.requests)]

    @property
    def seqs(self) -> list[int]:
        """The numbers of the changes that came in, in order."""
        return [request.json()["data"]["seq"] for request in list(self.requests)]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection."""
        self.connections += 1
        try:
            while not writer.is_closing():
                request = await _request(reader)
                self.requests.append(request)
                await self.behave(request, writer)
                await writer.drain()
        except (asyncio.CancelledError, asyncio.IncompleteReadError, OSError):
            pass  # the other side has gone, or the block has ended
        finally:
            writer.transport.abort()


async def _request(reader: asyncio.StreamReader) -> Request:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, path, _ = head[0].split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Request(method, path, headers, body)


def answering(status: int = 200, body: bytes = b"ok", **headers: str) -> Behaviour:
    """Answers so."""
    told = {"Content-Length": str(len(body))} | {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [f"HTTP/1.1 {status} Said", *(f"{name}: {value}" for name, value in told.items()), "", ""]

    async def behave(_: Request, writer: asyncio.StreamWriter) -> None:
        writer.write("\r\n".join(lines).encode("latin-1") + body)

    return behave


def failing_first(times: int, status: int = 500) -> Behaviour:
    """Answers `status` so many times to each webhook-id, and then accepts."""
    seen: dict[str, int] = {}
    refuse, accept = answering(status), answering()

    async def behave(request: Request, writer: asyncio.StreamWriter) -> None:
        seen[request.id] = seen.get(request.id, 0) + 1
        await (refuse if seen[request.id] <= times else accept)(request, writer)

    return behave


async def hang(_: Request, __: asyncio.StreamWriter) -> None:
    """Answers nothing."""
    await asyncio.sleep(60)


async def drop(_: Request, writer: asyncio.StreamWriter) -> None:
    """Closes the connection without a word."""
    writer.close()


def writing_on(first: bytes, more: bytes, *, every: float = 0.0) -> Behaviour:
    """Writes `first`, and then `more` without end."""

    async def behave(_: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(first)
        while not writer.is_closing():
            writer.write(more)
            await writer.drain()
            await asyncio.sleep(every)

    return behave


@contextmanager
def receiving(
    behave: Behaviour | None = None, *, tls: ssl.SSLContext | None = None, port: int = 0, host: str = "127.0.0.1"
) -> Iterator[Receiver]:
    """A receiver in a thread of its own, until the block ends. It accepts everything unless told otherwise."""
    receiver = Receiver(behave or answering(), scheme="https" if tls else "http")
    ready, stop, loop = threading.Event(), asyncio.Event(), asyncio.new_event_loop()

    async def serve() -> None:
        server = await asyncio.start_server(receiver.serve, host, port, ssl=tls, backlog=1000)
        receiver.port = server.sockets[0].getsockname()[1]
        ready.set()
        await stop.wait()
        server.close()

    def run() -> None:
        asyncio.set_event_loop(loop)
        loop.run_until_complete(serve())
        while left := asyncio.all_tasks(loop):
            for one in left:
                one.cancel()
            loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        loop.run_until_complete(asyncio.sleep(0.01))  # transports close one turn later
        loop.close()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert ready.wait(10)
    try:
        yield receiver
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
