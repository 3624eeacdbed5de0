"""/v1/webhooks: created, read, changed and deleted by their owners; secrets are shown once."""

import sys
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient

from service.encryption import decrypt
from service.ids import uuid7
from service.store.webhooks.leases import upsert_worker
from service.store.webhooks.pings import MAX_WAITING
from tests.factories import create_topic
from tests.service.conftest import client_of, running
from tests.service.problems import details, problem_of
from tests.webhooks import URL, make_webhook, new_webhook


@pytest.fixture
def subscriber(app: Flask, database: str) -> FlaskClient:
    """A client that may read and manage webhooks."""
    return client_of(app, database, "webhooks", "events:read")


def test_a_new_webhook_has_defaults_and_shows_its_secret(subscriber: FlaskClient) -> None:
    response = subscriber.post("/v1/webhooks", json=new_webhook())
    body: Any = response.json
    assert (response.status_code, response.headers["ETag"]) == (201, '"1"')
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Location"] == f"/v1/webhooks/{body['id']}"
    assert body["secret"].startswith("whsec_")
    own = {"id", "key_id", "created_at", "updated_at", "secret"}
    assert {name: value for name, value in body.items() if name not in own} == {
        "url": URL,
        "filter": None,
        "kinds": ["create", "update", "delete", "merge", "leave"],
        "payload": "full",
        "description": None,
        "paused": False,
        "rate_limit": None,
        "ordered": False,
        "handshake": False,
        "version": 1,
        "state": "active",
        "disabled": None,
        "failing_since": None,
        "former_secret_until": None,
        "notices": [],
    }


def test_a_webhook_is_read_and_listed_without_its_secret(subscriber: FlaskClient) -> None:
    webhook = make_webhook(subscriber)
    secret = webhook.pop("secret")
    response = subscriber.get(f"/v1/webhooks/{webhook['id']}")
    assert (response.json, response.headers["ETag"]) == (webhook, '"1"')
    listing = subscriber.get("/v1/webhooks")
    assert listing.json == {"items": [webhook], "next": None}
    assert secret not in response.text + listing.text


@pytest.mark.parametrize(
    "filter_",
    [
        "party=JP&event_type=dialogue,agreement",
        "q=%22solid+state%22+-sodium",
        {"party": "JP"},
        {"any": [{"party": ["JP", "EU"]}, {"not": {"status": "planned"}}], "q": "batteries"},
        "",
        {},
    ],
)
def test_a_filter_is_returned_as_it_was_sent(subscriber: FlaskClient, filter_: Any) -> None:
    assert make_webhook(subscriber, filter=filter_)["filter"] == filter_


