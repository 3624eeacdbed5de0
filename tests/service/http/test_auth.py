"""Access control: keys, scopes, and the secrecy of keys."""

import hashlib
import sys
from dataclasses import replace
from types import SimpleNamespace

import psycopg
import pytest
import structlog
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from service import create_app
from service.config import Settings
from service.http import auth, problems
from service.ids import digest, new_key
from service.observability import access_log
from tests.factories import an_event
from tests.service.conftest import make_key
from tests.service.problems import Problem, problem_of

NO_KEY = Problem(401, "unauthenticated", [])
NO_SCOPE = Problem(403, "forbidden", [])

READ, WRITE = ("GET", "/v1/events"), ("POST", "/v1/events")


def call(client: FlaskClient, what: tuple[str, str], authorization: str | None) -> TestResponse:
    """`what` is a method and an address."""
    headers = {} if authorization is None else {"Authorization": authorization}
    method, address = what
    return client.open(address, method=method, headers=headers, json=an_event() if method == "POST" else None)


@pytest.fixture
def private(app: Flask, anyone: FlaskClient) -> FlaskClient:
    """A client without a key, where reading is not public."""
    served = app.extensions["policytrail"]
    app.extensions["policytrail"] = replace(served, settings=replace(served.settings, public_read=False))
    return anyone


def test_a_request_without_a_key_gets_instructions(private: FlaskClient) -> None:
    for what in (READ, WRITE):
        answer = call(private, what, None)
        assert problem_of(answer) == NO_KEY
        assert answer.headers["WWW-Authenticate"] == 'Bearer realm="policytrail"'


def changed(key: str) -> str:
    """`key` with another last character."""
    return key[:-1] + ("0" if key[-1] != "0" else "1")


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Bearer",
        "Bearer ",
        "Bearer null",
        "Bearer ptk_",
        "Bearer {unknown}",
        "Bearer {changed}",
        "Bearer {cut}",
        "Bearer {bare}",
        "Bearer {key}x",
        "Bearer {key} {key}",
        "Bearer ptk_éééééééééééééééééééééééééééééééééééé",
        "Bearer{key}",
        "Basic {key}",
        "{key}",
        "Bearer xxxx{key}{key}{key}{key}{key}",
    ],
)
def test_an_invalid_key_is_refused_even_if_reading_is_public(anyone: FlaskClient, key: str, authorization: str) -> None:
    sent = authorization.format(key=key, cut=key[:-1], bare=key[4:], changed=changed(key), unknown=new_key())
    for what in (READ, WRITE):
        answer = call(anyone, what, sent)
        assert problem_of(answer) == NO_KEY
        assert answer.headers["WWW-Authenticate"] == 'Bearer realm="policytrail", error="invalid_token"'


@pytest.mark.parametrize("authorization", ["Bearer {}", "bearer {}", "BEARER  {} "])
def test_the_authorization_scheme_is_case_insensitive(private: FlaskClient, key: str, authorization: str) -> None:
    assert call(private, WRITE, authorization.format(key)).status_code == 201


@pytest.mark.parametrize(
    ("scopes", "read", "write"),
    [
        (("events:read",), 200, 403),
        (("events:write",), 403, 201),
        (("events:read", "events:write"), 200, 201),
        (("webhooks",), 403, 403),
        (("admin",), 200, 201),
        ((), 403, 403),
    ],
)
def test_a_key_has_its_scopes_and_admin_has_all(
    private: FlaskClient, database: str, scopes: tuple[str, ...], read: int, write: int
) -> None:
    bearer = f"Bearer {make_key(database, *scopes)}"
    answers = [call(private, what, bearer) for what in (READ, WRITE)]
    assert [answer.status_code for answer in answers] == [read, write]
    for refused, scope in zip(answers, ("events:read", "events:write"), strict=True):
        if refused.status_code == 403:
            assert problem_of(refused) == NO_SCOPE
            challenge = f'Bearer realm="policytrail", error="insufficient_scope", scope="{scope}"'
            assert refused.headers["WWW-Authenticate"] == challenge


