"""The destination of a request: addresses, names and certificates."""

import asyncio
import socket
import ssl
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import trustme

from service.webhooks.address_guard import AddressGuard, parse_networks
from service.webhooks.resolver import Resolver
from service.webhooks.sender import Reply, Sender
from tests.deliveries import PATIENCE
from tests.receivers import (
    Receiver,
    drop,
    respond_with,
    run_receiver,
)
from tests.senders import BODY, HERE, LOOPBACK, reply_of, send
from tests.service.webhooks.test_address_guard import REFUSED

NOWHERE = AddressGuard([], parse_networks("0.0.0.0/0,::/0"))


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
