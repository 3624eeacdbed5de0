"""API keys over HTTP: made, listed, revoked, refused."""

import re
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from flask.testing import FlaskClient

from service import store
from service.http import auth
from service.ids import digest, is_well_formed, new_key
from tests.factories import an_event
from tests.service.conftest import make_key, running

NEW = {"name": "a crawler", "scopes": ["events:write", "events:read"]}
TOKEN = {"Idempotency-Key": '"8e03978e-40d5-43dd-bc93-6894a57f9324"'}


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


def id_of(client: FlaskClient, secret: str) -> str:
    return str(client.get("/v1/me", headers=bearer(secret)).get_json()["id"])


def test_a_new_key_is_shown_once_and_works(client: FlaskClient, anyone: FlaskClient) -> None:
    made = client.post("/v1/keys", json=NEW)
    secret = made.get_json()["key"]
    read = client.get(made.headers["Location"])

    assert (made.status_code, made.headers["Cache-Control"]) == (201, "no-store")
    assert is_well_formed(secret)
    assert made.get_json() == read.get_json() | {"key": secret}
    assert read.get_json() == {
        "id": made.headers["Location"].removeprefix("/v1/keys/"),
        "name": "a crawler",
        "public_name": None,
        "prefix": secret[:8],
        "scopes": ["events:read", "events:write"],
        "created_at": made.get_json()["created_at"],
        "expires_at": None,
        "revoked_at": None,
        "last_used_at": None,
    }
    assert anyone.post("/v1/events", json=an_event(), headers=bearer(secret)).status_code == 201


def test_only_the_digest_of_a_key_is_stored(client: FlaskClient, database: str) -> None:
    secret = client.post("/v1/keys", json=NEW, headers=TOKEN).get_json()["key"]

    with psycopg.connect(database) as conn:
        stored = conn.execute("SELECT digest FROM api_key ORDER BY id DESC LIMIT 1").fetchall()
        everything = conn.execute("SELECT api_key::text, (SELECT body FROM idempotent_answer) FROM api_key").fetchall()
    assert stored == [(digest(secret),)]
    assert secret not in str(everything)


def test_a_replayed_response_has_no_secret_and_creates_no_second_key(client: FlaskClient) -> None:
    first = client.post("/v1/keys", json=NEW, headers=TOKEN)
    again = client.post("/v1/keys", json=NEW, headers=TOKEN)

    assert (again.status_code, again.headers["Idempotent-Replayed"]) == (201, "true")
    assert again.get_json() == first.get_json() | {"key": None}
    assert again.headers["Cache-Control"] == "no-store"
    assert [key["name"] for key in client.get("/v1/keys").get_json()["items"]] == ["of a test", "a crawler"]


@pytest.mark.parametrize(
    ("said", "pointer"),
    [
        ({"name": ""}, "#/name"),
        ({"scopes": []}, "#/scopes"),
        ({"scopes": ["events:wirte"]}, "#/scopes/0"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, "#/expires_at"),
        ({"expires_at": "tomorrow"}, "#/expires_at"),
        ({"key": "ptk_mine"}, "#/key"),
    ],
)
def test_an_invalid_key_request_is_refused(client: FlaskClient, said: dict[str, Any], pointer: str) -> None:
    answer = client.post("/v1/keys", json=NEW | said)
    assert (answer.status_code, [fault["pointer"] for fault in answer.get_json()["errors"]]) == (422, [pointer])


def test_keys_are_listed_in_pages_without_secrets(client: FlaskClient) -> None:
    made = [client.post("/v1/keys", json=NEW | {"name": str(number)}) for number in range(3)]
    first = client.get("/v1/keys?limit=2")
    second = client.get(first.get_json()["next"])

    listed = first.get_json()["items"] + second.get_json()["items"]
    assert [key["name"] for key in listed] == ["of a test", "0", "1", "2"]
    assert second.get_json()["next"] is None
    assert "key" not in listed[1]
    assert all(key.get_json()["key"].encode() not in first.data + second.data for key in made)
    assert first.headers["Cache-Control"] == "no-store"


def test_a_revoked_key_is_refused_at_once_and_remains_in_the_list(client: FlaskClient, anyone: FlaskClient) -> None:
    made = client.post("/v1/keys", json=NEW)
    address, secret = made.headers["Location"], made.get_json()["key"]
    assert anyone.get("/v1/me", headers=bearer(secret)).status_code == 200

    assert client.delete(address).status_code == 204
    refused = anyone.get("/v1/me", headers=bearer(secret))
    revoked_at = client.get(address).get_json()["revoked_at"]

    assert refused.status_code == 401
    assert client.delete(address).status_code == 204
    assert client.get(address).get_json()["revoked_at"] == revoked_at
    assert revoked_at is not None


def test_another_process_accepts_a_revoked_key_for_a_few_seconds(
    client: FlaskClient, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auth, "TRUSTED_FOR", 0.2)
    secret = make_key(database, "events:read")
    with running(database) as other:
        asked = other.test_client()
        key_id = id_of(asked, secret)
        client.delete(f"/v1/keys/{key_id}")
        assert asked.get("/v1/me", headers=bearer(secret)).status_code == 200
        time.sleep(0.2)
        assert asked.get("/v1/me", headers=bearer(secret)).status_code == 401


