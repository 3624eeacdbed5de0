"""Requests to well-behaved and malicious receivers: bounded in time and in size."""

import asyncio
import gzip
import tracemalloc
from typing import Any

import pytest

from service.webhooks.sender import MAX_BODY_BYTES, MAX_HEADERS, Reply
from tests.receivers import (
    Request,
    hang,
    respond_with,
    run_receiver,
    write_and_close,
    write_forever,
)
from tests.senders import BODY, reply_of, send


def test_an_accepted_request_returns_the_response() -> None:
    reply, receiver = reply_of(respond_with(202, b"thanks", X_Mine="yes"))
    assert reply == Reply("accepted", 202, {"Content-Length": "6", "X-Mine": "yes"}, b"thanks")
    [request] = receiver.requests
    assert (request.method, request.path, request.body) == ("POST", "/hook", BODY)
    assert "accept-encoding" not in request.headers


@pytest.mark.parametrize(
    ("status", "outcome"),
    [(204, "accepted"), (299, "accepted"), (400, "refused"), (404, "refused"), (410, "gone"), (503, "refused")],
)
def test_the_status_determines_the_outcome(status: int, outcome: str) -> None:
    reply, _ = reply_of(respond_with(status, b""))
    assert (reply.outcome, reply.status) == (outcome, status)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_not_followed(status: int) -> None:
    with run_receiver() as other:
        reply, receiver = reply_of(respond_with(status, b"", Location=other.url))
        assert (reply.outcome, reply.status, len(receiver.requests), other.requests) == ("redirected", status, 1, [])
    reply, receiver = reply_of(respond_with(status, b"", Location="http://169.254.169.254/latest/meta-data/"))
    assert (reply.outcome, len(receiver.requests)) == ("redirected", 1)


def test_a_connection_is_reused() -> None:
    with run_receiver() as receiver:
        assert {reply.outcome for reply in send(receiver.url, times=5)} == {"accepted"}
        assert receiver.connections == 1


@pytest.mark.usefixtures("patient")
def test_a_connection_that_the_receiver_has_closed_is_replaced() -> None:
    with run_receiver() as receiver:
        respond = receiver.behave

        async def respond_and_close(request: Any, writer: asyncio.StreamWriter) -> None:
            await respond(request, writer)
            await writer.drain()
            asyncio.get_running_loop().call_later(0.05, writer.transport.abort)

        receiver.behave = respond_and_close
        assert {reply.outcome for reply in send(receiver.url, times=4, pause=0.05)} == {"accepted"}


def test_a_hanging_receiver_times_out() -> None:
    reply, _ = reply_of(hang, timeout=0.5)
    assert reply == Reply("timeout")


def test_a_dripping_body_times_out() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"
    reply, _ = reply_of(write_forever(head, b"x", every=0.05), timeout=0.5)
    assert reply == Reply("timeout")


