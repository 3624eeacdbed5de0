"""CORS, security headers, caching, and what OPTIONS says."""

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from flask.testing import FlaskClient

from tests.factories import an_event
from tests.service.conftest import running
from tests.serving import serving

OURS, THEIRS = "https://tracker.example", "https://elsewhere.example"
PREFLIGHT = {"Access-Control-Request-Method": "PATCH", "Access-Control-Request-Headers": "if-match, content-type"}
EVENT = "/v1/events/01890000-0000-7000-8000-000000000000"


MakeClient = Callable[[str], FlaskClient]


@pytest.fixture
def make_client(database: str) -> Iterator[MakeClient]:
    """A function that makes a client of an app with `cors_origins`."""
    with ExitStack() as apps:
        yield lambda origins: apps.enter_context(running(database, cors_origins=origins)).test_client()


def _shared(client: FlaskClient, method: str, at: str, headers: dict[str, str]) -> dict[str, str]:
    answer = client.open(at, method=method, headers=headers)
    return {name: value for name, value in answer.headers if name.startswith("Access-Control")}


def test_nothing_is_shared_unless_a_setting_says_so(anyone: FlaskClient) -> None:
    assert _shared(anyone, "GET", "/v1/events", {"Origin": OURS}) == {}
    assert _shared(anyone, "OPTIONS", EVENT, {"Origin": OURS} | PREFLIGHT) == {}
    assert anyone.get("/v1/events", headers={"Origin": OURS}).headers["Vary"] == "Accept, Accept-Encoding"


def test_an_origin_that_is_named_may_read_answers_and_problems(make_client: MakeClient) -> None:
    client = make_client(f"https://a.example, {OURS}")
    for at in ("/v1/events", "/v1/nothing", EVENT):
        told = _shared(client, "GET", at, {"Origin": OURS})
        assert told.pop("Access-Control-Allow-Origin") == OURS
        exposed = set(told.pop("Access-Control-Expose-Headers").split(", "))
        assert exposed >= {
            *(
                "ETag",
                "Link",
                "Location",
                "RateLimit",
                "RateLimit-Policy",
                "Retry-After",
                "X-Request-Id",
                "Deprecation",
            ),
            *("Sunset", "Preference-Applied", "Idempotent-Replayed", "Content-Disposition"),
        }
        assert told == {}  # no credentials above all
        assert _shared(client, "GET", at, {"Origin": THEIRS}) == {}
        for headers in ({}, {"Origin": OURS}, {"Origin": THEIRS}):
            assert client.get(at, headers=headers).headers["Vary"] == "Accept, Accept-Encoding, Origin"


def test_a_preflight_says_what_may_be_sent(make_client: MakeClient) -> None:
    client = make_client(OURS)
    told = _shared(client, "OPTIONS", EVENT, {"Origin": OURS} | PREFLIGHT)
    methods, headers = (set(told.pop(f"Access-Control-Allow-{kind}").split(", ")) for kind in ("Methods", "Headers"))
    assert methods == {"GET", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE"}
    assert headers >= {"Authorization", "Content-Type", "If-Match", "If-None-Match", "Idempotency-Key", "Prefer"}
    assert told == {"Access-Control-Allow-Origin": OURS, "Access-Control-Max-Age": "7200"}
    assert _shared(client, "OPTIONS", EVENT, {"Origin": THEIRS} | PREFLIGHT) == {}


def test_a_star_shares_with_everybody_and_varies_with_nobody(make_client: MakeClient) -> None:
    client = make_client("*")
    answer = client.get("/v1/events", headers={"Origin": THEIRS})
    assert (answer.headers["Access-Control-Allow-Origin"], answer.headers["Vary"]) == ("*", "Accept, Accept-Encoding")


def test_options_says_what_a_resource_knows_and_which_patches_it_takes(anyone: FlaskClient) -> None:
    for at in (EVENT, "/v1/topics/chips"):
        told = anyone.options(at)
        assert (told.status_code, told.data, "Content-Type" in told.headers) == (200, b"", False)
        assert set(told.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE"}
        assert told.headers["Accept-Patch"] == (
            "application/merge-patch+json, application/json-patch+json, application/json"
        )
    assert "Accept-Patch" not in anyone.options("/v1/events").headers


def test_a_patch_of_another_kind_is_told_which_are_taken(client: FlaskClient) -> None:
    at = client.post("/v1/events", json=an_event()).headers["Location"]
    refused = client.patch(at, data="title=B", content_type="text/plain", headers={"If-Match": '"1"'})
    assert (refused.status_code, refused.headers["Accept-Patch"][:28]) == (415, "application/merge-patch+json")


SECURITY = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def test_every_answer_says_how_it_is_cached_and_what_a_browser_may_do(client: FlaskClient) -> None:
    event = client.post("/v1/events", json=an_event())
    at = event.headers["Location"]
    answers = {
        "created": (event, "private, no-cache"),
        "read": (client.get(at), "private, no-cache"),
        "known": (client.get(at, headers={"If-None-Match": '"1"'}), "private, no-cache"),
        "revision": (client.get(at + "/revisions/1"), "private, no-cache"),
        "listed": (client.get("/v1/events"), "private, no-cache"),
        "vocabularies": (client.get("/v1/vocabularies"), "public, max-age=300"),
        "catalog": (client.get("/.well-known/api-catalog"), "public, max-age=300"),
        "description": (client.get("/openapi.json"), "public, max-age=300"),
        "ready": (client.get("/readyz"), "no-store"),
        "metrics": (client.get("/metrics"), "no-store"),
        "options": (client.options(at), "no-store"),
        "unknown": (client.get("/nothing"), "no-store"),
        "refused": (client.post(at), "no-store"),
        "deleted": (client.delete(at, headers={"If-Match": '"1"'}), "no-store"),
    }
    for name, (answer, cached) in answers.items():
        assert {known: answer.headers.get(known) for known in SECURITY} == SECURITY, name
        assert (answer.headers.getlist("Cache-Control"), "Vary" in answer.headers) == ([cached], True), name


def test_what_gunicorn_answers_itself_is_as_safe(database: str) -> None:
    with serving(database) as served, socket.create_connection(("127.0.0.1", served.port), 10) as sock:
        sock.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nbad header\r\n\r\n")
        head = sock.makefile("rb").read().decode("latin-1").partition("\r\n\r\n")[0].split("\r\n")
    headers = dict(line.split(": ", 1) for line in head[1:])
    assert head[0].startswith("HTTP/1.1 400")
    assert headers | SECURITY | {"Cache-Control": "no-store"} == headers
