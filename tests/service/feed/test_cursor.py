"""The cursor of a snapshot: the snapshot and the changes after it contain every write, however slowly you read."""

import json
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from flask.testing import FlaskClient

from tests.answers import body
from tests.factories import create_event
from tests.random_writer import Writer, matching_events
from tests.service.problems import problem_of


@pytest.mark.parametrize(
    ("seed", "query"),
    [(1, {}), (2, {"tag": "a"}), (3, {"q": "two"}), (4, {"q": "two three"}), (5, {"sort": "title", "not_tag": "b"})],
)
def test_a_write_between_two_pages_is_in_the_snapshot_or_follows(
    client: FlaskClient, conn: psycopg.Connection, seed: int, query: dict[str, str]
) -> None:
    conn.autocommit = True
    writer = Writer(conn, seed)
    writer.write(40)
    filters = {name: value for name, value in query.items() if name != "sort"}
    copy: dict[str, Any] = {}
    cursors, address = set(), "/v1/events"
    page = body(client.get(address, query_string=query | {"snapshot": "true", "limit": "4"}))
    while True:
        copy |= {event["id"]: event for event in page["items"]}
        cursors.add(page["cursor"])
        writer.write(5)
        if page["next"] is None:
            break
        page = body(client.get(page["next"]))
    [cursor] = cursors
    for entry in changes(client, filters, cursor):
        apply(copy, entry)

    expected = matching_events(conn, "&".join(f"{name}={value}" for name, value in filters.items()))
    assert copy == {id_: json.loads(document) for id_, document in expected.items()}
    assert bool(copy) == (query != {"q": "two three"})  # no title has both


def test_an_export_has_the_cursor_from_which_to_follow(client: FlaskClient, conn: psycopg.Connection) -> None:
    conn.autocommit = True
    Writer(conn, 5).write(20)
    export = client.get("/v1/events.ndjson")
    copy = {event["id"]: event for event in map(json.loads, export.text.splitlines())}
    late = create_event(client)
    for entry in body(client.get("/v1/changes", query_string={"after": export.headers["Changes-Cursor"]}))["items"]:
        apply(copy, entry)

    assert copy.pop(late["id"]) == late
    assert copy == {id_: json.loads(text) for id_, text in matching_events(conn, "").items() if id_ != late["id"]}


def test_only_a_snapshot_has_a_cursor(client: FlaskClient) -> None:
    create_event(client)
    for query in ({}, {"snapshot": "false"}, {"q": "policy"}):
        assert body(client.get("/v1/events", query_string=query))["cursor"] is None
    assert body(client.get("/v1/events?snapshot"))["cursor"].endswith(":0")


def test_a_past_state_cannot_be_followed(client: FlaskClient) -> None:
    query = {"as_of": "2024-01-01T00:00:00Z", "snapshot": "true"}
    assert problem_of(client.get("/v1/events", query_string=query)) == (422, "invalid", ["as_of"])
    assert "Changes-Cursor" not in client.get("/v1/events.ndjson?as_of=2024-01-01T00:00:00Z").headers


def changes(client: FlaskClient, filters: dict[str, str], cursor: str) -> Iterator[dict[str, Any]]:
    """Yield all entries after the cursor that match the filters."""
    more = True
    while more:
        page = body(client.get("/v1/changes", query_string=filters | {"after": cursor, "limit": "20"}))
        yield from page["items"]
        cursor, more = page["cursor"], page["more"]


def apply(copy: dict[str, Any], entry: dict[str, Any]) -> None:
    """Apply an entry as docs/follow.md describes."""
    event = copy.get(entry["event_id"])
    if event and event["version"] >= entry["version"]:
        return
    copy.pop(entry["event_id"], None)
    if entry["kind"] in ("create", "update"):
        copy[entry["event_id"]] = entry["document"]