def test_a_filter_with_an_unknown_topic_is_refused(client: FlaskClient) -> None:
    create_topic(client, "trade")
    assert make_webhook(client, filter="topic=trade")["filter"] == "topic=trade"
    refused = client.post("/v1/webhooks", json=new_webhook(filter="topic=trad"))
    assert problem_of(refused).status == 422
    assert 'There is no topic "trad". Did you mean "trade"?' in details(refused)


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"url": "http://receiver.example/"}, "#/url"),
        ({"url": "https://user@receiver.example/"}, "#/url"),
        ({"url": "https://user:password@127.0.0.1@receiver.example/"}, "#/url"),
        ({"url": "https://receiver.example@127.0.0.1/"}, "#/url"),
        ({"url": "https://127.0.0.1/"}, "#/url"),
        ({"url": "https://[::ffff:10.0.0.1]/"}, "#/url"),
        ({"url": "https://169.254.169.254/"}, "#/url"),
        ({"url": "https://0x7f.1/"}, "#/url"),
        ({"url": "ftp://receiver.example/"}, "#/url"),
        ({"url": "https://"}, "#/url"),
        ({"url": None}, "#/url"),
        ({"filter": "parti=JP"}, "#/filter"),
        ({"filter": "party=JP&party=EU"}, "#/filter"),
        ({"filter": {"parti": "JP"}}, "#/filter/parti"),
        ({"filter": {"any": [{"party": "Japan"}]}}, "#/filter/any/0/party"),
        ({"filter": 5}, "#/filter"),
        ({"filter": ["party=JP"]}, "#/filter"),
        ({"filter": "q=" + "x" * 10_000}, "#/filter"),
        ({"kinds": ["created"]}, "#/kinds/0"),
        ({"kinds": None}, "#/kinds"),
        ({"payload": "whole"}, "#/payload"),
        ({"payload": None}, "#/payload"),
        ({"paused": "no"}, "#/paused"),
        ({"paused": 1}, "#/paused"),
        ({"ordered": "true"}, "#/ordered"),
        ({"rate_limit": 0}, "#/rate_limit"),
        ({"rate_limit": 1.5}, "#/rate_limit"),
        ({"rate_limit": 600_001}, "#/rate_limit"),
        ({"rate_limit": "60"}, "#/rate_limit"),
        ({"description": "x" * 1001}, "#/description"),
        ({"secret": "whsec_mine"}, "#/secret"),
        ({"urls": URL}, "#/urls"),
    ],
)
def test_an_invalid_field_is_refused_with_its_pointer(subscriber: FlaskClient, fields: Any, pointer: str) -> None:
    refused = subscriber.post("/v1/webhooks", json=new_webhook(**fields))
    body: Any = refused.json
    assert (refused.status_code, [fault["pointer"] for fault in body["errors"]]) == (422, [pointer])
    assert subscriber.get("/v1/webhooks").json == {"items": [], "next": None}


def test_settings_allow_urls_of_private_networks_and_by_http(database: str) -> None:
    with running(database, webhook_private_networks="10.20.0.0/16", webhook_http_networks="10.20.0.0/16") as app:
        client = client_of(app, database, "admin")
        make_webhook(client, url="http://10.20.1.1/")
        make_webhook(client, url="https://10.20.1.1/")
        make_webhook(client, url="http://inside.example/")  # its address is checked when it is called
        for url in ("http://10.21.1.1/", "http://8.8.8.8/", "https://10.21.1.1/"):
            assert client.post("/v1/webhooks", json=new_webhook(url=url)).status_code == 422


def test_put_replaces_and_patch_changes_fields_and_both_require_if_match(subscriber: FlaskClient) -> None:
    webhook = make_webhook(subscriber, description="One")
    address = f"/v1/webhooks/{webhook['id']}"
    assert problem_of(subscriber.put(address, json=new_webhook())).status == 428
    assert problem_of(subscriber.patch(address, json={}, headers={"If-Match": '"2"'})).status == 412
    patched = subscriber.patch(address, json={"paused": True}, headers={"If-Match": '"1"'})
    assert (patched.headers["ETag"], patched.get_json()["state"], patched.get_json()["description"]) == (
        '"2"',
        "paused",
        "One",
    )
    replaced = subscriber.put(
        address, json={**patched.get_json(), "description": None, "rate_limit": 60}, headers={"If-Match": '"2"'}
    )
    assert replaced.status_code == 200, replaced.text
    body: Any = replaced.json
    assert (body["version"], body["description"], body["rate_limit"], body["paused"]) == (3, None, 60, True)
    pointed = subscriber.patch(
        address,
        json=[{"op": "replace", "path": "/url", "value": "https://other.example/"}],
        headers={"If-Match": '"3"', "Content-Type": "application/json-patch+json"},
    )
    assert pointed.get_json()["url"] == "https://other.example/"
    assert subscriber.patch(address, json={"url": "https://127.0.0.1/"}, headers={"If-Match": "*"}).status_code == 422


def test_an_equal_body_creates_no_version(subscriber: FlaskClient) -> None:
    webhook = make_webhook(subscriber, filter={"party": "JP"})
    webhook.pop("secret")
    same = subscriber.put(f"/v1/webhooks/{webhook['id']}", json=webhook, headers={"If-Match": '"1"'})
    assert same.json == webhook


def test_reading_an_unchanged_webhook_answers_304(subscriber: FlaskClient) -> None:
    webhook = make_webhook(subscriber)
    assert subscriber.get(f"/v1/webhooks/{webhook['id']}", headers={"If-None-Match": '"1"'}).status_code == 304


