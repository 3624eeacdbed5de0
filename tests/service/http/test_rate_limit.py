"""Rate limits: headers, quotas, and the store that processes share."""

import re
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import Mock

import limits.storage
import pytest
from flask.testing import FlaskClient

import service.http.rate_limit
from service.config import Settings
from service.http.network import network_of
from service.http.rate_limit import (
    STORE_LOG_EVERY,
    STORE_PAUSE,
    LocalWindows,
    Quota,
    RateLimits,
    RateLimitState,
    SharedWindows,
    parse_quota,
)
from tests.factories import an_event
from tests.service.conftest import make_key, running

FEW = {"rate_limit": "3/minute", "public_rate_limit": "2/minute"}


@contextmanager
def asking(database: str, **settings: object) -> Iterator[FlaskClient]:
    with running(database, **FEW | settings) as app:
        yield app.test_client()


class Clock:
    """A clock that the test turns."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        """Seconds."""
        return self.now


def test_every_response_of_a_limited_route_has_the_remaining_requests(database: str) -> None:
    key = {"X-API-Key": make_key(database, "events:read")}
    with asking(database) as client:
        answers = [
            client.get("/v1/events", headers=key),
            client.post("/v1/events", headers=key, json=an_event()),  # 403
            client.get("/v1/events/0192f0c1-0000-7000-8000-000000000000", headers=key),  # 404
        ]
    assert [answer.status_code for answer in answers] == [200, 403, 404]
    assert {answer.headers["RateLimit-Policy"] for answer in answers} == {'"default";q=3;w=60'}
    told = [re.fullmatch(r'"default";r=(\d);t=(\d+)', answer.headers["RateLimit"]) for answer in answers]
    assert [one[1] for one in told if one] == ["2", "1", "0"]
    assert all(55 < int(one[2]) <= 60 for one in told if one)


def test_a_request_over_the_limit_gets_429_with_retry_after(database: str) -> None:
    with asking(database) as client:
        before = [client.get("/v1/events").status_code for _ in range(2)]
        refused = client.get("/v1/events")

    assert (before, refused.status_code) == ([200, 200], 429)
    assert refused.content_type == "application/problem+json"
    assert refused.get_json() == {
        "type": "/problems/too-many-requests",
        "title": "Too many requests.",
        "status": 429,
        "detail": "2 requests in 60 seconds are allowed.",
        "request_id": refused.headers["X-Request-Id"],
    }
    left = int(re.fullmatch(r'"public";r=0;t=(\d+)', refused.headers["RateLimit"])[1])  # type: ignore[index]  # it matches, or the test fails
    assert left <= int(refused.headers["Retry-After"]) <= 60
    assert refused.headers["Cache-Control"] == "no-store"


def test_every_key_and_every_address_has_its_own_limit(database: str) -> None:
    one, other = ({"X-API-Key": make_key(database, "events:read")} for _ in range(2))
    here, there = ({"REMOTE_ADDR": address} for address in ("192.0.2.1", "192.0.2.2"))
    with asking(database) as client:
        assert [client.get("/v1/me", headers=one).status_code for _ in range(4)] == [200, 200, 200, 429]
        assert client.get("/v1/me", headers=other).status_code == 200
        assert [client.get("/v1/me", environ_base=here).status_code for _ in range(3)] == [200, 200, 429]
        assert client.get("/v1/me", environ_base=there).status_code == 200


def test_requests_with_invalid_keys_count_for_their_address(database: str) -> None:
    with asking(database) as client:
        guesses = [client.get("/v1/me", headers={"X-API-Key": f"ptk_{n}"}).status_code for n in range(3)]
    assert guesses == [401, 401, 429]


def test_a_refused_request_has_no_effect(database: str) -> None:
    key = {"X-API-Key": make_key(database, "events:write")}
    with asking(database) as client:
        written = [client.post("/v1/events", headers=key, json=an_event()).status_code for _ in range(5)]
    with asking(database) as client:
        assert (written.count(201), len(client.get("/v1/events").get_json()["items"])) == (3, 3)


def test_health_and_problem_types_are_not_limited(database: str) -> None:
    with asking(database) as client:
        for path in ("/livez", "/readyz", "/problems/too-many-requests"):
            answers = [client.get(path) for _ in range(4)]
            assert {answer.status_code for answer in answers} == {200}
            assert all("RateLimit" not in answer.headers for answer in answers)


def test_without_a_limit_there_are_no_rate_limit_headers(database: str) -> None:
    with asking(database, rate_limit="", public_rate_limit="") as client:
        answers = [client.get("/v1/me") for _ in range(10)]
    assert {answer.status_code for answer in answers} == {200}
    assert not any(name.startswith("RateLimit") for answer in answers for name, _ in answer.headers)


def test_forwarded_addresses_count_only_behind_as_many_proxies_as_are_trusted(database: str) -> None:
    def asks(client: FlaskClient, forwarded: str) -> int:
        return client.get("/v1/me", headers={"X-Forwarded-For": forwarded}).status_code

    with asking(database) as client:
        assert [asks(client, f"192.0.2.{n}") for n in range(3)] == [200, 200, 429]
    with asking(database, trusted_proxies=1) as client:
        assert [asks(client, f"192.0.2.{n}") for n in range(3)] == [200, 200, 200]
        assert [asks(client, f"198.51.100.{n}, 203.0.113.9") for n in range(3)] == [200, 200, 429]


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("fe80::1%eth0", "fe80::/64"),
        ("192.0.2.1:4711", "192.0.2.1"),
        ("[2001:db8:1:2:3:4:5:6]:443", "2001:db8:1:2::/64"),
        ("[2001:db8:1:2:3:4:5:6]", "2001:db8:1:2::/64"),
        ("[::ffff:192.0.2.1]:80", "192.0.2.1"),
        ("a:b:c", "a:b:c"),
        ("", ""),
    ],
)
def test_a_caller_is_one_whatever_its_port_or_address_in_a_network(address: str, network: str) -> None:
    assert network_of(address) == network


def test_a_window_ends_and_another_begins() -> None:
    clock = Clock()
    windows = LocalWindows(clock)
    counted = [windows.count("a", 60)]
    clock.now += 59
    counted.append(windows.count("a", 60))
    clock.now += 1
    counted.append(windows.count("a", 60))
    assert counted == [(1, 60), (2, 1), (1, 60)]


def test_ended_windows_are_dropped() -> None:
    clock = Clock()
    windows = LocalWindows(clock)
    for number in range(100):
        windows.count(str(number), 60)
    clock.now += 60
    for number in range(100, 151):
        windows.count(str(number), 60)
    assert list(windows._windows) == [str(number) for number in range(100, 151)]


def test_the_number_of_windows_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service.http.rate_limit, "REMEMBERED", 3)
    windows = LocalWindows(Clock())
    counted = [windows.count(who, 60)[0] for who in "abcabcdabcd"]
    assert len(windows._windows) <= 3
    assert counted[:7] == [1, 1, 1, 2, 2, 2, 1]


def test_a_shared_store_counts_like_one_process() -> None:
    storage = limits.storage.MemoryStorage(wrap_exceptions=True)
    one, other = SharedWindows(storage), SharedWindows(storage)
    counted = [one.count("a", 60), other.count("a", 60), other.count("b", 60)]
    assert [found[0] for found in counted if found] == [1, 2, 1]
    assert all(59 < found[1] <= 60 for found in counted if found)


def test_a_hanging_store_delays_one_request_and_limits_nobody(database: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"redis://:secret@127.0.0.1:{silent.getsockname()[1]}"
        with asking(database, rate_limit_storage=url) as client:
            began = time.monotonic()
            answers = [client.get("/v1/me") for _ in range(5)]
            took = time.monotonic() - began

    assert [answer.status_code for answer in answers] == [200] * 5
    assert "RateLimit" not in answers[0].headers
    assert took < 4 * service.http.rate_limit.STORE_TIMEOUT


def test_a_missing_store_limits_nobody(database: str) -> None:
    with asking(database, rate_limit_storage="redis://127.0.0.1:1") as client:
        assert [client.get("/v1/me").status_code for _ in range(5)] == [200] * 5


def test_a_failing_store_is_retried_after_a_pause_and_logged_once_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    log, clock = Mock(), Clock()
    monkeypatch.setattr(service.http.rate_limit, "log", log)
    storage = limits.storage.storage_from_string("redis://:secret@127.0.0.1:1", wrap_exceptions=True)
    assert isinstance(storage, limits.storage.Storage)
    tries = Mock(side_effect=storage.incr)
    monkeypatch.setattr(storage, "incr", tries)
    windows = SharedWindows(storage, clock)

    seconds = int(STORE_LOG_EVERY) + 1
    for _ in range(seconds):
        assert windows.count("a", 60) is None
        clock.now += 1

    assert tries.call_count == -(-seconds // int(STORE_PAUSE))
    assert [call.args for call in log.warning.call_args_list] == [("rate_limits_off",)] * 2
    assert "secret" not in str(log.mock_calls)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("600/minute", Quota("q", 600, 60)),
        ("10 per 5 second", Quota("q", 10, 5)),
        ("1000/hour", Quota("q", 1000, 3600)),
        ("", None),
    ],
)
def test_a_quota_is_parsed(text: str, expected: Quota | None) -> None:
    assert parse_quota("q", text) == expected


def test_a_malformed_quota_fails_at_the_start() -> None:
    with pytest.raises(ValueError, match="a lot"):
        RateLimits(Settings(rate_limit="a lot"))


def test_the_remaining_requests_are_never_negative() -> None:
    assert RateLimitState(Quota("q", 1, 60), 5, 7).header == '"q";r=0;t=7'
