"""Problems of no view: unknown addresses and methods, unexpected errors."""

from typing import NoReturn

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.service.problems import problem_of

UNKNOWN = "/v1/events/01980000-0000-7000-8000-000000000000"


@pytest.mark.parametrize(
    "address",
    [
        "/v1/",
        "/v1/event",
        "/v1/events/",
        "/v1//events",
        "/v1/events/5",
        "/v1/events/none",
        f"{UNKNOWN}/",
        f"{UNKNOWN}/revisions/x",
        "/v1/events/..%2f..",
        "/v1/%00",
        "/%ff%fe",
        "/v2/events",
        "/admin.php",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_unknown_address_is_not_found(client: FlaskClient, address: str, method: str) -> None:
    assert problem_of(client.open(address, method=method)) == (404, "not-found", [])


@pytest.mark.parametrize(
    ("method", "address", "allowed"),
    [
        ("DELETE", "/v1/events", {"GET", "HEAD", "OPTIONS", "POST"}),
        ("PUT", "/v1/topics", {"GET", "HEAD", "OPTIONS", "POST"}),
        ("POST", UNKNOWN, {"GET", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE"}),
        ("POST", "/v1/topics/trade", {"GET", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE"}),
        ("DELETE", f"{UNKNOWN}/revisions/1", {"GET", "HEAD", "OPTIONS"}),
        ("POST", "/v1/vocabularies", {"GET", "HEAD", "OPTIONS"}),
        ("POST", "/livez", {"GET", "HEAD", "OPTIONS"}),
        ("TRACE", "/v1/events", {"GET", "HEAD", "OPTIONS", "POST"}),
        ("BREW", "/v1/events", {"GET", "HEAD", "OPTIONS", "POST"}),
    ],
)
def test_an_unsupported_method_gets_405_with_the_supported_ones(
    client: FlaskClient, method: str, address: str, allowed: set[str]
) -> None:
    answer = client.open(address, method=method)
    assert problem_of(answer) == (405, "method-not-allowed", [])
    assert set(answer.headers["Allow"].split(", ")) == allowed
    options = client.options(address)
    assert (options.status_code, options.data, set(options.headers["Allow"].split(", "))) == (200, b"", allowed)


@pytest.mark.parametrize("address", ["/v1/events", "/v1/topics", "/v1/vocabularies", "/livez", "/readyz"])
def test_head_answers_like_get_without_the_body(client: FlaskClient, address: str) -> None:
    read, head = client.get(address), client.head(address)
    own = {"X-Request-Id": "each its own"}
    assert (head.status_code, head.data) == (200, b"")
    assert dict(head.headers) | own == dict(read.headers) | own


@pytest.mark.parametrize("address", ["/v1/nothing", UNKNOWN, "/v1/events?limit=0"])
def test_head_of_an_error_has_the_status_and_no_body(client: FlaskClient, address: str) -> None:
    head = client.head(address)
    assert (head.status_code, head.data) == (client.get(address).status_code, b"")


def test_an_unexpected_error_gets_500_without_detail(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**_: object) -> NoReturn:
        raise RuntimeError("the password is hunter2")

    monkeypatch.setitem(app.view_functions, "events.list_events", fail)
    answer = client.get("/v1/events", headers={"X-Request-Id": "mine"})
    assert problem_of(answer) == (500, "unexpected", [])
    assert "hunter2" not in answer.text
    assert "RuntimeError" not in answer.text
    assert answer.headers["X-Request-Id"] == "mine"


def test_problems_are_not_cacheable(client: FlaskClient) -> None:
    assert client.get("/v1/nothing").headers["Cache-Control"] == "no-store"
