"""Payloads: read once for all subscriptions that get the same one, within bounds."""

from typing import Any

import orjson
import psycopg
import pytest
from flask.testing import FlaskClient

from service import store
from service.webhooks import payloads
from service.webhooks.payloads import PayloadCache, PayloadKey
from tests.deliveries import match
from tests.factories import create_event


@pytest.fixture
def written(client: FlaskClient, database: str) -> list[str]:
    """The ids of five sequenced events."""
    ids = [create_event(client, title=f"Event {number}", description="x" * 2_000)["id"] for number in range(5)]
    match(database)
    return ids


def test_full_and_thin_payloads_equal_the_feeds_entry(
    client: FlaskClient, written: list[str], conn: psycopg.Connection
) -> None:
    payloads = PayloadCache().get_many(
        conn, [a_key(1, payload="full"), a_key(1, payload="thin"), a_key(1, kind="leave")]
    )
    entry: Any = client.get("/v1/changes").get_json()["items"][0]
    messages = {key: orjson.loads(payload.body) for key, payload in payloads.items() if payload}
    timestamp = {"timestamp": entry["occurred_at"]}
    assert messages == {
        a_key(1): {"type": "event.create", **timestamp, "data": entry},
        a_key(1, payload="thin"): {"type": "event.create", **timestamp, "data": entry | {"document": None}},
        a_key(1, kind="leave"): {"type": "event.leave", **timestamp, "data": entry | {"kind": "leave"}},
    }
    assert entry["event_id"] == written[0]


@pytest.mark.usefixtures("written")
def test_a_payload_for_several_subscriptions_is_read_once(
    conn: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache, reads, get_many = PayloadCache(), list[list[int]](), store.webhooks.queue.list_entries

    def count_reads(conn: psycopg.Connection, seqs: list[int], *, documents: bool) -> Any:
        reads.append(sorted(seqs))
        return get_many(conn, seqs, documents=documents)

    monkeypatch.setattr(store.webhooks.queue, "list_entries", count_reads)
    keys = [a_key(seq) for seq in (1, 2, 2, 1)]
    first = cache.get_many(conn, keys)
    second = cache.get_many(conn, [*keys, a_key(3)])
    assert reads == [[1, 2], [3]]
    assert all(second[key] is first[key] for key in keys)


@pytest.mark.usefixtures("written")
def test_an_expired_change_has_no_payload(conn: psycopg.Connection) -> None:
    payloads = PayloadCache().get_many(conn, [a_key(1), a_key(2, change_id=None), a_key(99)])
    assert [payload is None for payload in payloads.values()] == [False, True, True]


@pytest.mark.usefixtures("written")
def test_another_change_with_the_same_number_has_its_own_payload(conn: psycopg.Connection) -> None:
    cache = PayloadCache()
    [lost] = cache.get_many(conn, [a_key(1, change_id="lost")]).values()
    conn.execute("UPDATE feed SET event_id = (SELECT event_id FROM feed WHERE seq = 2) WHERE seq = 1")
    [payload] = cache.get_many(conn, [a_key(1, change_id="new")]).values()
    assert lost is not None
    assert payload is not None
    assert orjson.loads(payload.body)["data"]["document"]["title"] == "Event 1"
    assert orjson.loads(lost.body)["data"]["document"]["title"] == "Event 0"


@pytest.mark.usefixtures("written")
def test_the_cache_bounds_its_bytes_and_always_returns_one_payload(
    conn: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(payloads, "READ_BATCH", 1)
    keys = [a_key(seq) for seq in range(1, 6)]
    assert list(PayloadCache(max_bytes=5_000).get_many(conn, keys)) == keys[:2]
    small = PayloadCache(max_bytes=10)
    assert list(small.get_many(conn, keys)) == keys[:1]
    assert list(small.get_many(conn, keys[1:])) == keys[1:2]
    assert small._bytes == 0


def a_key(seq: int, *, kind: str = "create", payload: str = "full", change_id: str | None = "a write") -> PayloadKey:
    """Return the key of a payload, which differs from another one as the test says."""
    return PayloadKey(seq, change_id, kind, payload)
