"""The article as data, step by step: recorded, read, developed by the launch."""

from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from flask.testing import FlaskClient

from service.cli.seed import seed_database
from service.config import SEEDS

NOON = datetime(2024, 4, 1, 12, tzinfo=UTC)
LAUNCH = (SEEDS / "dialogue-on-advanced-materials.launched.json").read_bytes()


@pytest.fixture
def seeded(conn: psycopg.Connection) -> None:
    """The seeds, in the database."""
    assert seed_database(conn, SEEDS, NOON)
    conn.commit()


@pytest.fixture
def event(anyone: FlaskClient, seeded: None) -> dict[str, Any]:  # noqa: ARG001 (it must have happened)
    """The one event there is, as anyone reads it."""
    [event] = anyone.get("/v1/events").get_json()["items"]
    return dict(event)


def launch(client: FlaskClient, event: dict[str, Any]) -> dict[str, Any]:
    """The event after the second file was applied to it, as docs/recipes.md shows."""
    answer = client.patch(
        f"/v1/events/{event['id']}",
        data=LAUNCH,
        headers={"If-Match": '"1"', "Content-Type": "application/merge-patch+json"},
    )
    assert (answer.status_code, answer.headers["ETag"]) == (200, '"2"')
    return dict(answer.get_json())


def test_the_seed_is_a_planned_event_of_a_single_source(event: dict[str, Any]) -> None:
    words = {name: event[name] for name in ("event_type", "status", "verification", "version", "created_at")}
    assert words == {
        "event_type": "dialogue",
        "status": "planned",
        "verification": "single_source",
        "version": 1,
        "created_at": "2024-04-01T12:00:00.000000Z",
    }


@pytest.mark.parametrize(
    "query",
    [
        "party=EU",
        "party=JP&affected=CN",
        "status=planned",
        "topic=advanced-materials",
        "event_type=dialogue&jurisdiction=CN",
    ],
)
def test_filters_by_the_articles_facts_find_the_seed(anyone: FlaskClient, event: dict[str, Any], query: str) -> None:
    assert anyone.get(f"/v1/events?{query}").get_json()["items"] == [event]


def test_every_topic_of_the_seed_can_be_read(anyone: FlaskClient, event: dict[str, Any]) -> None:
    listed = {topic["id"] for topic in anyone.get("/v1/topics?limit=200").get_json()["items"]}
    assert {topic["id"] for topic in event["topics"]} <= listed


def test_the_launch_makes_the_event_official_and_launched(client: FlaskClient, event: dict[str, Any]) -> None:
    launched = launch(client, event)
    words = {name: launched[name] for name in ("title", "status", "verification", "version")}
    assert words == {
        "title": "EU-Japan Enhanced Dialogue on Advanced Materials",
        "status": "launched",
        "verification": "official",
        "version": 2,
    }
    assert launched["content_changed_at"] == launched["updated_at"] > event["updated_at"]
    assert client.get("/v1/events?status=planned").get_json()["items"] == []
    assert client.get("/v1/events?status=launched").get_json()["items"] == [launched]


def test_the_launch_resolves_the_expected_date(client: FlaskClient, event: dict[str, Any]) -> None:
    [expected] = [date for date in event["dates"] if date["modality"] == "expected"]
    assert (expected["edtf"], expected["earliest"], expected["latest"]) == ("2024-04", "2024-04-01", "2024-04-30")
    [resolving] = [date for date in launch(client, event)["dates"] if date["resolves"]]
    assert resolving == {
        "id": "launched",
        "kind": "launched",
        "edtf": "2024-04-02",
        "modality": "actual",
        "resolves": expected["id"],
        "earliest": "2024-04-02",
        "latest": "2024-04-02",
    }


def test_both_versions_can_be_read_and_the_first_is_unchanged(client: FlaskClient, event: dict[str, Any]) -> None:
    address = f"/v1/events/{event['id']}"
    first = client.get(address).data
    launch(client, event)
    second = client.get(address).data
    assert [client.get(f"{address}/revisions/{version}").data for version in (1, 2)] == [first, second]
    assert first != second


def test_the_reason_for_the_launch_is_stored(
    client: FlaskClient, conn: psycopg.Connection, event: dict[str, Any]
) -> None:
    change = launch(client, event)["change"]
    changes = conn.execute("SELECT change_kind, reason FROM event_revision ORDER BY version").fetchall()
    assert changes == [(event["change"]["kind"], event["change"]["reason"]), (change["kind"], change["reason"])]
    assert change["kind"] == "development"


def test_applying_the_launch_again_changes_nothing(client: FlaskClient, event: dict[str, Any]) -> None:
    launched = launch(client, event)
    again = client.patch(
        f"/v1/events/{event['id']}", data=LAUNCH, headers={"If-Match": "*"}, content_type="application/json"
    )
    assert (again.status_code, again.get_json()) == (200, launched)


def test_seeding_again_changes_nothing(client: FlaskClient, conn: psycopg.Connection, event: dict[str, Any]) -> None:
    launched = launch(client, event)
    assert not seed_database(conn, SEEDS, NOON)
    conn.commit()
    assert client.get("/v1/events").get_json()["items"] == [launched]


def test_a_database_with_a_topic_of_its_own_is_not_seeded(client: FlaskClient, conn: psycopg.Connection) -> None:
    client.post("/v1/topics", json={"id": "mine", "labels": {"en": "Mine"}})
    assert not seed_database(conn, SEEDS, NOON)
    assert client.get("/v1/events").get_json()["items"] == []


def test_a_database_whose_event_was_deleted_is_not_seeded_again(
    client: FlaskClient, conn: psycopg.Connection, event: dict[str, Any]
) -> None:
    client.delete(f"/v1/events/{event['id']}", headers={"If-Match": "*"})
    assert not seed_database(conn, SEEDS, NOON)
