"""A receiver with little cost of its own: `python -m benchmarks.webhooks.receiver LOG [CERTIFICATE KEY]`.

It listens on three ports, which it prints: one accepts, one accepts by TLS if there is a certificate, and one never
answers. On SIGTERM it writes the time, event and path of each delivery to LOG.
"""

import asyncio
import signal
import ssl
import sys
import time
from pathlib import Path
from typing import cast

import uvloop

_RESPONSE = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
_EVENT = b'"event_id":"'

#: Time, event and path of a delivery.
Arrival = tuple[float, bytes, bytes]


class Accepting(asyncio.Protocol):
    """A connection with requests one after the other."""

    def __init__(self, arrivals: list[Arrival]) -> None:
        """Append to `arrivals`, the list of all connections."""
        self._arrivals = arrivals
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast("asyncio.WriteTransport", transport)

    def data_received(self, data: bytes) -> None:
        """Answer every request that is complete."""
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = self._buffer[:end].lower()
            at = head.index(b"content-length:") + 15
            whole = end + 4 + int(head[at:].split(b"\r\n", 1)[0])
            if len(self._buffer) < whole:
                return
            event = self._buffer.find(_EVENT, end) + len(_EVENT)
            path = self._buffer.split(b" ", 2)[1]
            self._arrivals.append((time.time(), self._buffer[event : event + 36], path))
            self._buffer = self._buffer[whole:]
            self._transport.write(_RESPONSE)


async def receive(arrivals: list[Arrival], certificate: tuple[str, str] | None) -> None:
    """Receive until SIGTERM."""
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if certificate:
        tls.load_cert_chain(*certificate)
    servers = [
        await loop.create_server(lambda: Accepting(arrivals), "127.0.0.1", 0, backlog=4096),
        await loop.create_server(lambda: Accepting(arrivals), "127.0.0.1", 0, backlog=4096, ssl=tls),
        await loop.create_server(asyncio.Protocol, "127.0.0.1", 0, backlog=4096),
    ]
    print(*(server.sockets[0].getsockname()[1] for server in servers), flush=True)
    await stop.wait()


if __name__ == "__main__":
    arrivals: list[Arrival] = []
    uvloop.run(receive(arrivals, (sys.argv[2], sys.argv[3]) if sys.argv[2:] else None))
    lines = (f"{at} {event.decode()} {path.decode()}\n" for at, event, path in arrivals)
    Path(sys.argv[1]).write_text("".join(lines))
