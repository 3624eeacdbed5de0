"""What deliveries hold: read once for all who are told the same, within bounds."""

from typing import Any

import orjson
import psycopg
import pytest
from flask.testing import FlaskClient

from service import store
from service.webhooks import payloads
from service.webhooks.payloads import Key, Messages
from tests.deliveries import match
from tests.factories import create_event


@pytest.fixture
def written(client: FlaskClient, database: str) -> list[str]:
    """Five events, numbered; their ids."""
    ids = [create_event(client, title=f"Event {number}", description="x" * 2_000)["id"] for number in range(5)]
    match(database)
    return ids


def test_a_change_is_told_in_full_and_thin_as_the_feed_tells_it(
    client: FlaskClient, written: list[str], conn: psycopg.Connection
) -> None:
    found = Messages().find(conn, [Key(1, "create", "full"), Key(1, "create", "thin"), Key(1, "leave", "full")])
    entry: Any = client.get("/v1/changes").get_json()["items"][0]
    told = {key: orjson.loads(message.body) for key, message in found.items() if message}
    timestamp = {"timestamp": entry["occurred_at"]}
    assert told == {
        Key(1, "create", "full"): {"type": "event.create", **timestamp, "data": entry},
        Key(1, "create", "thin"): {"type": "event.create", **timestamp, "data": entry | {"document": None}},
        Key(1, "leave", "full"): {"type": "event.leave", **timestamp, "data": entry | {"kind": "leave"}},
    }
    assert entry["event_id"] == written[0]


@pytest.mark.usefixtures("written")
def test_what_several_are_told_is_read_once(conn: psycopg.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    kept, asked, find = Messages(), list[list[int]](), store.webhooks.queue.find_messages

    def counted(conn: psycopg.Connection, seqs: list[int], *, documents: bool) -> Any:
        asked.append(sorted(seqs))
        return find(conn, seqs, documents=documents)

    monkeypatch.setattr(store.webhooks.queue, "find_messages", counted)
    keys = [Key(seq, "create", "full") for seq in (1, 2, 2, 1)]
    first = kept.find(conn, keys)
    second = kept.find(conn, [*keys, Key(3, "create", "full")])
    assert asked == [[1, 2], [3]]
    assert all(second[key] is first[key] for key in keys)


@pytest.mark.usefixtures("written")
def test_what_the_feed_keeps_no_longer_is_none(conn: psycopg.Connection) -> None:
    found = Messages().find(conn, [Key(1, "create", "full"), Key(99, "create", "full")])
    assert found[Key(1, "create", "full")] is not None
    assert found[Key(99, "create", "full")] is None


@pytest.mark.usefixtures("written")
def test_no_more_is_found_and_kept_than_there_is_room_for_but_always_something(
    conn: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(payloads, "PART", 1)
    keys = [Key(seq, "create", "full") for seq in range(1, 6)]
    assert list(Messages(room=5_000).find(conn, keys)) == keys[:2]
    small = Messages(room=10)
    assert list(small.find(conn, keys)) == keys[:1]
    assert list(small.find(conn, keys[1:])) == keys[1:2]
    assert small._bytes == 0
