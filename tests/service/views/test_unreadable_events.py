"""Callers who may write but not read, and readers without a key: no response shows what they may not read."""

from typing import Any

import psycopg
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.factories import a_topic, an_event, create_event, create_topic
from tests.service.conftest import make_key, running

#: A text of the stored records that no response may show.
SECRET = "Unreadable words"  # noqa: S105 (no password)

MERGE_PATCH, JSON_PATCH = "application/merge-patch+json", "application/json-patch+json"


@pytest.fixture
def writer(client: FlaskClient, database: str) -> FlaskClient:
    """A client that may write events, but not read them."""
    writer = client.application.test_client()
    writer.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {make_key(database, 'events:write')}"
    return writer


def shows_nothing(response: TestResponse) -> bool:
    """Return whether the response is a success without a record."""
    return (response.status_code, response.data) == (204, b"") and "ETag" in response.headers


@pytest.mark.parametrize("body", [{}, {"status": "agreed"}, {"title": None, "tags": ["a"]}])
def test_a_merge_patch_shows_no_record_to_a_writer(
    client: FlaskClient, writer: FlaskClient, body: dict[str, Any]
) -> None:
    event = create_event(client, summary=SECRET)
    response = writer.patch(f"/v1/events/{event['id']}", json=body, headers={"If-Match": "*"})
    assert SECRET not in response.text
    assert shows_nothing(response) or response.status_code == 422
    assert writer.get(f"/v1/events/{event['id']}").status_code == 403


def test_a_refused_patch_shows_only_the_faults_of_what_was_sent(client: FlaskClient, writer: FlaskClient) -> None:
    sources = [{"id": "report", "type": "report"}, {"id": "unreadable", "type": "report", "derived_from": ["report"]}]
    address = f"/v1/events/{create_event(client, sources=sources)['id']}"
    body = {"sources": [{"id": "other", "type": "report"}], "title": None, "unknown": 1}
    patches: list[Any] = [body, {"participants": [], "citations": None}, {"sources": None}, []]
    for patch in patches:
        response = writer.patch(address, json=patch, headers={"If-Match": "*"})
        assert response.status_code in (204, 422)
        assert "unreadable" not in response.text
    response = writer.patch(address, json=body, headers={"If-Match": "*"})
    assert {fault["pointer"] for fault in response.get_json()["errors"]} == {"#/title", "#/unknown"}


def test_a_patch_that_breaks_a_citation_does_not_quote_it(client: FlaskClient, writer: FlaskClient) -> None:
    participants = [{"id": "unreadable", "name": "Japan", "role": "party", "jurisdiction": "JP"}]
    citation = {"fact": "participants/unreadable", "source": "report", "stance": "supports"}
    event = create_event(client, participants=participants, citations=[citation])
    body = {"participants": [{"name": "France", "role": "party", "jurisdiction": "FR"}]}
    headers = {"If-Match": "*"}
    refused = writer.patch(f"/v1/events/{event['id']}", json=body, headers=headers)
    assert (refused.status_code, refused.get_json().get("errors", [])) == (422, [])
    assert "unreadable" not in refused.text
    assert "unreadable" in client.patch(f"/v1/events/{event['id']}", json=body, headers=headers).text


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "test", "path": "/summary", "value": "Another"},
        {"op": "test", "path": "/summary", "value": SECRET},
        {"op": "copy", "from": "/summary", "path": "/title"},
        {"op": "remove", "path": "/nowhere/x"},
    ],
)
def test_a_json_patch_needs_the_right_to_read(
    client: FlaskClient, writer: FlaskClient, operation: dict[str, Any]
) -> None:
    address = f"/v1/events/{create_event(client, summary=SECRET)['id']}"
    headers = {"If-Match": "*", "Content-Type": JSON_PATCH}
    response = writer.patch(address, json=[operation], headers=headers)
    assert response.status_code == 403
    assert SECRET not in response.text