def test_a_cached_key_is_refused_once_it_expires(anyone: FlaskClient, database: str) -> None:
    secret = new_key()
    end = datetime.now(UTC) + timedelta(seconds=0.4)
    with psycopg.connect(database) as conn:
        store.keys.insert_key(
            conn, id=UUID(int=7), name="brief", prefix="", digest=digest(secret), scopes=["admin"], expires_at=end
        )
    assert anyone.get("/v1/me", headers=bearer(secret)).status_code == 200
    time.sleep(0.45)
    assert anyone.get("/v1/me", headers=bearer(secret)).status_code == 401


def test_an_unknown_key_answers_404(client: FlaskClient) -> None:
    for ask in (client.get, client.delete):
        assert ask("/v1/keys/0192f0c1-0000-7000-8000-000000000000").status_code == 404


def test_only_admins_may_read_or_create_keys(anyone: FlaskClient, database: str) -> None:
    secret = make_key(database, "events:read", "events:write", "webhooks")
    for method, path in (("GET", "/v1/keys"), ("POST", "/v1/keys"), ("DELETE", f"/v1/keys/{UUID(int=7)}")):
        answer = anyone.open(path, method=method, headers=bearer(secret))
        assert (answer.status_code, answer.get_json()["type"]) == (403, "/problems/forbidden")
        assert answer.headers["WWW-Authenticate"] == (
            'Bearer realm="policytrail", error="insufficient_scope", scope="admin"'
        )


def test_a_missing_scope_is_named(anyone: FlaskClient, database: str) -> None:
    answer = anyone.post("/v1/events", json=an_event(), headers=bearer(make_key(database, "events:read")))

    assert (answer.status_code, answer.get_json()["detail"]) == (403, "The API key lacks the scope events:write.")
    assert answer.headers["WWW-Authenticate"] == (
        'Bearer realm="policytrail", error="insufficient_scope", scope="events:write"'
    )


def test_a_missing_and_an_invalid_key_get_different_401_problems(anyone: FlaskClient) -> None:
    missing = anyone.post("/v1/events", json=an_event())
    wrong = [
        anyone.post("/v1/events", json=an_event(), headers=headers)
        for headers in (bearer("ptk_x"), bearer(new_key()), {"X-API-Key": "ptk_x"}, {"Authorization": "Basic eDp5"})
    ]

    assert (missing.status_code, missing.headers["WWW-Authenticate"]) == (401, 'Bearer realm="policytrail"')
    assert {(answer.status_code, answer.headers["WWW-Authenticate"]) for answer in wrong} == {
        (401, 'Bearer realm="policytrail", error="invalid_token"')
    }


def test_an_invalid_key_is_refused_where_reading_is_public(anyone: FlaskClient) -> None:
    assert anyone.get("/v1/events").status_code == 200
    assert anyone.get("/v1/events", headers=bearer(new_key())).status_code == 401


def test_x_api_key_works_like_authorization(anyone: FlaskClient, key: str) -> None:
    assert anyone.post("/v1/events", json=an_event(), headers={"X-API-Key": key}).status_code == 201


@pytest.mark.parametrize("parameter", ["key", "api_key", "access_token"])
def test_a_key_in_the_query_is_ignored(anyone: FlaskClient, key: str, parameter: str) -> None:
    answer = anyone.get(f"/v1/events?{parameter}={key}")

    assert (answer.status_code, answer.get_json()["errors"][0]["parameter"]) == (422, parameter)
    assert key.encode() not in answer.data


def test_me_lists_the_scopes_of_any_key(database: str) -> None:
    secret = make_key(database, "webhooks")
    limits = {"rate_limit": "100/minute", "webhook_test_rate_limit": "6/minute"}
    with running(database, public_read=False, **limits) as app:
        told = app.test_client().get("/v1/me", headers=bearer(secret))

    assert told.get_json() == {
        "id": told.get_json()["id"],
        "name": "of a test",
        "scopes": ["webhooks"],
        "expires_at": None,
        "limits": [
            {"name": "default", "requests": 100, "seconds": 60},
            {"name": "webhook-tests", "requests": 6, "seconds": 60},
        ],
    }
    assert (UUID(told.get_json()["id"]).version, told.headers["Cache-Control"]) == (7, "no-store")


def test_me_lists_the_public_scopes_without_a_key(anyone: FlaskClient, database: str) -> None:
    assert anyone.get("/v1/me").get_json() == {
        "id": None,
        "name": None,
        "scopes": ["events:read"],
        "expires_at": None,
        "limits": [],
    }
    with running(database, public_read=False) as closed:
        assert closed.test_client().get("/v1/me").status_code == 401


def test_the_last_use_is_recorded_once_a_minute(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    notes: list[UUID] = []
    record_use = store.keys.record_use

    def counted(conn: psycopg.Connection, id: UUID) -> None:
        notes.append(id)
        record_use(conn, id)

    monkeypatch.setattr(store.keys, "record_use", counted)
    monkeypatch.setattr(auth, "TRUSTED_FOR", 0.0)
    for _ in range(5):
        client.get("/v1/me")

    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:00\.000000Z", _wait_for_use(client))
    assert len(notes) == 1


def test_no_request_waits_for_the_record_of_its_use(client: FlaskClient, database: str) -> None:
    with psycopg.connect(database) as other:
        other.execute("SELECT FROM api_key FOR UPDATE")
        assert client.get("/v1/me").status_code == 200
    assert _wait_for_use(client)


def _wait_for_use(client: FlaskClient) -> str:
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        [key] = client.get("/v1/keys").get_json()["items"]
        if key["last_used_at"]:
            return str(key["last_used_at"])
        time.sleep(0.01)
    raise AssertionError("the use was not noted")
