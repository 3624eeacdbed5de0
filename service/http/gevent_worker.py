"""gunicorn's gevent worker, except that what it cannot parse is answered as a problem too."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import gevent
from gunicorn import util
from gunicorn.workers.base_async import AsyncWorker
from gunicorn.workers.ggevent import GeventWorker

from service.config import load_settings
from service.http.security_headers import SECURITY_HEADERS
from service.ids import uuid7
from service.strict_json import render

#: Seconds for which what a client is still sending is read and forgotten before its connection is closed.
LINGER = 2.0

#: Seconds that a connection may stay without a request once the worker was told to end.
LAST_WORD = 1.0


class Worker(GeventWorker):  # type: ignore[misc]  # gunicorn ships no types
    """A gevent worker that never answers HTML, never resets an answer away, and ends without waiting for the idle."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.patience = load_settings().client_timeout
        self.serving: dict[gevent.Greenlet, socket.socket] = {}
        self.idle: set[gevent.Greenlet] = set()

    def handle(self, listener: socket.socket, client: socket.socket, addr: Any) -> None:
        """Serve one connection to its end, and close it so that the client can read the last answer."""
        kept, me = client.dup(), gevent.getcurrent()
        self.serving[me] = kept
        # Neither a body nor a reader that stalls may hold a place for ever; gunicorn's own handle waits without end.
        client.settimeout(self.patience)
        try:
            AsyncWorker.handle(self, listener, client, addr)
        finally:
            del self.serving[me]
            _close(kept)

    @contextmanager
    def timeout_ctx(self) -> Iterator[None]:
        """Wait for a connection's next request no longer than it may be idle."""
        me = gevent.getcurrent()
        self.idle.add(me)
        try:
            # A timeout without an exception of its own ends the block quietly.
            with gevent.Timeout(self.cfg.keepalive if self.alive else LAST_WORD, exception=False):
                yield
        finally:
            self.idle.discard(me)

    def handle_exit(self, sig: int, frame: Any) -> None:
        """Take no further request on connections that are idle, and let nobody wait for changes any longer."""
        super().handle_exit(sig, frame)
        gevent.spawn(self._dismiss)

    def _dismiss(self) -> None:
        if app := getattr(self.wsgi, "extensions", None):  # benchmarks serve one that is not ours
            app["policytrail"].tail.end()
        for one in self.idle:
            with suppress(OSError):
                # What has come already is still read and answered.
                self.serving[one].shutdown(socket.SHUT_RD)


def _close(sock: socket.socket) -> None:
    """Close a connection; at once would be a reset, and the answer lost, if bytes are unread (RFC 9112, 9.6).

    Unless a reset is what it was set for, since the answer broke off.
    """
    if sock.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER):
        sock.close()
        return
    with suppress(OSError), gevent.Timeout(LINGER, exception=False):
        sock.shutdown(socket.SHUT_WR)
        while sock.recv(65_536):
            pass
    sock.close()


def _write_problem(sock: socket.socket, status: int, reason: str, message: str) -> None:
    """Answer a request that never became one, as application/problem+json."""
    told = {
        "type": "about:blank",
        "title": reason,
        "status": status,
        "detail": message,
        "request_id": str(uuid7()),
    }
    body = render(told)
    head = (
        f"HTTP/1.1 {status} {reason}\r\nConnection: close\r\nContent-Type: application/problem+json\r\n"
        f"Content-Length: {len(body)}\r\nX-Request-Id: {told['request_id']}\r\nCache-Control: no-store\r\n"
        f"{_SECURITY}\r\n"
    )
    util.write_nonblock(sock, head.encode("latin-1") + body)


_SECURITY = "".join(f"{name}: {value}\r\n" for name, value in SECURITY_HEADERS)

# gunicorn has no hook for this answer; its workers call the function through the module.
util.write_error = _write_problem