def test_every_operation_on_a_deleted_webhook_answers_404(subscriber: FlaskClient) -> None:
    webhook = make_webhook(subscriber)
    address = f"/v1/webhooks/{webhook['id']}"
    assert subscriber.delete(address).status_code == 428
    assert subscriber.delete(address, headers={"If-Match": '"1"'}).status_code == 204
    for method, path in _everything(address):
        response = subscriber.open(path, method=method, json=_BODIES.get(path.rpartition("/")[2]), headers=_MATCH)
        assert response.status_code == 404, (method, path, response.text)
    assert subscriber.get("/v1/webhooks").get_json()["items"] == []


_MATCH = {"If-Match": "*"}
_BODIES: dict[str, Any] = {"recover": {"since": "2026-01-01T00:00:00Z"}}


def _everything(address: str) -> Iterator[tuple[str, str]]:
    """Every operation on one webhook."""
    yield "GET", address
    yield "DELETE", address
    for action in ("rotate-secret", "test", "recover", "deliveries/1/retry"):
        yield "POST", f"{address}/{action}"
    for path in ("deliveries", "deliveries/1", "recoveries/01980000-0000-7000-8000-000000000000"):
        yield "GET", f"{address}/{path}"


def test_webhooks_of_another_key_are_visible_to_an_admin_only(
    app: Flask, database: str, subscriber: FlaskClient, client: FlaskClient
) -> None:
    webhook = make_webhook(subscriber)
    webhook.pop("secret")
    address = f"/v1/webhooks/{webhook['id']}"
    other = client_of(app, database, "webhooks", "events:read", "events:write")
    for method, path in _everything(address):
        response = other.open(path, method=method, json=_BODIES.get(path.rpartition("/")[2]), headers=_MATCH)
        assert response.status_code == 404, (method, path, response.text)
    for method in ("put", "patch"):
        assert getattr(other, method)(address, json=new_webhook(), headers=_MATCH).status_code == 404
    assert other.get("/v1/webhooks").get_json()["items"] == []
    assert client.get(address).json == webhook
    assert client.get("/v1/webhooks").get_json()["items"] == [webhook]


@pytest.mark.parametrize(("scopes", "status"), [(("events:read", "events:write"), 403), ((), 403)])
def test_webhooks_require_their_scope(app: Flask, database: str, scopes: tuple[str, ...], status: int) -> None:
    client = client_of(app, database, *scopes)
    assert client.get("/v1/webhooks").status_code == status
    assert client.post("/v1/webhooks", json=new_webhook()).status_code == status


def test_a_key_that_may_not_read_events_cannot_create_new_webhook(database: str) -> None:
    with running(database, public_read=False) as app:
        refused = client_of(app, database, "webhooks").post("/v1/webhooks", json=new_webhook())
        assert (refused.status_code, "events:read" in refused.text) == (403, True)
        make_webhook(client_of(app, database, "webhooks", "events:read"))
        make_webhook(client_of(app, database, "admin"))


def test_the_number_of_webhooks_of_a_key_is_limited(database: str) -> None:
    with running(database, max_webhooks=2) as app:
        client, other = client_of(app, database, "webhooks"), client_of(app, database, "webhooks")
        first, _ = make_webhook(client), make_webhook(client)
        assert problem_of(client.post("/v1/webhooks", json=new_webhook())).status == 409
        make_webhook(other)
        client.delete(f"/v1/webhooks/{first['id']}", headers=_MATCH)
        make_webhook(client)


def test_webhooks_are_listed_in_pages(subscriber: FlaskClient) -> None:
    ids = [make_webhook(subscriber, description=f"No {number}")["id"] for number in range(5)]
    pages, address = [], "/v1/webhooks?limit=2"
    while address:
        page: Any = subscriber.get(address).json
        pages += [one["id"] for one in page["items"]]
        address = page["next"]
    assert pages == sorted(ids)
    assert problem_of(subscriber.get("/v1/webhooks?cursor=eyJ4IjoxfQ")).status == 400


