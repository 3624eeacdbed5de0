"""A snapshot and the changes behind its cursor hold everything between them, however long it takes to read."""

import json
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from flask.testing import FlaskClient

from tests.answers import body
from tests.factories import create_event
from tests.service.feed.test_reader import found
from tests.service.problems import problem_of
from tests.service.writing import Writer


@pytest.mark.parametrize(
    ("seed", "query"),
    [(1, {}), (2, {"tag": "a"}), (3, {"q": "two"}), (4, {"q": "two three"}), (5, {"sort": "title", "not_tag": "b"})],
)
def test_what_is_written_while_pages_are_read_is_in_them_or_follows(
    client: FlaskClient, conn: psycopg.Connection, seed: int, query: dict[str, str]
) -> None:
    conn.autocommit = True
    writer = Writer(conn, seed)
    writer.write(40)
    asked = {name: value for name, value in query.items() if name != "sort"}
    held: dict[str, Any] = {}
    cursors, address = set(), "/v1/events"
    page = body(client.get(address, query_string=query | {"snapshot": "true", "limit": "4"}))
    while True:
        held |= {event["id"]: event for event in page["items"]}
        cursors.add(page["cursor"])
        writer.write(5)
        if page["next"] is None:
            break
        page = body(client.get(page["next"]))
    [cursor] = cursors
    for entry in changes(client, asked, cursor):
        apply(held, entry)

    expected = found(conn, "&".join(f"{name}={value}" for name, value in asked.items()))
    assert held == {id_: json.loads(document) for id_, document in expected.items()}
    assert bool(held) == (query != {"q": "two three"})  # no title has both


def test_an_export_says_where_to_follow_from(client: FlaskClient, conn: psycopg.Connection) -> None:
    conn.autocommit = True
    Writer(conn, 5).write(20)
    export = client.get("/v1/events.ndjson")
    held = {event["id"]: event for event in map(json.loads, export.text.splitlines())}
    late = create_event(client)
    for entry in body(client.get("/v1/changes", query_string={"after": export.headers["Changes-Cursor"]}))["items"]:
        apply(held, entry)

    assert held.pop(late["id"]) == late
    assert held == {id_: json.loads(text) for id_, text in found(conn, "").items() if id_ != late["id"]}


def test_only_a_snapshot_has_a_cursor_to_follow_from(client: FlaskClient) -> None:
    create_event(client)
    for query in ({}, {"snapshot": "false"}, {"q": "policy"}):
        assert body(client.get("/v1/events", query_string=query))["cursor"] is None
    assert body(client.get("/v1/events?snapshot"))["cursor"].endswith(":0")


def test_what_was_cannot_be_followed(client: FlaskClient) -> None:
    query = {"as_of": "2024-01-01T00:00:00Z", "snapshot": "true"}
    assert problem_of(client.get("/v1/events", query_string=query)) == (422, "invalid", ["as_of"])
    assert "Changes-Cursor" not in client.get("/v1/events.ndjson?as_of=2024-01-01T00:00:00Z").headers


def changes(client: FlaskClient, asked: dict[str, str], cursor: str) -> Iterator[dict[str, Any]]:
    """All entries behind the cursor that pass a filter."""
    more = True
    while more:
        page = body(client.get("/v1/changes", query_string=asked | {"after": cursor, "limit": "20"}))
        yield from page["items"]
        cursor, more = page["cursor"], page["more"]


def apply(held: dict[str, Any], entry: dict[str, Any]) -> None:
    """Do as docs/follow.md says."""
    known = held.get(entry["event_id"])
    if known and known["version"] >= entry["version"]:
        return
    held.pop(entry["event_id"], None)
    if entry["kind"] in ("create", "update"):
        held[entry["event_id"]] = entry["document"]
