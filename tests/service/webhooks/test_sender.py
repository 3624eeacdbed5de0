"""One request to receivers that do what they like: bounded in time, in size, and in where it goes."""

import asyncio
import gzip
import socket
import ssl
import time
import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest
import trustme

from service.webhooks.address_guard import AddressGuard, parse_networks
from service.webhooks.resolver import Resolver
from service.webhooks.sender import MAX_BODY_BYTES, MAX_HEADERS, Reply, Sender
from tests.receivers import Behaviour, Receiver, answering, drop, hang, receiving, writing_on
from tests.service.webhooks.test_address_guard import REFUSED

LOOPBACK = parse_networks("127.0.0.0/8,::1/128")
HERE = AddressGuard(LOOPBACK, LOOPBACK)
NOWHERE = AddressGuard([], parse_networks("0.0.0.0/0,::/0"))
BODY = b'{"type":"event.create"}'


def send(
    url: str, *, guard: AddressGuard = HERE, timeout: float = 10.0, times: int = 1, pause: float = 0.0, **options: Any
) -> list[Reply]:
    """What comes of sending to `url`, so many times by one sender."""

    async def go() -> list[Reply]:
        replies = []
        async with Sender(guard, timeout=timeout, **options) as sender:
            for _ in range(times):
                replies.append(await sender.send("POST", url, {"webhook-id": "1"}, BODY))
                await asyncio.sleep(pause)
        await asyncio.sleep(0)  # transports close one turn later
        return replies

    return asyncio.run(go())


def answered(behave: Behaviour, **options: Any) -> tuple[Reply, Receiver]:
    """What comes of sending once to a receiver that behaves so."""
    with receiving(behave) as receiver:
        [reply] = send(receiver.url, **options)
        return reply, receiver


def test_what_is_accepted_is_told_with_its_answer() -> None:
    reply, receiver = answered(answering(202, b"thanks", X_Mine="yes"))
    assert reply == Reply("accepted", 202, {"Content-Length": "6", "X-Mine": "yes"}, b"thanks")
    [request] = receiver.requests
    assert (request.method, request.path, request.body) == ("POST", "/hook", BODY)
    assert "accept-encoding" not in request.headers


@pytest.mark.parametrize(
    ("status", "outcome"),
    [(204, "accepted"), (299, "accepted"), (400, "refused"), (404, "refused"), (410, "gone"), (503, "refused")],
)
def test_the_status_decides(status: int, outcome: str) -> None:
    reply, _ = answered(answering(status, b""))
    assert (reply.outcome, reply.status) == (outcome, status)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed_least_of_all_to_metadata(status: int) -> None:
    with receiving() as other:
        reply, receiver = answered(answering(status, b"", Location=other.url))
        assert (reply.outcome, reply.status, len(receiver.requests), other.requests) == ("redirected", status, 1, [])
    reply, receiver = answered(answering(status, b"", Location="http://169.254.169.254/latest/meta-data/"))
    assert (reply.outcome, len(receiver.requests)) == ("redirected", 1)


def test_a_connection_is_used_again_and_given_up_before_common_servers_do() -> None:
    with receiving() as receiver:
        assert {reply.outcome for reply in send(receiver.url, times=5)} == {"accepted"}
        assert receiver.connections == 1


def test_a_kept_connection_that_was_closed_meanwhile_costs_nothing() -> None:
    with receiving() as receiver:
        kept = receiver.behave

        async def answer_and_close(request: Any, writer: asyncio.StreamWriter) -> None:
            await kept(request, writer)
            await writer.drain()
            asyncio.get_running_loop().call_later(0.05, writer.transport.abort)

        receiver.behave = answer_and_close
        assert {reply.outcome for reply in send(receiver.url, times=4, pause=0.05)} == {"accepted"}


def test_a_hanging_receiver_is_given_up_in_time() -> None:
    reply, _ = answered(hang, timeout=0.5)
    assert reply == Reply("timeout")


def test_a_body_that_drips_is_given_up_in_time() -> None:
    began = time.monotonic()
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"
    reply, _ = answered(writing_on(head, b"x", every=0.05), timeout=0.5)
    assert reply.outcome == "timeout"
    assert time.monotonic() - began < 5


