"""gunicorn's gevent worker, with problems for requests that it cannot parse, and orderly ends of connections."""

import socket
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http import HTTPStatus
from typing import Any

import gevent
from gunicorn import util
from gunicorn.workers.base_async import AsyncWorker
from gunicorn.workers.ggevent import GeventWorker

from service.config import load_settings
from service.http.network import network_of
from service.http.security_headers import SECURITY_HEADERS
from service.ids import uuid7
from service.strict_json import render

#: Seconds for which the worker reads and discards the rest of a request before it closes the connection.
LINGER = 2.0

#: The same for a connection that is refused at once.
SHORT_LINGER = 0.2

#: Seconds that a connection may idle once the worker is stopping.
LAST_WORD = 1.0

#: The part of the worker's connections beyond which each new one ends the one that has idled longest.
CROWDED = 0.9


class ApiWorker(GeventWorker):  # type: ignore[misc]  # gunicorn ships no types
    """A gevent worker that never answers HTML, never loses a response to a reset, and ends idle connections."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        settings = load_settings()
        self.client_timeout = settings.client_timeout
        # The address of a connection is the proxy's if there is one.
        self.most_from_one = 0 if settings.trusted_proxies else settings.max_connections_per_address
        self.connections: Counter[str] = Counter()
        self.serving: dict[gevent.Greenlet, socket.socket] = {}
        self.networks: dict[gevent.Greenlet, str] = {}
        #: The network of each connection that waits for a request, in the order in which they began to.
        self.idle: dict[gevent.Greenlet, str] = {}

    def handle(self, listener: socket.socket, client: socket.socket, addr: Any) -> None:
        """Serve one connection to its end, and close it so that the client can read the last response.

        While the worker is crowded, or the address has too many connections, the longest idle one is ended. An address
        with too many busy ones gets 429.
        """
        network = network_of(addr[0]) if addr else ""
        has_most = bool(network) and 0 < self.most_from_one <= self.connections[network]
        if has_most and not self._end_longest_idle(network):
            self._refuse(client)
            return
        duplicate, me = client.dup(), gevent.getcurrent()
        self.serving[me] = duplicate
        self.networks[me] = network
        self.connections[network] += 1
        if len(self.serving) > CROWDED * self.worker_connections:
            self._end_longest_idle()
        # A stalled body or reader must not hold a slot for ever; gunicorn's own handle waits without end.
        client.settimeout(self.client_timeout)
        try:
            AsyncWorker.handle(self, listener, client, addr)
        finally:
            del self.serving[me], self.networks[me]
            self.connections[network] -= 1
            if not self.connections[network]:
                del self.connections[network]
            _close(duplicate)

    def _refuse(self, client: socket.socket) -> None:
        with suppress(OSError):
            limit = f"An address may have {self.most_from_one} connections; close some, or use them for more requests."
            _write_problem(client, 429, "Too Many Requests", limit)
        _close(client, SHORT_LINGER)

    def _end_longest_idle(self, network: str | None = None) -> bool:
        """End the connection, of `network` if given, that has waited longest for a request. False if none waits."""
        longest = next((one for one, of in self.idle.items() if network in (None, of)), None)
        if longest is None:
            return False
        del self.idle[longest]
        with suppress(OSError):
            self.serving[longest].shutdown(socket.SHUT_RD)
        return True

    @contextmanager
    def timeout_ctx(self) -> Iterator[None]:
        """Limit the wait for a connection's next request."""
        me = gevent.getcurrent()
        self.idle[me] = self.networks[me]
        try:
            # A timeout without an exception of its own ends the block silently.
            with gevent.Timeout(self.cfg.keepalive if self.alive else LAST_WORD, exception=False):
                yield
        finally:
            self.idle.pop(me, None)

    def handle_exit(self, sig: int, frame: Any) -> None:
        """Stop: accept no more requests on idle connections, and end requests that wait for changes."""
        super().handle_exit(sig, frame)
        gevent.spawn(self._end_idle)

    def _end_idle(self) -> None:
        if app := getattr(self.wsgi, "extensions", None):  # benchmarks serve other apps too
            app["policytrail"].tail.end()
        for one in list(self.idle):
            with suppress(OSError):
                # A request that has arrived already is still read and answered.
                self.serving[one].shutdown(socket.SHUT_RD)


def _close(sock: socket.socket, linger: float = LINGER) -> None:
    """Close a connection once its rest is read: unread bytes would cause a reset, which loses the response.

    See RFC 9112, section 9.6.
    A connection with SO_LINGER closes at once: the reset shows its client that the response is incomplete.
    """
    if sock.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER):
        sock.close()
        return
    with suppress(OSError), gevent.Timeout(linger, exception=False):
        sock.shutdown(socket.SHUT_WR)
        while sock.recv(65_536):
            pass
    sock.close()


def _write_problem(sock: socket.socket, status: int, reason: str, message: str) -> None:
    """Answer a malformed request with application/problem+json. gunicorn's `reason` may be that of another status."""
    reason = _REASONS.get(status, reason)
    problem = {
        "type": "about:blank",
        "title": reason,
        "status": status,
        "detail": message,
        "request_id": str(uuid7()),
    }
    body = render(problem)
    head = (
        f"HTTP/1.1 {status} {reason}\r\nConnection: close\r\nContent-Type: application/problem+json\r\n"
        f"Content-Length: {len(body)}\r\nX-Request-Id: {problem['request_id']}\r\nCache-Control: no-store\r\n"
        f"{_SECURITY}\r\n"
    )
    util.write_nonblock(sock, head.encode("latin-1") + body)


#: Reasons that gunicorn leaves at "Bad Request".
_REASONS = {code: HTTPStatus(code).phrase for code in (500, 501)}

_SECURITY = "".join(f"{name}: {value}\r\n" for name, value in SECURITY_HEADERS)

# gunicorn has no hook for this response; its workers call the function through the module.
util.write_error = _write_problem
