"""gunicorn's own errors: problems whose title is the reason of their status."""

import socket
from http.client import HTTPResponse

import orjson
import pytest

from service.http.gevent_worker import _write_problem


@pytest.mark.parametrize(
    ("status", "given", "reason"),
    [
        (400, "Bad Request", "Bad Request"),
        (403, "Forbidden", "Forbidden"),
        (414, "URI Too Long", "URI Too Long"),
        (417, "Expectation Failed", "Expectation Failed"),
        (431, "Request Header Fields Too Large", "Request Header Fields Too Large"),
        # gunicorn sets these statuses, and leaves the reason of 400.
        (500, "Bad Request", "Internal Server Error"),
        (501, "Bad Request", "Not Implemented"),
    ],
)
def test_the_status_line_and_the_title_have_the_reason_of_the_status(status: int, given: str, reason: str) -> None:
    server, client = socket.socketpair()
    with server, client:
        _write_problem(server, status, given, "Unsupported transfer coding")
        response = HTTPResponse(client)
        response.begin()
        body = orjson.loads(response.read())
    assert (response.status, response.reason) == (status, reason)
    assert (body["type"], body["title"], body["status"]) == ("about:blank", reason, status)
