"""Requests to well-behaved and malicious receivers: bounded in time, in size, and in their destination."""

import asyncio
import gzip
import socket
import ssl
import threading
import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest
import trustme

from service.webhooks import sender
from service.webhooks.address_guard import AddressGuard, parse_networks
from service.webhooks.resolver import Resolver
from service.webhooks.sender import MAX_BODY_BYTES, MAX_HEADERS, Reply, Sender
from tests.deliveries import PATIENCE
from tests.receivers import (
    Behaviour,
    Receiver,
    Request,
    drop,
    hang,
    respond_with,
    run_receiver,
    write_and_close,
    write_forever,
)
from tests.service.webhooks.test_address_guard import REFUSED

LOOPBACK = parse_networks("127.0.0.0/8,::1/128")
HERE = AddressGuard(LOOPBACK, LOOPBACK)
NOWHERE = AddressGuard([], parse_networks("0.0.0.0/0,::/0"))
BODY = b'{"type":"event.create"}'


def send(
    url: str, *, guard: AddressGuard = HERE, timeout: float = 10.0, times: int = 1, pause: float = 0.0, **options: Any
) -> list[Reply]:
    """Return the replies to `times` requests of one sender to `url`."""

    async def go() -> list[Reply]:
        replies = []
        async with Sender(guard, timeout=timeout, **options) as sender_:
            for _ in range(times):
                replies.append(await sender_.send("POST", url, {"webhook-id": "1"}, BODY))
                await asyncio.sleep(pause)
        await asyncio.sleep(0)  # transports close in the next iteration of the loop
        return replies

    return asyncio.run(go())


def reply_of(behave: Behaviour, **options: Any) -> tuple[Reply, Receiver]:
    """Return the reply of a receiver with this behaviour, and the receiver."""
    with run_receiver(behave) as receiver:
        [reply] = send(receiver.url, **options)
        return reply, receiver


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Allow the time that a slow machine needs for a connection, and before it opens a dropped one again."""
    monkeypatch.setattr(sender, "CONNECT_TIMEOUT", PATIENCE)
    monkeypatch.setattr(sender, "RECONNECT_WITHIN", PATIENCE)


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


@pytest.mark.usefixtures("patient")
def test_a_refused_or_dropped_connection_is_unreachable() -> None:
    with run_receiver() as receiver:
        url = receiver.url
    assert send(url) == [Reply("unreachable")]
    reply, receiver = reply_of(drop)
    assert reply == Reply("unreachable")
    assert len(receiver.requests) == 2  # repeated once, as for an idle connection


def test_proxies_of_the_environment_are_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    with run_receiver() as proxy, run_receiver() as receiver:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        assert send(receiver.url)[0].outcome == "accepted"
        assert proxy.requests == []


# Destinations.


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "localhost", "0.0.0.1", "[::]"),
        *("2130706433", "0x7f000001", "017700000001", "127.1", "0177.0.0.1", "0x7f.1", "127.0.0.1."),
        *("169.254.169.254", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "10.0.0.1", "[fe80::1]", "[fe80::1%25lo]"),
        *("0.0.0.0", "255.255.255.255", "224.0.0.1", "example.org@127.0.0.1"),  # noqa: S104 (not to be bound)
        *("example.org:443@127.0.0.1", "example.org%2f@127.0.0.1", "127.0.0.1#@example.org", "127.0.0.1?@example.org"),
        *("\uff11\uff12\uff17.0.0.1", "127\u30020\u30020\u30021", "\u24db\u24de\u24d2\u24d0\u24dbhost", "localhost."),
    ],
)
def test_no_spelling_of_a_host_reaches_a_private_address(host: str) -> None:
    with run_receiver() as receiver:
        [reply] = send(f"http://{host}:{receiver.port}/", guard=NOWHERE, timeout=60)
        assert reply.outcome in ("forbidden", "unknown_name")
        assert receiver.connections == 0


@pytest.mark.parametrize("kind", REFUSED)
def test_a_name_that_resolves_to_a_private_address_is_refused(kind: str) -> None:
    with run_receiver() as receiver:
        for address in REFUSED[kind]:
            replies = send(
                f"http://innocent.example:{receiver.port}/", guard=NOWHERE, resolver=Resolver(_lookup(address))
            )
            assert replies == [Reply("forbidden")], address
        assert receiver.connections == 0


def test_a_name_that_changes_to_a_private_address_is_refused() -> None:
    # 127.0.0.2 stands for a public address: it is the only one that this guard allows.
    guard = AddressGuard(parse_networks("127.0.0.2/32"), parse_networks("0.0.0.0/0"))
    lookup = _lookup("127.0.0.2", "127.0.0.1")

    async def go(port: int) -> list[str]:
        outcomes = []
        async with Sender(guard, timeout=PATIENCE, resolver=Resolver(lookup)) as sender_:
            for _ in range(2):
                reply = await sender_.send("POST", f"http://rebinding.example:{port}/", {}, BODY)
                outcomes.append(reply.outcome)
                sender_._plain.connector.clear_dns_cache()  # type: ignore[union-attr]  # as after a minute
        return outcomes

    with run_receiver(respond_with(200, b"", Connection="close"), host="127.0.0.2") as receiver:
        assert asyncio.run(go(receiver.port)) == ["accepted", "forbidden"]


def test_only_the_allowed_addresses_of_a_name_are_tried() -> None:
    with run_receiver() as receiver:
        lookup = _lookup(["10.0.0.1", "127.0.0.1"])
        [reply] = send(f"http://mixed.example:{receiver.port}/", resolver=Resolver(lookup))
        assert reply.outcome == "accepted"


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize("known", [True, False], ids=["known", "new"])
def test_names_that_do_not_resolve_have_their_outcome_and_delay_no_other_name(*, known: bool) -> None:
    number, stuck, all_stuck, give_up = 100, list[str](), threading.Event(), threading.Event()

    def lookup(host: str, *arguments: Any) -> list[tuple[Any, ...]]:
        if host == "well.example":
            return _address("127.0.0.1", int(arguments[0]))
        stuck.append(host)
        if len(stuck) == number:
            all_stuck.set()
        assert give_up.wait(PATIENCE)
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    async def go(port: int) -> tuple[set[str], str]:
        async with Sender(HERE, timeout=PATIENCE, resolver=Resolver(lookup)) as sender_:
            if known:
                await sender_.send("POST", f"http://well.example:{port}/", {}, BODY)
            others = [
                asyncio.ensure_future(sender_.send("POST", f"http://gone-{one}.example:{port}/", {}, BODY))
                for one in range(number)
            ]
            assert await asyncio.to_thread(all_stuck.wait, PATIENCE)
            sender_._plain.connector.clear_dns_cache()  # type: ignore[union-attr]  # so that the name is resolved again
            reply = await sender_.send("POST", f"http://well.example:{port}/again", {}, BODY)
            give_up.set()
            return {one.outcome for one in await asyncio.gather(*others)}, reply.outcome

    # The request succeeds while all other lookups are stuck.
    with run_receiver(respond_with(200, b"", Connection="close")) as receiver:
        outcomes, outcome = asyncio.run(go(receiver.port))
    assert (outcomes, outcome) == ({"unknown_name"}, "accepted")


# TLS.


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """A certificate authority."""
    return trustme.CA()


@pytest.fixture
def secure(authority: trustme.CA) -> Iterator[Receiver]:
    """A receiver with a certificate for localhost."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    with run_receiver(tls=context) as receiver:
        yield receiver