def test_dripping_headers_time_out() -> None:
    reply, _ = reply_of(write_forever(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n", every=0.05), timeout=0.5)
    assert reply.outcome == "timeout"


@pytest.mark.parametrize(
    "more",
    [b"X-Endless: " + b"y" * 1000 + b"\r\n", b"y" * 65536, b"A: b\r\n" * 1000],
    ids=["many headers", "a header without end", "a thousand at once"],
)
def test_endless_headers_are_cut_off(more: bytes) -> None:
    with run_receiver(write_forever(b"HTTP/1.1 200 OK\r\nX: ", more)) as receiver:
        replies = send(receiver.url, times=2)
        assert ([reply.outcome for reply in replies], receiver.connections) == (["accepted"] * 2, 2)


#: Responses that aiohttp's parser refuses behind the status line.
MALFORMED = {
    "a body where none may be": b"Content-Length: 2\r\n\r\nok",
    "a body that was not announced": b"\r\n\r\nok",
    "more than was announced": b"Content-Length: 1\r\n\r\nok",
    "less than was announced": b"Content-Length: 99\r\n\r\nok",
    "a length twice": b"Content-Length: 2\r\nContent-Length: 2\r\n\r\nok",
    "two lengths": b"Content-Length: 2\r\nContent-Length: 3\r\n\r\nok",
    "a length that is no number": b"Content-Length: two\r\n\r\nok",
    "a length beside chunks": b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    "chunks that are none": b"Transfer-Encoding: chunked\r\n\r\nok",
    "a long header": b"X: " + b"y" * 20_000 + b"\r\n\r\n",
    "a long header's name": b"y" * 20_000 + b": x\r\n\r\n",
    "many headers": b"X: y\r\n" * 1_000 + b"\r\n",
    "a header with a NUL": b"X: \0\r\n\r\n",
    "a line without a colon": b"malformed\r\n\r\n",
    "a header without an end": b"X: y",
}


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize("status", [200, 204])
@pytest.mark.parametrize("rest", MALFORMED.values(), ids=MALFORMED.keys())
def test_what_follows_an_accepted_status_is_no_failure_and_is_not_sent_again(status: int, rest: bytes) -> None:
    with run_receiver(write_and_close(b"HTTP/1.1 %d Fine\r\n" % status + rest)) as receiver:
        replies = send(receiver.url, times=2)
        assert [(reply.outcome, reply.status) for reply in replies] == [("accepted", status)] * 2
        assert len(receiver.requests) == 2


@pytest.mark.parametrize(("status", "outcome"), [(410, "gone"), (503, "refused"), (302, "redirected")])
def test_any_status_counts_before_a_malformed_rest(status: int, outcome: str) -> None:
    rest = b"Retry-After: 7\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok"
    reply, _ = reply_of(write_and_close(b"HTTP/1.1 %d Reason\r\n" % status + rest))
    assert (reply.outcome, reply.header("retry-after")) == (outcome, "7")


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize("head", [b"HTTP/1.1 204 None\r\n\r\n", b"HTTP/1.1 204 None\r\nContent-Length: 2\r\n\r\n"])
def test_bytes_behind_a_response_do_not_spoil_the_next_one(head: bytes) -> None:
    async def respond(_: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(head)
        await writer.drain()
        await asyncio.sleep(0.05)
        writer.write(b"ok")

    with run_receiver(respond) as receiver:
        assert [reply.outcome for reply in send(receiver.url, times=3, pause=0.1)] == ["accepted"] * 3
        assert [reply.outcome for reply in send(receiver.url, times=3)] == ["accepted"] * 3


@pytest.mark.parametrize("target", ["/a%2Fb/../c", "/hook%3A?x=%2f&y=a+b", "//x/./?"])
def test_the_target_of_a_url_arrives_byte_for_byte(target: str) -> None:
    with run_receiver() as receiver:
        url = f"HTTP://127.0.0.1:{receiver.port}{target}"
        assert (send(url)[0].outcome, [request.path for request in receiver.requests]) == ("accepted", [target])
        assert receiver.requests[0].headers["host"] == f"127.0.0.1:{receiver.port}"


@pytest.mark.parametrize(
    "answer", [b"SSH-2.0-OpenSSH_9.6\r\n", b"\x15\x03\x01\x00\x02\x02\x16", b"HTTP/9.9 200\r\n\r\n", b"\0" * 9]
)
def test_a_response_that_is_not_http_has_its_outcome(answer: bytes) -> None:
    reply, _ = reply_of(write_forever(answer, b"\r\n\r\n", every=0.01))
    assert reply.outcome == "not_http"


@pytest.mark.parametrize("head", [b"Content-Length: 1073741824\r\n\r\n", b"\r\n"], ids=["1 GB announced", "no length"])
def test_only_the_start_of_an_endless_body_is_read_and_the_connection_is_closed(head: bytes) -> None:
    tracemalloc.start()
    with run_receiver(write_forever(b"HTTP/1.1 200 OK\r\n" + head, b"z" * 65536)) as receiver:
        replies = send(receiver.url, times=3)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert [(reply.outcome, reply.body) for reply in replies] == [("accepted", b"z" * MAX_BODY_BYTES)] * 3
        assert receiver.connections == 3
    assert peak < 20 * 1024**2


def test_a_gzip_bomb_is_not_decompressed() -> None:
    bomb = gzip.compress(b"\0" * 50_000_000)
    reply, _ = reply_of(respond_with(200, bomb, Content_Encoding="gzip"))
    assert (reply.outcome, reply.body) == ("accepted", bomb[:MAX_BODY_BYTES])


def test_response_headers_are_bounded_and_storable() -> None:
    headers = {f"X_{number}": "v" * 2000 for number in range(3)} | {"Y": "nul\x01 caf\xe9 \xff", "Set_Cookie": "a=b"}
    reply, _ = reply_of(respond_with(200, b"", **headers))
    assert reply.headers is not None
    assert reply.headers["X-1"] == "v" * 1000
    assert reply.headers["Y"].encode("utf-8").isascii() is False
    assert all(char.isprintable() for value in reply.headers.values() for char in value)
    reply, _ = reply_of(respond_with(200, b"", **{f"X_{number}": "v" for number in range(100)}))
    assert reply.headers is not None
    assert len(reply.headers) == MAX_HEADERS


def test_cookies_are_ignored() -> None:
    with run_receiver(respond_with(200, b"", Set_Cookie="session=1; Path=/")) as receiver:
        send(receiver.url, times=2)
        assert [request.headers.get("cookie") for request in receiver.requests] == [None, None]
