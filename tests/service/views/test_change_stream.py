"""/v1/changes with `wait`, and as a stream of server-sent events."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib import import_module
from itertools import islice
from typing import Any

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from service import store
from service.ids import digest
from tests.answers import body
from tests.factories import create_event
from tests.service.conftest import make_key, running
from tests.service.problems import problem_of

CHANGES = "/v1/changes"
#: The module; as an attribute of its package the name is that of the blueprint.
VIEW = import_module("service.views.changes")
STREAM = {"Accept": "text/event-stream"}


def test_a_waiting_request_is_answered_by_the_next_write(app: Flask, client: FlaskClient) -> None:
    cursor = now(client)
    with meanwhile(app, lambda: client.get(CHANGES, query_string={"after": cursor, "wait": "20"})) as answered:
        event = create_event(client)
        answer = body(answered())
    assert [entry["document"] for entry in answer["items"]] == [event]
    assert answer["cursor"] == cursor.replace(":0", ":1")


@pytest.mark.parametrize("filter_", ["tag", "q"])
def test_a_waiting_request_with_a_filter_ignores_other_writes(app: Flask, client: FlaskClient, filter_: str) -> None:
    query = {filter_: "matching", "after": now(client), "wait": "20", "include": "none"}
    with meanwhile(app, lambda: client.get(CHANGES, query_string=query)) as answered:
        for tag in ("other", "another", "matching"):
            create_event(client, tags=[tag])
            time.sleep(0.12)
        answer = body(answered())
    assert [entry["seq"] for entry in answer["items"]] == [3]


def test_after_a_wait_without_a_match_the_cursor_skips_the_scanned_entries(app: Flask, client: FlaskClient) -> None:
    query = {"tag": "matching", "after": now(client), "wait": "1"}
    with meanwhile(app, lambda: client.get(CHANGES, query_string=query)) as answered:
        create_event(client, tags=["other"])
        answer = body(answered())
    assert (answer["items"], answer["more"]) == ([], False)
    assert answer["cursor"].endswith(":1")


def test_a_waiting_request_with_a_small_limit_reports_more(
    app: Flask, client: FlaskClient, conn: psycopg.Connection
) -> None:
    query = {"after": now(client), "wait": "20", "limit": "2", "include": "none"}
    with meanwhile(app, lambda: client.get(CHANGES, query_string=query)) as answered:
        write_at_once(conn, 5)
        answer = body(answered())
    assert ([entry["seq"] for entry in answer["items"]], answer["more"]) == ([1, 2], True)


def test_the_number_of_waiting_requests_is_limited(database: str) -> None:
    with running(database, max_followers=1) as app:
        first, second = app.test_client(), app.test_client()
        cursor = now(first)
        with meanwhile(app, lambda: first.get(CHANGES, query_string={"after": cursor, "wait": "1"})):
            time.sleep(0.2)
            refused = second.get(CHANGES, query_string={"after": cursor, "wait": "1"})
            assert (problem_of(refused).status, refused.headers["Retry-After"]) == (503, "1")
            assert problem_of(second.get(CHANGES, query_string={"after": cursor}, headers=STREAM)).status == 503
            assert second.get(CHANGES, query_string={"after": cursor}).status_code == 200
            assert "policytrail_followers 1.0" in first.get("/metrics").text
        assert second.get(CHANGES, query_string={"after": cursor, "wait": "1"}).status_code == 200
        assert "policytrail_followers 0.0" in first.get("/metrics").text


def test_a_head_request_of_a_stream_uses_no_slot(database: str) -> None:
    with running(database, max_followers=1) as app:
        for _ in range(3):
            with app.test_client().head(CHANGES, headers=STREAM) as answer:
                assert (answer.status_code, answer.data) == (200, b"")


def test_a_waiting_request_is_answered_at_once_at_shutdown(app: Flask, client: FlaskClient) -> None:
    cursor = now(client)
    with meanwhile(app, lambda: client.get(CHANGES, query_string={"after": cursor, "wait": "20"})) as answered:
        app.extensions["policytrail"].tail.end()
        assert body(answered()) == {"items": [], "cursor": cursor, "more": False}


# Streams


def test_a_stream_has_the_existing_and_the_new_entries(client: FlaskClient) -> None:
    before = create_event(client)
    with stream(client) as events:
        assert next(events) == {"retry": "2000"}
        first = next(events)
        assert (json.loads(first["data"])["document"], first["id"].rpartition(":")[2]) == (before, "1")
        after = [create_event(client), create_event(client)]
        assert [json.loads(one["data"])["document"] for one in islice(events, 2)] == after


def test_last_event_id_takes_precedence_over_after(client: FlaskClient) -> None:
    for _ in range(4):
        create_event(client)
    with stream(client) as events:
        last = list(islice(events, 3))[-1]["id"]
    with stream(client, {"Last-Event-ID": last}, after="now") as events:
        assert [seq(one) for one in islice(events, 1, 3)] == [3, 4]


def test_a_stream_is_filtered_like_a_page(client: FlaskClient) -> None:
    with stream(client, tag="matching", kind="create,leave", include="none") as events:
        assert next(events) == {"retry": "2000"}
        create_event(client, tags=["other"])
        event = create_event(client, tags=["matching"])
        client.patch(f"/v1/events/{event['id']}", json={"title": "B"}, headers={"If-Match": '"1"'})
        client.patch(f"/v1/events/{event['id']}", json={"tags": []}, headers={"If-Match": '"2"'})
        changes = [json.loads(one["data"]) for one in islice(events, 2)]
    assert [(one["seq"], one["kind"], one["document"]) for one in changes] == [(2, "create", None), (4, "leave", None)]


def test_heartbeats_of_a_silent_stream_move_the_position_to_resume_from(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(VIEW, "HEARTBEAT", 0.1)
    monkeypatch.setattr(VIEW, "TRUSTED_FOR", 0.1)
    with stream(client, tag="matching") as events:
        next(events)
        create_event(client, tags=["other"])
        signs = islice(events, 20)
        assert any(sign == {"": "still here", "id": sign["id"]} and sign["id"].endswith(":1") for sign in signs)


def test_a_stream_ends_when_its_key_is_revoked(
    app: Flask, database: str, conn: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(VIEW, "TRUSTED_FOR", 0.05)
    client, secret = app.test_client(), make_key(database, "events:read")
    key = store.keys.find_key(conn, digest(secret))
    assert key
    with stream(client, {"Authorization": f"Bearer {secret}"}) as events:
        next(events)
        store.keys.revoke_key(conn, key.id)
        conn.commit()
        app.extensions["policytrail"].cached_keys.clear()
        assert list(events) == []


def test_a_stream_ends_after_its_maximum_time(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(VIEW, "LASTS", 0.2)
    monkeypatch.setattr(VIEW, "TRUSTED_FOR", 0.05)
    with stream(client) as events:
        assert list(events) == [{"retry": "2000"}]


def test_a_stream_ends_if_entries_were_lost(
    client: FlaskClient, conn: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(VIEW, "TRUSTED_FOR", 0.05)
    create_event(client)
    with stream(client) as events:
        assert len(list(islice(events, 2))) == 2
        store.feed.begin_generation(conn)
        conn.commit()
        assert list(events) == []


def test_a_stream_is_neither_cached_nor_buffered(client: FlaskClient) -> None:
    with client.get(CHANGES, headers=STREAM) as answer:
        assert answer.content_type == "text/event-stream; charset=utf-8"
        assert (answer.headers["Cache-Control"], answer.headers["X-Accel-Buffering"]) == ("no-store", "no")


def now(client: FlaskClient) -> str:
    """Return the cursor at the end of the feed."""
    return str(body(client.get(CHANGES, query_string={"after": "now"}))["cursor"])


def write_at_once(conn: psycopg.Connection, number: int) -> None:
    """Insert the outbox rows of `times` writes in one transaction."""
    conn.execute(
        """
        INSERT INTO outbox (event_id, version, kind, occurred_at)
        SELECT uuidv7(), 1, 'create', now() FROM generate_series(1, %s)
        """,
        (number,),
    )
    conn.commit()


@contextmanager
def meanwhile(app: Flask, ask: Callable[[], TestResponse]) -> Iterator[Callable[[], TestResponse]]:
    """Send a request in a thread, enter the block when it waits, and yield a function that returns its response."""
    tail = app.extensions["policytrail"].tail
    with ThreadPoolExecutor(1) as thread:
        future = thread.submit(ask)
        deadline = time.monotonic() + 10
        while tail._head is None:
            assert time.monotonic() < deadline
            time.sleep(0.005)
        yield lambda: future.result(20)


@contextmanager
def stream(client: FlaskClient, headers: Mapping[str, str] = {}, **query: str) -> Iterator[Iterator[dict[str, str]]]:
    """Yield the events of a stream with their fields, as they arrive."""
    with client.get(CHANGES, query_string=query, headers={**STREAM, **headers}) as answer:
        assert answer.status_code == 200
        yield (fields_of(event) for piece in answer.response for event in text(piece).split("\n\n") if event)


def text(piece: Any) -> str:
    return piece.decode() if isinstance(piece, bytes) else str(piece)


def fields_of(event: str) -> dict[str, str]:
    return dict(line.split(": ", 1) if not line.startswith(":") else ["", line[2:]] for line in event.split("\n"))


def seq(event: dict[str, str]) -> int:
    return int(json.loads(event["data"])["seq"])