def test_no_other_write_shows_a_record_to_a_writer(client: FlaskClient, writer: FlaskClient) -> None:
    external = {"external_ids": [{"scheme": "tracker", "value": "1"}]}
    one, other = create_event(client, summary=SECRET), create_event(client, title="Other", summary=SECRET, **external)
    create_topic(client, "batteries", definition={"en": SECRET})
    if_match, into = {"If-Match": "*"}, {"into": one["id"]}
    assert shows_nothing(writer.put(f"/v1/events/{one['id']}", json=an_event(), headers=if_match))
    assert shows_nothing(writer.put("/v1/events/by/tracker/1", json=an_event()))
    assert shows_nothing(writer.post(f"/v1/events/{other['id']}/merge", json=into, headers=if_match))
    assert shows_nothing(writer.patch("/v1/topics/batteries", json={}, headers=if_match))
    assert shows_nothing(writer.put("/v1/topics/batteries", json=a_topic("batteries"), headers=if_match))


def test_a_replayed_response_shows_no_record_to_a_writer(client: FlaskClient, writer: FlaskClient) -> None:
    one, other = create_event(client, summary=SECRET), create_event(client, title="Other", summary=SECRET)
    headers = {"If-Match": "*", "Idempotency-Key": "one"}
    for _ in range(2):
        body = {"into": one["id"]}
        assert shows_nothing(writer.post(f"/v1/events/{other['id']}/merge", json=body, headers=headers))


def test_a_writer_sees_the_event_that_it_created(writer: FlaskClient) -> None:
    response = writer.post("/v1/events", json=an_event(title="Mine"))
    assert (response.status_code, response.get_json()["title"]) == (201, "Mine")


# Deleted events


@pytest.fixture
def deleted(client: FlaskClient) -> dict[str, Any]:
    """An event that was deleted, with the time of its creation."""
    event = create_event(client, summary=SECRET, tags=["a"])
    client.delete(f"/v1/events/{event['id']}", headers={"If-Match": "*"})
    return event


def addresses_of(event: dict[str, Any]) -> list[str]:
    """Return the addresses that show what a deleted event was."""
    address, as_of = f"/v1/events/{event['id']}", f"as_of={event['updated_at']}"
    own = [f"{address}/revisions", f"{address}/revisions/1", f"{address}/diff?from=0&to=1", f"{address}?{as_of}"]
    files = [f"/v1/events.{suffix}?{as_of}" for suffix in ("ndjson", "csv", "atom", "jsonfeed")]
    return [*own, f"/v1/events?{as_of}", f"/v1/events?tag=a&{as_of}", *files]


def test_a_deleted_event_needs_a_key(client: FlaskClient, anyone: FlaskClient, deleted: dict[str, Any]) -> None:
    for address in addresses_of(deleted):
        assert SECRET not in anyone.get(address).text, address
        assert client.get(address).status_code == 200, address
    for address in addresses_of(deleted)[:4]:
        assert anyone.get(address).status_code == 401
    assert sum(SECRET in client.get(address).text for address in addresses_of(deleted)) >= 7


def test_the_feed_has_no_document_of_a_deleted_event_without_a_key(
    client: FlaskClient, anyone: FlaskClient, deleted: dict[str, Any]
) -> None:
    other = create_event(client, title="Other")
    entries = anyone.get("/v1/changes").get_json()["items"]
    assert [(entry["kind"], entry["event_id"], entry["document"] is None) for entry in entries] == [
        ("create", deleted["id"], True),
        ("delete", deleted["id"], True),
        ("create", other["id"], False),
    ]
    assert SECRET in client.get("/v1/changes").text


def test_an_event_that_was_merged_into_a_deleted_one_needs_a_key_too(client: FlaskClient, anyone: FlaskClient) -> None:
    one, other = create_event(client, summary=SECRET), create_event(client, title="Other")
    client.post(f"/v1/events/{one['id']}/merge", json={"into": other["id"]}, headers={"If-Match": "*"})
    assert SECRET in anyone.get(f"/v1/events/{one['id']}/revisions/1").text
    client.delete(f"/v1/events/{other['id']}", headers={"If-Match": "*"})
    for address in addresses_of(one):
        assert SECRET not in anyone.get(address).text, address


def test_a_setting_opens_deleted_events_to_all(
    client: FlaskClient, database: str, conn: psycopg.Connection, deleted: dict[str, Any]
) -> None:
    del client, conn
    with running(database, public_deleted=True) as app:
        for address in addresses_of(deleted):
            assert app.test_client().get(address).status_code == 200, address
