"""Receivers of webhooks on this machine, well-behaved and otherwise."""

import asyncio
import ssl
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson

#: The behaviour of a receiver: writes a response, or something else, to the connection.
Behaviour = Callable[["Request", asyncio.StreamWriter], Awaitable[None]]


@dataclass(frozen=True)
class Request:
    """A request that a receiver got."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """Return the body's JSON."""
        return orjson.loads(self.body)

    @property
    def id(self) -> str:
        """The webhook-id."""
        return self.headers["webhook-id"]


@dataclass
class Receiver:
    """A running receiver. Tests may change `behave` at any time."""

    behave: Behaviour
    port: int = 0
    scheme: str = "http"
    requests: list[Request] = field(default_factory=list)
    connections: int = 0

    @property
    def url(self) -> str:
        """The URL at which it listens."""
        return f"{self.scheme}://{'localhost' if self.scheme == 'https' else '127.0.0.1'}:{self.port}/hook"

    @property
    def ids(self) -> list[str]:
        """The webhook-ids of the requests, in order."""
        return [request.id for request in list(self.requests)]

    @property
    def seqs(self) -> list[int]:
        """The numbers of the changes in the requests, in order."""
        return [request.json()["data"]["seq"] for request in list(self.requests)]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Respond to the requests of one connection."""
        self.connections += 1
        try:
            while not writer.is_closing():
                request = await _request(reader)
                self.requests.append(request)
                await self.behave(request, writer)
                await writer.drain()
        except (asyncio.CancelledError, asyncio.IncompleteReadError, OSError):
            pass  # the client has gone, or the block has ended
        finally:
            writer.transport.abort()


async def _request(reader: asyncio.StreamReader) -> Request:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, path, _ = head[0].split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Request(method, path, headers, body)


def respond_with(status: int = 200, body: bytes = b"ok", **headers: str) -> Behaviour:
    """Return the behaviour of sending this response."""
    all_headers = {"Content-Length": str(len(body))} | {
        name.replace("_", "-"): value for name, value in headers.items()
    }
    lines = [f"HTTP/1.1 {status} Reason", *(f"{name}: {value}" for name, value in all_headers.items()), "", ""]

    async def behave(_: Request, writer: asyncio.StreamWriter) -> None:
        writer.write("\r\n".join(lines).encode("latin-1") + body)

    return behave


def fail_first(times: int, status: int = 500) -> Behaviour:
    """Return the behaviour of failing `times` attempts of each webhook-id and then accepting."""
    attempts: dict[str, int] = {}
    refuse, accept = respond_with(status), respond_with()

    async def behave(request: Request, writer: asyncio.StreamWriter) -> None:
        attempts[request.id] = attempts.get(request.id, 0) + 1
        await (refuse if attempts[request.id] <= times else accept)(request, writer)

    return behave


async def hang(_: Request, __: asyncio.StreamWriter) -> None:
    """Send nothing and keep the connection open."""
    await asyncio.sleep(3600)  # a timer, which keeps the task alive


async def drop(_: Request, writer: asyncio.StreamWriter) -> None:
    """Close the connection without a response."""
    writer.close()


def write_and_close(data: bytes) -> Behaviour:
    """Return the behaviour of writing `data` and closing the connection."""

    async def behave(_: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        await writer.drain()
        writer.close()

    return behave


def write_forever(first: bytes, more: bytes, *, every: float = 0.0) -> Behaviour:
    """Return the behaviour of writing `first`, and then `more` without end, with pauses of `every` seconds."""

    async def behave(_: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(first)
        while not writer.is_closing():
            writer.write(more)
            await writer.drain()
            await asyncio.sleep(every)

    return behave


@contextmanager
def run_receiver(
    behave: Behaviour | None = None, *, tls: ssl.SSLContext | None = None, port: int = 0, host: str = "127.0.0.1"
) -> Iterator[Receiver]:
    """Run a receiver in a thread until the block ends. By default it accepts everything."""
    receiver = Receiver(behave or respond_with(), scheme="https" if tls else "http")
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
        while tasks := asyncio.all_tasks(loop):
            for task in tasks:
                task.cancel()
            loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
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