def test_headers_that_drip_are_given_up_in_time() -> None:
    reply, _ = answered(writing_on(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n", every=0.05), timeout=0.5)
    assert reply.outcome == "timeout"


@pytest.mark.parametrize(
    "more",
    [b"X-Endless: " + b"y" * 1000 + b"\r\n", b"y" * 65536, b"A: b\r\n" * 1000],
    ids=["many headers", "a header without end", "a thousand at once"],
)
def test_endless_headers_are_no_http(more: bytes) -> None:
    reply, _ = answered(writing_on(b"HTTP/1.1 200 OK\r\nX: ", more))
    assert reply.outcome == "not_http"


@pytest.mark.parametrize(
    "answer", [b"SSH-2.0-OpenSSH_9.6\r\n", b"\x15\x03\x01\x00\x02\x02\x16", b"HTTP/9.9 200\r\n\r\n", b"\0" * 9]
)
def test_what_is_not_http_is_told_as_such(answer: bytes) -> None:
    reply, _ = answered(writing_on(answer, b"\r\n\r\n", every=0.01))
    assert reply.outcome == "not_http"


@pytest.mark.parametrize(
    "head", [b"Content-Length: 1073741824\r\n\r\n", b"\r\n"], ids=["1 GB announced", "no end told"]
)
def test_of_an_endless_body_only_the_beginning_is_read_and_the_connection_is_closed(head: bytes) -> None:
    tracemalloc.start()
    with receiving(writing_on(b"HTTP/1.1 200 OK\r\n" + head, b"z" * 65536)) as receiver:
        replies = send(receiver.url, times=3)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert [(reply.outcome, reply.body) for reply in replies] == [("accepted", b"z" * MAX_BODY_BYTES)] * 3
        assert receiver.connections == 3
    assert most < 20 * 1024**2


def test_a_gzip_bomb_stays_packed() -> None:
    bomb = gzip.compress(b"\0" * 50_000_000)
    reply, _ = answered(answering(200, bomb, Content_Encoding="gzip"))
    assert (reply.outcome, reply.body) == ("accepted", bomb[:MAX_BODY_BYTES])


def test_headers_are_kept_to_a_bound_and_in_characters_that_can_be_stored() -> None:
    headers = {f"X_{number}": "v" * 2000 for number in range(3)} | {"Y": "nul\x01 caf\xe9 \xff", "Set_Cookie": "a=b"}
    reply, _ = answered(answering(200, b"", **headers))
    assert reply.headers is not None
    assert reply.headers["X-1"] == "v" * 1000
    assert reply.headers["Y"].encode("utf-8").isascii() is False
    assert all(char.isprintable() for value in reply.headers.values() for char in value)
    reply, _ = answered(answering(200, b"", **{f"X_{number}": "v" for number in range(100)}))
    assert reply.headers is not None
    assert len(reply.headers) == MAX_HEADERS


def test_no_cookie_is_kept() -> None:
    with receiving(answering(200, b"", Set_Cookie="session=1; Path=/")) as receiver:
        send(receiver.url, times=2)
        assert [request.headers.get("cookie") for request in receiver.requests] == [None, None]


def test_a_connection_that_is_refused_or_dropped_is_unreachable() -> None:
    with receiving() as receiver:
        url = receiver.url
    assert send(url) == [Reply("unreachable")]
    reply, receiver = answered(drop)
    assert reply == Reply("unreachable")
    assert len(receiver.requests) == 2  # once more at once, as if it had been an old connection


def test_no_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with receiving() as proxy, receiving() as receiver:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        assert send(receiver.url)[0].outcome == "accepted"
        assert proxy.requests == []


# Where it may go.


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
def test_no_way_to_write_it_leads_to_an_address_that_is_not_public(host: str) -> None:
    with receiving() as receiver:
        [reply] = send(f"http://{host}:{receiver.port}/", guard=NOWHERE, timeout=2)
        assert reply.outcome in ("forbidden", "unknown_name")
        assert receiver.connections == 0


@pytest.mark.parametrize("kind", REFUSED)
def test_a_name_that_leads_to_such_an_address_is_refused_when_it_is_connected_to(kind: str) -> None:
    with receiving() as receiver:
        for address in REFUSED[kind]:
            replies = send(
                f"http://innocent.example:{receiver.port}/", guard=NOWHERE, resolver=Resolver(_leading_to(address))
            )
            assert replies == [Reply("forbidden")], address
        assert receiver.connections == 0


def test_a_name_that_is_public_first_and_private_when_it_is_asked_again_is_refused_then() -> None:
    # 127.0.0.2 stands for a public address: it is the only one that this guard lets through.
    guard, only = (
        AddressGuard(parse_networks("127.0.0.2/32"), parse_networks("0.0.0.0/0")),
        _leading_to("127.0.0.2", "127.0.0.1"),
    )

    async def go(port: int) -> list[str]:
        outcomes = []
        async with Sender(guard, timeout=5, resolver=Resolver(only)) as sender:
            for _ in range(2):
                reply = await sender.send("POST", f"http://rebinding.example:{port}/", {}, BODY)
                outcomes.append(reply.outcome)
                sender._plain.connector.clear_dns_cache()  # type: ignore[union-attr]  # as after a minute
        return outcomes

    with receiving(answering(200, b"", Connection="close"), host="127.0.0.2") as receiver:
        assert asyncio.run(go(receiver.port)) == ["accepted", "forbidden"]


def test_of_several_addresses_of_a_name_only_those_that_are_allowed_are_tried() -> None:
    with receiving() as receiver:
        lookup = _leading_to(["10.0.0.1", "127.0.0.1"])
        [reply] = send(f"http://mixed.example:{receiver.port}/", resolver=Resolver(lookup))
        assert reply.outcome == "accepted"


@pytest.mark.parametrize("known", [True, False], ids=["known", "new"])
def test_a_name_that_cannot_be_resolved_is_told_as_such_and_keeps_no_other_waiting(*, known: bool) -> None:
    def lookup(host: str, *arguments: Any) -> list[tuple[Any, ...]]:
        if host == "well.example":
            return _address("127.0.0.1", int(arguments[0]))
        time.sleep(0.3)
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    async def go(port: int) -> tuple[set[str], str, float]:
        async with Sender(HERE, timeout=10, resolver=Resolver(lookup)) as sender:
            if known:
                await sender.send("POST", f"http://well.example:{port}/", {}, BODY)
            others = [
                asyncio.ensure_future(sender.send("POST", f"http://gone-{number}.example:{port}/", {}, BODY))
                for number in range(100)
            ]
            await asyncio.sleep(0.05)
            sender._plain.connector.clear_dns_cache()  # type: ignore[union-attr]  # so that it has to be resolved anew
            began = time.monotonic()
            reply = await sender.send("POST", f"http://well.example:{port}/again", {}, BODY)
            took = time.monotonic() - began
            return {one.outcome for one in await asyncio.gather(*others)}, reply.outcome, took

    with receiving(answering(200, b"", Connection="close")) as receiver:
        outcomes, outcome, took = asyncio.run(go(receiver.port))
    assert (outcomes, outcome) == ({"unknown_name"}, "accepted")
    assert took < 0.3  # as long as one of the others takes alone


# TLS.


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """Whoever says who is who."""
    return trustme.CA()


@pytest.fixture
def secure(authority: trustme.CA) -> Iterator[Receiver]:
    """A receiver that is localhost by its certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    with receiving(tls=context) as receiver:
        yield receiver


def test_a_certificate_of_somebody_who_is_trusted_is_accepted(authority: trustme.CA, secure: Receiver) -> None:
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    assert send(secure.url, tls=trusting)[0].outcome == "accepted"


def test_one_of_nobody_is_not_nor_one_for_another_name(authority: trustme.CA, secure: Receiver) -> None:
    assert send(secure.url) == [Reply("bad_tls")]
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    other = Resolver(_leading_to("127.0.0.1"))
    url = f"https://other.example:{secure.port}/"
    assert send(url, tls=trusting, resolver=other) == [Reply("bad_tls")]
    assert secure.requests == []


def test_https_to_a_receiver_that_speaks_http_is_a_failure_of_tls() -> None:
    with receiving() as receiver:
        assert send(receiver.url.replace("http:", "https:"), timeout=1)[0].outcome in ("bad_tls", "timeout")


def _leading_to(*answers: str | list[str]) -> Any:
    """A lookup that gives each of `answers` in turn, and goes on with the last."""
    left = list(answers)

    def lookup(_: str, port: int, *__: Any) -> list[tuple[Any, ...]]:
        answer = left.pop(0) if len(left) > 1 else left[0]
        addresses = answer if isinstance(answer, list) else [answer]
        return [found for address in addresses for found in _address(address, port)]

    return lookup


def _address(address: str, port: int) -> list[tuple[Any, ...]]:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return [(family, socket.SOCK_STREAM, 6, "", (address, port))]
