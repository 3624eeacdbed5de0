"""Codings of a body: gzip is read within the limit of a body, and no other is taken for none."""

import gzip
import json
import zlib
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from service.errors import BodyTooLarge, Malformed
from service.http.request_codec import inflate
from tests.factories import an_event, create_event
from tests.service.problems import problem_of
from tests.webhooks import new_webhook

BODIES: dict[str, Any] = {
    "/v1/events": an_event(),
    "/v1/topics": {"id": "trade", "labels": {"en": "Trade"}},
    "/v1/search": {},
    "/v1/webhooks": new_webhook(),
    "/v1/keys": {"name": "a crawler", "scopes": ["events:read"]},
}

#: An empty object, without the time of its packing: the name of a test must be the same in every process.
PACKED = gzip.compress(b"{}", mtime=0)


def send(
    client: FlaskClient, path: str, body: bytes, coding: str, method: str = "POST", **headers: str
) -> TestResponse:
    coded = {"Content-Type": "application/json", "Content-Encoding": coding} | headers
    return client.open(path, method=method, data=body, headers=coded)


@pytest.mark.parametrize("path", BODIES)
@pytest.mark.parametrize("coding", ["gzip", "x-gzip", "GZIP", "identity, gzip"])
def test_a_gzipped_body_is_read(client: FlaskClient, path: str, coding: str) -> None:
    answer = send(client, path, gzip.compress(json.dumps(BODIES[path]).encode()), coding)
    assert answer.status_code in (200, 201), answer.text


@pytest.mark.parametrize("coding", ["", "identity", "Identity"])
def test_a_body_without_a_coding_is_read(client: FlaskClient, coding: str) -> None:
    assert send(client, "/v1/events", json.dumps(an_event()).encode(), coding).status_code == 201


@pytest.mark.parametrize("path", [*BODIES, "/v1/imports"])
@pytest.mark.parametrize("coding", ["nonsense", "br", "deflate", "zstd", "gzip, gzip", "gzip, br", "x-gzip, gzip", "*"])
def test_another_coding_is_refused_with_those_that_are_read(client: FlaskClient, path: str, coding: str) -> None:
    kind = {"Content-Type": "text/csv"} if path == "/v1/imports" else {}
    refused = send(client, path, json.dumps(BODIES.get(path, {})).encode(), coding, **kind)
    assert problem_of(refused) == (415, "unsupported-media-type", ["Content-Encoding"])
    assert refused.headers["Accept-Encoding"] == "gzip, identity"


def test_another_media_type_names_no_codings(client: FlaskClient) -> None:
    refused = client.post("/v1/events", data=b"{}", headers={"Content-Type": "text/plain"})
    assert (refused.status_code, "Accept-Encoding" in refused.headers) == (415, False)


@pytest.mark.parametrize(
    "media_type", ["application/json", "application/merge-patch+json", "application/json-patch+json"]
)
def test_a_gzipped_patch_is_read(client: FlaskClient, media_type: str) -> None:
    patch: Any = [{"op": "replace", "path": "/title", "value": "B"}] if "json-patch" in media_type else {"title": "B"}
    headers = {"Content-Type": media_type, "If-Match": "*"}
    body = gzip.compress(json.dumps(patch).encode())
    changed = send(client, f"/v1/events/{create_event(client)['id']}", body, "gzip", "PATCH", **headers)
    assert (changed.status_code, changed.get_json()["title"]) == (200, "B")


def test_a_replayed_request_may_have_another_coding(client: FlaskClient) -> None:
    body, key = json.dumps(an_event()).encode(), {"Idempotency-Key": "one"}
    first = send(client, "/v1/events", body, "identity", **key)
    again = send(client, "/v1/events", gzip.compress(body), "gzip", **key)
    assert (again.status_code, again.headers["Idempotent-Replayed"], again.data) == (201, "true", first.data)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        PACKED[:-1],
        PACKED + b"x",
        PACKED * 2,
        zlib.compress(b"{}"),
    ],
)
def test_damaged_gzip_is_malformed(client: FlaskClient, body: bytes) -> None:
    assert problem_of(send(client, "/v1/events", body, "gzip")) == (400, "malformed", ["Content-Encoding"])


def test_a_body_that_expands_beyond_the_limit_is_refused(client: FlaskClient) -> None:
    bomb = gzip.compress(b" " * 50_000_000)
    assert len(bomb) < 100_000
    assert problem_of(send(client, "/v1/events", bomb, "gzip")).status == 413


def test_no_more_than_the_limit_is_inflated() -> None:
    assert inflate(gzip.compress(b"x" * 100), 100) == b"x" * 100
    with pytest.raises(BodyTooLarge, match="at most 100 bytes"):
        inflate(gzip.compress(b"x" * 101), 100)
    with pytest.raises(Malformed):
        inflate(gzip.compress(b"x" * 100)[:-9], 100)