def test_public_reading_needs_no_key_but_writing_does(anyone: FlaskClient) -> None:
    assert call(anyone, READ, None).status_code == 200
    assert problem_of(call(anyone, WRITE, None)) == NO_KEY


def test_health_needs_no_key(private: FlaskClient) -> None:
    assert [private.get(address).status_code for address in ("/livez", "/readyz", "/metrics")] == [200, 200, 200]


def test_a_refused_write_reveals_nothing_about_the_data(private: FlaskClient) -> None:
    for address in ("/v1/events/01980000-0000-7000-8000-000000000000", "/v1/topics/none"):
        for method in ("GET", "PUT", "PATCH", "DELETE"):
            assert problem_of(private.open(address, method=method, data=b"{", headers={"If-Match": "*"})) == NO_KEY


@pytest.mark.parametrize(
    ("spoilt", "status"),
    [
        ("revoked_at = now()", 401),
        ("expires_at = now() - interval '1 second'", 401),
        ("expires_at = now() + interval '1 hour'", 201),
    ],
)
def test_a_revoked_or_expired_key_is_refused(
    anyone: FlaskClient, conn: psycopg.Connection, key: str, spoilt: str, status: int
) -> None:
    conn.execute(f"UPDATE api_key SET {spoilt}".encode())
    conn.commit()
    assert call(anyone, WRITE, f"Bearer {key}").status_code == status


def test_a_cached_key_is_refused_seconds_after_its_revocation(
    anyone: FlaskClient, conn: psycopg.Connection, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    monkeypatch.setattr(auth, "time", SimpleNamespace(monotonic=lambda: now))
    assert call(anyone, WRITE, f"Bearer {key}").status_code == 201
    conn.execute("UPDATE api_key SET revoked_at = now()")
    conn.commit()
    now += auth.TRUSTED_FOR
    assert problem_of(call(anyone, WRITE, f"Bearer {key}")) == NO_KEY


def test_the_cache_of_keys_is_bounded(
    app: Flask, anyone: FlaskClient, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auth, "REMEMBERED", 2)
    for key in [make_key(database, "admin") for _ in range(4)]:
        assert call(anyone, READ, f"Bearer {key}").status_code == 200
    assert len(app.extensions["policytrail"].cached_keys) == 2


def test_the_database_stores_only_the_digest_of_a_key(conn: psycopg.Connection, key: str) -> None:
    kept = conn.execute("SELECT digest, prefix, to_jsonb(api_key)::text FROM api_key").fetchall()
    [(hashed, prefix, everything)] = kept
    assert hashed == digest(key) == hashlib.sha256(key.encode()).digest()
    assert key.startswith(prefix)
    assert len(prefix) <= 8
    assert key[8:] not in everything
    assert key.encode().hex() not in everything


def test_no_log_line_contains_a_key(
    database: str, key: str, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    app = create_app(Settings(database_url=database, public_read=True, log_level="DEBUG"))
    for module in (access_log, problems):  # their loggers keep what they first wrote to
        monkeypatch.setattr(module, "log", structlog.get_logger())
    app.extensions["policytrail"].database.open()
    monkeypatch.setitem(app.view_functions, "events.get_event", lambda **_: 1 / 0)
    client, unknown = app.test_client(), new_key()
    for secret in (key, unknown):
        for what in (READ, WRITE, ("GET", "/v1/events/01980000-0000-7000-8000-000000000000"), ("GET", "/none")):
            call(client, what, f"Bearer {secret}")
        call(client, ("GET", f"/v1/events?key={secret}"), f"Bearer {secret}")
    app.extensions["policytrail"].database.close()
    sys.stderr.flush()
    out, err = capsysbinary.readouterr()
    assert err.count(b'"event":"request"') == 10
    assert err.count(b'"event":"unexpected"') == 2
    for secret in (key, unknown):
        assert secret[8:].encode() not in out + err
