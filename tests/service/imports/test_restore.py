"""Records that come from another service: what they keep of it, and from whom that is believed."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.imports import counts, errors, import_report, ndjson, row
from tests.service.conftest import make_key

ID = "01980000-0000-7000-8000-000000000001"

#: What a service exports beside what was sent.
ELSEWHERE: dict[str, Any] = {
    "id": ID,
    "version": 7,
    "created_at": "2024-01-01T00:00:00.000000Z",
    "updated_at": "2024-03-01T00:00:00.000000Z",
    "content_changed_at": "2024-02-01T00:00:00.000000Z",
    "record_state": "active",
    "merged_into": None,
    "verification": "single_source",
}

KEPT = ("version", "created_at", "updated_at", "content_changed_at")


@pytest.fixture
def writer(anyone: FlaskClient, database: str) -> FlaskClient:
    """A client that may write and no more."""
    anyone.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {make_key(database, 'events:read', 'events:write')}"
    return anyone


def stored(client: FlaskClient) -> dict[str, Any]:
    return dict(client.get(f"/v1/events/{ID}").get_json())


def test_an_admins_record_keeps_its_version_and_times(client: FlaskClient) -> None:
    assert import_report(client, ndjson(row(1) | ELSEWHERE))["rows"] == counts(created=1)
    assert {name: stored(client)[name] for name in KEPT} == {name: ELSEWHERE[name] for name in KEPT}
    assert [one["version"] for one in client.get(f"/v1/events/{ID}/revisions").get_json()["items"]] == [7]
    assert client.get(f"/v1/events/{ID}").headers["ETag"] == '"7"'
    changed = row(1, title="Changed") | ELSEWHERE | {"version": 99}
    assert import_report(client, ndjson(changed))["rows"] == counts(updated=1)
    now = stored(client)
    assert (now["title"], now["version"], now["created_at"]) == ("Changed", 8, ELSEWHERE["created_at"])


def test_a_writers_record_keeps_its_id_only(writer: FlaskClient) -> None:
    assert import_report(writer, ndjson(row(1) | ELSEWHERE))["rows"] == counts(created=1)
    now = stored(writer)
    assert now["version"] == 1
    assert now["created_at"] == now["updated_at"] > "2026"


def test_a_record_with_a_version_but_without_times_is_new(client: FlaskClient) -> None:
    assert import_report(client, ndjson(row(1) | ELSEWHERE | {"created_at": None}))["rows"] == counts(created=1)
    assert stored(client)["version"] == 1


@pytest.mark.parametrize(
    ("fields", "pointers"),
    [
        ({"version": 0}, ["#/version"]),
        ({"version": "7"}, ["#/version"]),
        ({"version": True}, ["#/version"]),
        ({"version": 2**31}, ["#/version"]),
        ({"created_at": "2024-01-01"}, ["#/created_at"]),
        ({"created_at": 5}, ["#/created_at"]),
        ({"updated_at": "2024-03-01T00:00:00Z"}, ["#/updated_at"]),
        ({"updated_at": "0001-01-01T00:00:00.000000+14:00"}, ["#/updated_at"]),
        ({"updated_at": "2023-12-31T00:00:00.000000Z"}, ["#/created_at"]),
        ({"updated_at": "2999-01-01T00:00:00.000000Z"}, ["#/updated_at"]),
        ({"record_state": "deleted"}, ["#/record_state"]),
        ({"merged_into": ID}, ["#/record_state"]),
    ],
)
def test_an_implausible_version_or_time_is_refused(
    client: FlaskClient, fields: dict[str, Any], pointers: list[str]
) -> None:
    report = import_report(client, ndjson(row(1) | ELSEWHERE | fields))
    assert [pointer for _, pointer, _ in errors(report)] == pointers
    assert report["rows"] == counts(refused=1)


def test_topics_are_created_for_restored_records_only(client: FlaskClient) -> None:
    topics = [{"id": "solar-cells"}]
    report = import_report(client, ndjson(row(1, topics=topics) | ELSEWHERE, row(2, topics=[{"id": "solar-cell"}])))
    assert (report["rows"], report["topics_created"]) == (counts(created=1, refused=1), ["solar-cells"])
    assert client.get("/v1/topics/solar-cells").get_json()["labels"] == {"en": "solar cells"}
    dry = import_report(
        client, ndjson(row(3, topics=[{"id": "wind"}]) | ELSEWHERE | {"id": ID[:-1] + "2"}), dry_run="true"
    )
    assert (dry["rows"], client.get("/v1/topics/wind").status_code) == (counts(created=1), 404)
