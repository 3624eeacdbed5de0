"""/v1/webhooks/{id}/deliveries: listed, read with their attempts, retried and recovered."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from flask.testing import FlaskClient

from service import store
from service.ids import uuid7
from service.store.webhooks.recoveries import advance_recovery
from tests.deliveries import an_attempt, claim_all_shards, match, states
from tests.factories import create_event
from tests.service.problems import problem_of
from tests.webhooks import make_webhook


@pytest.fixture
def webhook(client: FlaskClient) -> str:
    """The address of a webhook to every event."""
    return f"/v1/webhooks/{make_webhook(client)['id']}"


def write(client: FlaskClient, database: str, number: int = 1) -> list[str]:
    """Write and match events, and return their ids."""
    ids = [create_event(client, title=f"Event {index}")["id"] for index in range(number)]
    match(database)
    return ids


def end_attempt(conn: psycopg.Connection, webhook: str, seq: int, **fields: Any) -> None:
    """Record an attempt with this result."""
    worker_id, subscription_id = uuid7(), UUID(webhook.rpartition("/")[2])
    conn.execute("UPDATE delivery_shard SET leased_until = '-infinity'")
    epochs = claim_all_shards(conn, worker_id)
    assert store.webhooks.queue.insert_attempts(
        conn, worker_id, [an_attempt(conn, subscription_id, seq, epochs, **fields)]
    )
    conn.commit()


FAILED: dict[str, Any] = {"state": "failed", "outcome": "refused", "status": 500, "answer": b"Oops"}


def test_deliveries_are_listed_latest_first(client: FlaskClient, database: str, webhook: str) -> None:
    first, second = write(client, database, 2)
    page: Any = client.get(f"{webhook}/deliveries").json
    assert [(one["seq"], one["event_id"], one["kind"], one["state"]) for one in page["items"]] == [
        (2, second, "create", "pending"),
        (1, first, "create", "pending"),
    ]
    [one, _] = page["items"]
    assert (one["attempt_count"], one["last_outcome"], one["ended_at"], one["url"]) == (
        0,
        None,
        None,
        f"{webhook}/deliveries/2",
    )
    assert one["due_at"] is not None


def test_changes_before_the_webhook_are_not_delivered(client: FlaskClient, database: str) -> None:
    write(client, database)
    webhook = make_webhook(client)
    write(client, database)
    page: Any = client.get(f"/v1/webhooks/{webhook['id']}/deliveries").json
    assert [one["seq"] for one in page["items"]] == [2]


def test_a_delivery_is_read_with_its_attempts_and_their_responses(
    client: FlaskClient, database: str, webhook: str, conn: psycopg.Connection
) -> None:
    write(client, database)
    end_attempt(
        conn,
        webhook,
        1,
        state="pending",
        delay=300.0,
        outcome="refused",
        status=503,
        headers={"Retry-After": "5"},
        answer=b"caf\xc3\xa9 \xff\0",
    )
    end_attempt(
        conn, webhook, 1, state="pending", delay=300.0, outcome="timeout", status=None, headers=None, answer=None
    )
    end_attempt(conn, webhook, 1)
    read: Any = client.get(f"{webhook}/deliveries/1").json
    assert (read["state"], read["attempt_count"], read["last_outcome"], read["last_status"]) == (
        "delivered",
        3,
        "accepted",
        200,
    )
    assert read["due_at"] is None
    assert read["ended_at"] is not None
    shown = [{name: value for name, value in one.items() if name not in ("began_at", "ms")} for one in read["attempts"]]
    assert shown == [
        {
            "number": 1,
            "outcome": "refused",
            "status": 503,
            "headers": {"Retry-After": "5"},
            "answer": "café \N{REPLACEMENT CHARACTER}\0",
        },
        {"number": 2, "outcome": "timeout", "status": None, "headers": {}, "answer": None},
        {"number": 3, "outcome": "accepted", "status": 200, "headers": {}, "answer": "ok"},
    ]


def test_deliveries_are_filtered_by_state_time_and_event_and_come_in_pages(
    client: FlaskClient, database: str, webhook: str, conn: psycopg.Connection
) -> None:
    ids = write(client, database, 5)
    end_attempt(conn, webhook, 2)
    end_attempt(conn, webhook, 3, **FAILED)

    def seqs(query: str) -> list[int]:
        page: Any = client.get(f"{webhook}/deliveries?{query}").json
        return [one["seq"] for one in page["items"]]

    assert seqs("state=failed") == [3]
    assert seqs("state=delivered") == [2]
    assert seqs("state=pending") == [5, 4, 1]
    assert seqs("state=skipped") == []
    assert seqs(f"event={ids[3]}") == [4]
    assert seqs(f"since={_ago(60)}") == [5, 4, 3, 2, 1]
    assert seqs(f"since={_ago(-60)}") == []
    pages, address = list[int](), f"{webhook}/deliveries?state=pending&limit=1"
    while address:
        page: Any = client.get(address).json
        pages += [one["seq"] for one in page["items"]]
        address = page["next"]
    assert pages == [5, 4, 1]


def _ago(seconds: float) -> str:
    return (datetime.now(UTC) - timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.mark.parametrize(
    ("query", "status", "place"),
    [
        ("state=lost", 422, "state"),
        ("since=yesterday", 422, "since"),
        ("event=5", 422, "event"),
        ("cursor=x", 400, "cursor"),
        ("sort=seq", 422, "sort"),
    ],
)
def test_an_invalid_query_parameter_is_refused(
    client: FlaskClient, webhook: str, query: str, status: int, place: str
) -> None:
    refused = problem_of(client.get(f"{webhook}/deliveries?{query}"))
    assert (refused.status, refused.places) == (status, [place])


@pytest.mark.parametrize("seq", ["0", "7", "9223372036854775807", "9223372036854775808", "9" * 40])
def test_a_missing_delivery_answers_404(client: FlaskClient, webhook: str, seq: str) -> None:
    assert problem_of(client.get(f"{webhook}/deliveries/{seq}")).status == 404
    assert problem_of(client.post(f"{webhook}/deliveries/{seq}/retry")).status == 404


@pytest.mark.parametrize("state", ["failed", "delivered", "pending"])
def test_a_delivery_in_any_state_can_be_retried(
    client: FlaskClient, database: str, webhook: str, conn: psycopg.Connection, state: str
) -> None:
    write(client, database)
    end_attempt(conn, webhook, 1, **FAILED | {"state": state, "delay": 3600.0})
    retried = client.post(f"{webhook}/deliveries/1/retry")
    body: Any = retried.json
    assert (retried.status_code, body["state"], body["attempt_count"]) == (200, "pending", 1)
    assert datetime.fromisoformat(body["due_at"]) <= datetime.now(UTC)
    [row] = conn.execute("SELECT step, again FROM delivery").fetchall()
    assert row == (0, True)


def test_a_paused_webhook_skips_its_deliveries_and_recovers_them_once_resumed(
    client: FlaskClient, database: str, webhook: str, conn: psycopg.Connection
) -> None:
    client.patch(webhook, json={"paused": True}, headers={"If-Match": "*"})
    write(client, database, 3)
    assert states(conn) == {1: "skipped", 2: "skipped", 3: "skipped"}
    for address, body in ((f"{webhook}/recover", {"since": _ago(60)}), (f"{webhook}/deliveries/1/retry", None)):
        assert problem_of(client.post(address, json=body)).status == 409
    client.patch(webhook, json={"paused": False}, headers={"If-Match": "*"})
    recovery = client.post(f"{webhook}/recover", json={"since": _ago(60)})
    assert recovery.status_code == 202
    assert recovery.get_json()["ended_at"] is None
    while advance_recovery(conn):
        conn.commit()
    progress: Any = client.get(recovery.headers["Location"]).json
    assert (progress["id"], progress["recovered"]) == (recovery.get_json()["id"], 3)
    assert progress["ended_at"] is not None
    assert set(states(conn).values()) == {"pending"}


def test_a_recovery_leaves_delivered_older_and_later_deliveries_alone(
    client: FlaskClient, database: str, webhook: str, conn: psycopg.Connection
) -> None:
    write(client, database, 4)
    for seq, fields in ((1, FAILED), (2, {}), (3, FAILED), (4, {"state": "pending", "delay": 60.0})):
        end_attempt(conn, webhook, seq, **dict(fields))
    conn.execute("UPDATE delivery SET created_at = now() - interval '2 hours' WHERE seq = 1")
    conn.commit()
    client.post(f"{webhook}/recover", json={"since": _ago(3600)})
    write(client, database)
    end_attempt(conn, webhook, 5, **FAILED)
    while advance_recovery(conn, limit=1):
        conn.commit()
    assert states(conn) == {1: "failed", 2: "delivered", 3: "pending", 4: "pending", 5: "failed"}


def test_a_recovery_resumes_after_a_crash_and_runs_each_step_once(
    client: FlaskClient, database: str, webhook: str, conn: psycopg.Connection
) -> None:
    client.patch(webhook, json={"paused": True}, headers={"If-Match": "*"})
    write(client, database, 7)
    client.patch(webhook, json={"paused": False}, headers={"If-Match": "*"})
    recovery = client.post(f"{webhook}/recover", json={"since": _ago(60)})
    for number in (3, 6):
        assert advance_recovery(conn, limit=3)
        conn.rollback()  # as after a kill
        assert advance_recovery(conn, limit=3)
        conn.commit()
        assert client.get(recovery.headers["Location"]).get_json()["recovered"] == number
        # The next step does not repeat a delivery that was sent in the meantime.
        end_attempt(conn, webhook, number)
    while advance_recovery(conn, limit=3):
        conn.commit()
    assert client.get(recovery.headers["Location"]).get_json()["recovered"] == 7
    assert [seq for seq, state in states(conn).items() if state == "delivered"] == [3, 6]


def test_the_recovery_of_another_webhook_answers_404(client: FlaskClient, webhook: str) -> None:
    recovery = client.post(f"{webhook}/recover", json={"since": _ago(60)})
    other = f"/v1/webhooks/{make_webhook(client)['id']}"
    address = recovery.headers["Location"].replace(webhook, other)
    assert problem_of(client.get(address)).status == 404


@pytest.mark.parametrize("body", [{}, {"since": None}, {"since": "2026-01-01"}, {"since": _ago(60), "until": _ago(1)}])
def test_a_recovery_requires_a_time(client: FlaskClient, webhook: str, body: Any) -> None:
    assert problem_of(client.post(f"{webhook}/recover", json=body)).status == 422
