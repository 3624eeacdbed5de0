"""gunicorn's gevent worker, except that what it cannot parse is answered as a problem too."""

import socket

from gunicorn import util
from gunicorn.workers.ggevent import GeventWorker

from service.hardening import SECURITY_HEADERS
from service.ids import uuid7
from service.jsontext import render


class Worker(GeventWorker):  # type: ignore[misc]  # gunicorn ships no types
    """A gevent worker that never answers HTML."""


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
