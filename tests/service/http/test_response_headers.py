"""Response headers: CORS, security, caching, gzip, OPTIONS."""

import gzip
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.answers import body
from tests.factories import an_event
from tests.servers import serving
from tests.service.conftest import running

GZIP = {"Accept-Encoding": "gzip"}

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


def test_cors_is_off_by_default(anyone: FlaskClient) -> None:
    assert _shared(anyone, "GET", "/v1/events", {"Origin": OURS}) == {}
    assert _shared(anyone, "OPTIONS", EVENT, {"Origin": OURS} | PREFLIGHT) == {}
    assert anyone.get("/v1/events", headers={"Origin": OURS}).headers["Vary"] == "Accept, Accept-Encoding"


def test_an_allowed_origin_may_read_responses_and_problems(make_client: MakeClient) -> None:
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


def test_a_preflight_lists_methods_and_headers(make_client: MakeClient) -> None:
    client = make_client(OURS)
    told = _shared(client, "OPTIONS", EVENT, {"Origin": OURS} | PREFLIGHT)
    methods, headers = (set(told.pop(f"Access-Control-Allow-{kind}").split(", ")) for kind in ("Methods", "Headers"))
    assert methods == {"GET", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE"}
    assert headers >= {"Authorization", "Content-Type", "If-Match", "If-None-Match", "Idempotency-Key", "Prefer"}
    assert told == {"Access-Control-Allow-Origin": OURS, "Access-Control-Max-Age": "7200"}
    assert _shared(client, "OPTIONS", EVENT, {"Origin": THEIRS} | PREFLIGHT) == {}


def test_a_star_allows_every_origin_without_vary(make_client: MakeClient) -> None:
    client = make_client("*")
    answer = client.get("/v1/events", headers={"Origin": THEIRS})
    assert (answer.headers["Access-Control-Allow-Origin"], answer.headers["Vary"]) == ("*", "Accept, Accept-Encoding")


def test_options_lists_methods_and_patch_types(anyone: FlaskClient) -> None:
    for at in (EVENT, "/v1/topics/chips"):
        told = anyone.options(at)
        assert (told.status_code, told.data, "Content-Type" in told.headers) == (200, b"", False)
        assert set(told.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE"}
        assert told.headers["Accept-Patch"] == (
            "application/merge-patch+json, application/json-patch+json, application/json"
        )
    assert "Accept-Patch" not in anyone.options("/v1/events").headers


def test_an_unsupported_patch_gets_the_supported_types(client: FlaskClient) -> None:
    at = client.post("/v1/events", json=an_event()).headers["Location"]
    refused = client.patch(at, data="title=B", content_type="text/plain", headers={"If-Match": '"1"'})
    assert (refused.status_code, refused.headers["Accept-Patch"][:28]) == (415, "application/merge-patch+json")


SECURITY = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def test_every_response_has_caching_and_security_headers(client: FlaskClient) -> None:
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


def test_responses_of_gunicorn_have_security_headers(database: str) -> None:
    with serving(database) as served, socket.create_connection(("127.0.0.1", served.port), 10) as sock:
        sock.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nbad header\r\n\r\n")
        head = sock.makefile("rb").read().decode("latin-1").partition("\r\n\r\n")[0].split("\r\n")
    headers = dict(line.split(": ", 1) for line in head[1:])
    assert head[0].startswith("HTTP/1.1 400")
    assert headers | SECURITY | {"Cache-Control": "no-store"} == headers


@pytest.fixture
def address(client: FlaskClient) -> str:
    """The address of an event that is worth gzipping."""
    return str(client.post("/v1/events", json=an_event(description="long " * 400)).headers["Location"])


def test_a_long_response_is_gzipped_on_request(client: FlaskClient, address: str) -> None:
    plain, zipped = client.get(address), client.get(address, headers=GZIP)
    assert gzip.decompress(zipped.data) == plain.data
    assert _headers_of(zipped) == ("gzip", str(len(zipped.data)), '"1-gzip"', "Accept, Accept-Encoding")
    assert _headers_of(plain) == (None, str(len(plain.data)), '"1"', "Accept, Accept-Encoding")
    assert len(zipped.data) < len(plain.data) / 2


def test_head_has_the_headers_of_get(client: FlaskClient, address: str) -> None:
    for headers in ({}, GZIP):
        assert _headers_of(client.head(address, headers=headers)) == _headers_of(client.get(address, headers=headers))


def test_a_short_response_is_not_gzipped_but_varies(client: FlaskClient) -> None:
    assert _headers_of(client.get("/v1/events", headers=GZIP))[0::3] == (None, "Accept, Accept-Encoding")
    assert (
        client.get("/v1/events", headers={"Accept-Encoding": "gzip, identity;q=0"}).headers["Content-Encoding"]
        == "gzip"
    )


def test_who_takes_no_coding_of_ours_is_headers_of(client: FlaskClient, address: str) -> None:
    refused = client.get(address, headers={"Accept-Encoding": "br, *;q=0"})
    assert (refused.status_code, body(refused)["errors"][0]["header"]) == (406, "Accept-Encoding")


def test_an_etag_of_a_gzipped_response_works_in_conditions(client: FlaskClient, address: str) -> None:
    tag = client.get(address, headers=GZIP).headers["ETag"]

    known = client.get(address, headers=GZIP | {"If-None-Match": tag})
    assert (known.status_code, known.data, _headers_of(known)) == (
        304,
        b"",
        (None, None, tag, "Accept, Accept-Encoding"),
    )
    assert client.patch(address, json={"title": "B"}, headers={"If-Match": tag}).status_code == 200
    assert client.get(address, headers=GZIP | {"If-None-Match": tag}).status_code == 200


def test_a_plain_copy_is_not_modified_for_gzip_but_not_the_reverse(client: FlaskClient, address: str) -> None:
    known = client.get(address, headers=GZIP | {"If-None-Match": '"1"'})
    assert (known.status_code, known.headers["ETag"]) == (304, '"1"')
    assert client.get(address, headers={"If-None-Match": '"1-gzip"'}).status_code == 200
    both = client.get(address, headers=GZIP | {"If-None-Match": 'W/"1", "1-gzip"'})
    assert (both.status_code, both.headers["ETag"]) == (304, '"1-gzip"')


def test_an_indented_response_is_gzipped_too(client: FlaskClient, address: str) -> None:
    plain, zipped = client.get(address + "?pretty"), client.get(address + "?pretty", headers=GZIP)
    assert gzip.decompress(zipped.data) == plain.data
    tag = zipped.headers["ETag"]
    assert tag == plain.headers["ETag"].removesuffix('"') + '-gzip"'
    assert client.get(address + "?pretty", headers=GZIP | {"If-None-Match": tag}).status_code == 304


def test_ranges_are_not_offered(client: FlaskClient, address: str) -> None:
    ranged = client.get(address, headers={"Range": "bytes=0-9"})
    assert (ranged.status_code, "Accept-Ranges" in ranged.headers) == (200, False)


def _headers_of(answer: TestResponse) -> tuple[str | None, ...]:
    return tuple(answer.headers.get(name) for name in ("Content-Encoding", "Content-Length", "ETag", "Vary"))
