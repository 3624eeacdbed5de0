"""Accept-Encoding, and Prefer (RFC 7240)."""

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from service.http.content_negotiation import Codings, codings_for, preferences
from tests.answers import body
from tests.factories import an_event

MINIMAL = {"Prefer": "return=minimal"}


@pytest.mark.parametrize(
    ("accept_encoding", "codings"),
    [
        (None, Codings(gzip=False, identity=True)),
        ("", Codings(gzip=False, identity=True)),
        ("gzip", Codings(gzip=True, identity=True)),
        ("GZIP, deflate, br", Codings(gzip=True, identity=True)),
        ("gzip;q=0", Codings(gzip=False, identity=True)),
        ("gzip;q=0.5, identity", Codings(gzip=False, identity=True)),
        ("gzip;q=0.5, identity;q=0.5", Codings(gzip=True, identity=True)),
        ("gzip, identity;q=0", Codings(gzip=True, identity=False)),
        ("*", Codings(gzip=True, identity=True)),
        ("*;q=0", Codings(gzip=False, identity=False)),
        ("gzip;q=0, *", Codings(gzip=False, identity=True)),
        ("identity;q=0", Codings(gzip=False, identity=False)),
        ("br", Codings(gzip=False, identity=True)),
    ],
)
def test_accept_encoding_selects_the_codings(accept_encoding: str | None, codings: Codings) -> None:
    assert codings_for(accept_encoding) == codings


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, {}),
        ("", {}),
        ("return=minimal", {"return": "minimal"}),
        ("Return = minimal", {"return": "minimal"}),
        ('return="minimal"', {"return": "minimal"}),
        ("respond-async, wait=100, handling=lenient", {"respond-async": "", "wait": "100", "handling": "lenient"}),
        ('foo; bar, return=minimal; a="b, return=representation";c', {"foo": "", "return": "minimal"}),
        ('priority="5, \\"six\\"", wait=10', {"priority": '5, "six"', "wait": "10"}),
        ('foo="", bar=', {"foo": "", "bar": ""}),
        ("return=minimal, return=representation", {"return": "minimal"}),
        ("a b, =c, (d), return=minimal", {"return": "minimal"}),
        (",, ;x=1 , return=minimal", {"return": "minimal"}),
        ('wait=1, broken="never ends, return=minimal', {"wait": "1"}),
        ("x" * 8000 + " y" * 100, {}),
    ],
)
def test_preferences_are_parsed(header: str | None, expected: dict[str, str]) -> None:
    assert preferences(header) == expected


def test_return_minimal_answers_204(client: FlaskClient) -> None:
    created = client.post("/v1/events", json=an_event(), headers=MINIMAL)
    at = created.headers["Location"]
    patched = client.patch(at, json={"title": "B"}, headers=MINIMAL | {"If-Match": created.headers["ETag"]})
    replaced = client.put(at, json=an_event(title="C"), headers=MINIMAL | {"If-Match": patched.headers["ETag"]})

    assert [_told(answer) for answer in (created, patched, replaced)] == [
        (204, b"", '"1"', at, "return=minimal", None),
        (204, b"", '"2"', None, "return=minimal", None),
        (204, b"", '"3"', None, "return=minimal", None),
    ]
    assert body(client.get(at))["title"] == "C"


def test_topics_and_upserts_support_return_minimal(client: FlaskClient) -> None:
    topic = client.post("/v1/topics", json={"id": "chips", "labels": {"en": "Chips"}}, headers=MINIMAL)
    upserted = client.put("/v1/events/by/tracker/1", json=an_event(), headers=MINIMAL)
    assert _told(topic)[:4] == (204, b"", '"1"', "/v1/topics/chips")
    assert _told(upserted)[:4] == (204, b"", '"1"', upserted.headers["Content-Location"])


def test_a_write_returns_the_record_by_default(client: FlaskClient) -> None:
    for headers in ({}, {"Prefer": "return=representation"}, {"Prefer": "return=nothing"}):
        created = client.post("/v1/events", json=an_event(), headers=headers)
        assert (created.status_code, body(created)["version"]) == (201, 1)
        applied = headers.get("Prefer") if headers.get("Prefer") == "return=representation" else None
        assert created.headers.get("Preference-Applied") == applied


def test_return_minimal_does_not_apply_to_reads(client: FlaskClient) -> None:
    at = client.post("/v1/events", json=an_event()).headers["Location"]
    assert client.get(at, headers=MINIMAL).status_code == 200


def test_return_minimal_does_not_apply_to_problems(client: FlaskClient) -> None:
    refused = client.post("/v1/events", json={}, headers=MINIMAL)
    assert (refused.status_code, body(refused)["title"]) == (422, "The request was understood, but is not valid.")


def test_a_minimal_response_is_replayed_unchanged(client: FlaskClient) -> None:
    headers = MINIMAL | {"Idempotency-Key": "once"}
    first, second = (client.post("/v1/events", json=an_event(), headers=headers) for _ in range(2))
    assert _told(first) == _told(second)
    assert second.headers["Idempotent-Replayed"] == "true"


def _told(answer: TestResponse) -> tuple[int, bytes, str | None, str | None, str | None, str | None]:
    names = ("ETag", "Location", "Preference-Applied", "Content-Type")
    tag, location, applied, kind = (answer.headers.get(name) for name in names)
    return answer.status_code, answer.data, tag, location, applied, kind
