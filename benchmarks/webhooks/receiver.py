"""A receiver that takes next to nothing: `python -m benchmarks.webhooks.receiver LOG [CERTIFICATE KEY]`.

It listens on three ports, which it prints: one that accepts, one that accepts by TLS if it has a certificate, and one
that answers nothing. When it is told to end it writes to LOG, for each delivery, its event, its webhook and its time.
"""

import asyncio
import signal
import ssl
import sys
import time
from pathlib import Path
from typing import cast

import uvloop

_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
_EVENT = b'"event_id":"'

#: When what was delivered, of which event, to which path.
Arrival = tuple[float, bytes, bytes]


class Accepting(asyncio.Protocol):
    """One connection, by which requests come one after the other."""

    def __init__(self, arrivals: list[Arrival]) -> None:
        """`arrivals` of all connections."""
        self._arrivals = arrivals
        self._read = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast("asyncio.WriteTransport", transport)

    def data_received(self, data: bytes) -> None:
        """Answer whatever is whole by now."""
        self._read += data
        while (end := self._read.find(b"\r\n\r\n")) >= 0:
            head = self._read[:end].lower()
            at = head.index(b"content-length:") + 15
            whole = end + 4 + int(head[at:].split(b"\r\n", 1)[0])
            if len(self._read) < whole:
                return
            event = self._read.find(_EVENT, end) + len(_EVENT)
            path = self._read.split(b" ", 2)[1]
            self._arrivals.append((time.time(), self._read[event : event + 36], path))
            self._read = self._read[whole:]
            self._transport.write(_ANSWER)


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
    arrived: list[Arrival] = []
    uvloop.run(receive(arrived, (sys.argv[2], sys.argv[3]) if sys.argv[2:] else None))
    lines = (f"{at} {event.decode()} {path.decode()}\n" for at, event, path in arrived)
    Path(sys.argv[1]).write_text("".join(lines))