def test_a_rotation_returns_a_new_secret_and_the_former_one_signs_for_a_day(
    subscriber: FlaskClient, database: str
) -> None:
    webhook = make_webhook(subscriber)
    rotated = subscriber.post(f"/v1/webhooks/{webhook['id']}/rotate-secret")
    body: Any = rotated.json
    assert (rotated.status_code, rotated.headers["Cache-Control"], body["version"]) == (200, "no-store", 2)
    assert body["secret"] != webhook["secret"]
    assert [notice["kind"] for notice in body["notices"]] == ["secret_rotated"]
    with psycopg.connect(database) as conn:
        [[former, until]] = conn.execute("SELECT former_secret, former_until - updated_at FROM subscription").fetchall()
    assert until.total_seconds() == 24 * 3600
    assert former is not None


def test_a_replayed_response_has_no_secret(subscriber: FlaskClient) -> None:
    headers = {"Idempotency-Key": "once"}
    first = subscriber.post("/v1/webhooks", json=new_webhook(), headers=headers)
    again = subscriber.post("/v1/webhooks", json=new_webhook(), headers=headers)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.json == first.get_json() | {"secret": None}
    assert len(subscriber.get("/v1/webhooks").get_json()["items"]) == 1


def test_secrets_are_encrypted_if_a_key_is_set(database: str) -> None:
    with running(database, secret_keys="newest,older") as app:  # noqa: S106 (of a test)
        client = client_of(app, database, "admin")
        webhook = make_webhook(client)
        client.post(f"/v1/webhooks/{webhook['id']}/rotate-secret")
    with psycopg.connect(database) as conn:
        [[id_, secret, former]] = conn.execute("SELECT id, secret, former_secret FROM subscription").fetchall()
    assert secret[:1] == former[:1] == b"\x01"
    assert len(decrypt(former, [b"newest"], id_.bytes)) == 32


def test_a_ping_without_a_worker_answers_503(subscriber: FlaskClient) -> None:
    webhook = make_webhook(subscriber)
    response = subscriber.post(f"/v1/webhooks/{webhook['id']}/test")
    assert problem_of(response).status == 503
    assert response.headers["Retry-After"]
    assert "worker" in response.text


def test_webhook_tests_have_a_limit_of_their_own(database: str) -> None:
    with running(database, webhook_test_rate_limit="2/minute") as app:
        client = client_of(app, database, "admin")
        address = f"/v1/webhooks/{make_webhook(client)['id']}/test"
        responses = [client.post(address, headers={"Idempotency-Key": str(number)}) for number in range(3)]
        assert [response.status_code for response in responses] == [503, 503, 429]
        assert responses[2].headers["RateLimit-Policy"] == '"webhook-tests";q=2;w=60'
        assert client.get("/v1/webhooks").status_code == 200


def test_few_webhook_tests_of_a_key_wait_at_the_same_time(
    app: Flask, subscriber: FlaskClient, database: str, conn: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = client_of(app, database, "webhooks", "events:read")
    monkeypatch.setattr(sys.modules["service.views.webhooks"], "PICKUP_TIMEOUT", -60.0)  # nobody sends these pings
    upsert_worker(conn, uuid7(), {}, alive_for=1.0)
    conn.commit()
    address = f"/v1/webhooks/{make_webhook(subscriber)['id']}/test"
    assert {subscriber.post(address).status_code for _ in range(MAX_WAITING)} == {503}

    headers = {"Idempotency-Key": "one"}
    refused = subscriber.post(address, headers=headers)
    assert (problem_of(refused).status, refused.headers["Retry-After"]) == (429, "5")
    assert other.post(f"/v1/webhooks/{make_webhook(other)['id']}/test").status_code == 503

    conn.execute("UPDATE ping SET outcome = 'accepted'")
    conn.commit()
    assert subscriber.post(address, headers=headers).status_code == 503  # the 429 was not stored
    assert conn.execute("SELECT count(*) FROM ping WHERE outcome IS NULL").fetchone() == (1,)