def test_a_certificate_of_a_trusted_authority_is_accepted(authority: trustme.CA, secure: Receiver) -> None:
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    # The scheme decides whether plain http is allowed, in any case.
    guard = AddressGuard(LOOPBACK, [])
    for url in (secure.url, secure.url.replace("https://localhost", "HTTPS://LocalHost")):
        assert send(url, guard=guard, tls=trusting)[0].outcome == "accepted"
        assert send(url.replace("https", "http").replace("HTTPS", "HTTP"), guard=guard) == [Reply("forbidden")]


def test_an_untrusted_certificate_or_one_of_another_name_is_refused(authority: trustme.CA, secure: Receiver) -> None:
    assert send(secure.url) == [Reply("bad_tls")]
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    other = Resolver(_lookup("127.0.0.1"))
    url = f"https://other.example:{secure.port}/"
    assert send(url, tls=trusting, resolver=other) == [Reply("bad_tls")]
    assert secure.requests == []


def test_https_to_a_plain_http_receiver_fails_in_tls() -> None:
    with run_receiver() as receiver:
        assert send(receiver.url.replace("http:", "https:"), timeout=1)[0].outcome in ("bad_tls", "timeout")


def _lookup(*answers: str | list[str]) -> Any:
    """Return a lookup that returns each of `answers` in turn, and then the last again and again."""
    remaining = list(answers)

    def lookup(_: str, port: int, *__: Any) -> list[tuple[Any, ...]]:
        answer = remaining.pop(0) if len(remaining) > 1 else remaining[0]
        addresses = answer if isinstance(answer, list) else [answer]
        return [info for address in addresses for info in _address(address, port)]

    return lookup


def _address(address: str, port: int) -> list[tuple[Any, ...]]:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return [(family, socket.SOCK_STREAM, 6, "", (address, port))]
