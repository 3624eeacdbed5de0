"""Request bodies: malformed JSON, invalid values and media types get a clear 4xx, and store nothing."""

import json
from typing import Any

import psycopg
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from service.events.patch import json_patch
from service.strict_json import JsonLimits
from tests.factories import an_event, create_event
from tests.service.problems import Problem, details, problem_of
from tests.webhooks import new_webhook

MALFORMED = Problem(400, "malformed", [])
NO_OBJECT = Problem(422, "invalid", ["#"])

#: What is wrong with a body, the body, and what must be told of it: nothing of this depends on the schema.
BODIES = [
    ("empty", b"", MALFORMED),
    ("white space", b" \n\t", MALFORMED),
    ("cut off", b'{"title": "a', MALFORMED),
    ("two values", b"{} {}", MALFORMED),
    ("a comment", b"{} // so", MALFORMED),
    ("single quotes", b"{'title': 1}", MALFORMED),
    ("a comma too many", b'{"tags": [],}', MALFORMED),
    ("a form", b"title=a&event_type=tariff", MALFORMED),
    ("a byte order mark", b"\xef\xbb\xbf{}", MALFORMED),
    ("UTF-16", '{"title": "a"}'.encode("utf-16"), MALFORMED),
    ("Latin-1", '{"title": "é"}'.encode("latin-1"), MALFORMED),
    ("an overlong encoding", b'{"title": "\xc0\x80"}', MALFORMED),
    ("a surrogate in UTF-8", b'{"title": "\xed\xa0\x80"}', MALFORMED),
    ("NUL between", b'{"title":\x00 "a"}', MALFORMED),
    ("NUL within", b'{"title": "a\x00b"}', MALFORMED),
    ("a line break within", b'{"title": "a\nb"}', MALFORMED),
    ("an escape that is none", rb'{"title": "\x41"}', MALFORMED),
    ("a short escape", rb'{"title": "\u00"}', MALFORMED),
    ("escaped NUL", rb'{"title": "a\u0000b"}', Problem(422, "invalid", ["#/title"])),
    ("escaped NUL in a key", rb'{"tags": [{"a\u0000": 1}]}', Problem(422, "invalid", ["#/tags/0"])),
    ("a high surrogate", rb'{"names": [{"value": "\ud83d"}]}', Problem(422, "invalid", ["#/names/0/value"])),
    ("a low surrogate", rb'{"tags": ["a", "\uDE00"]}', Problem(422, "invalid", ["#/tags/1"])),
    ("surrogates swapped", rb'{"title": "\ude00\ud83d"}', Problem(422, "invalid", ["#/title"])),
    ("a surrogate in a key", rb'{"\uDBFF": 1}', NO_OBJECT),
    ("a surrogate in a key to escape", rb'{"a/b~c": ["\ud800"]}', Problem(422, "invalid", ["#/a~1b~0c/0"])),
    ("a key twice", b'{"title": "a", "title": "a"}', MALFORMED),
    ("a key twice, once escaped", rb'{"title": "a", "t\u0069tle": "a"}', MALFORMED),
    ("a key twice further in", b'{"names": [{"value": "a", "id": "b", "value": "c"}]}', MALFORMED),
    ("NaN", b'{"title": NaN}', MALFORMED),
    ("Infinity", b'{"title": Infinity}', MALFORMED),
    ("-Infinity", b'{"tags": [-Infinity]}', MALFORMED),
    ("5,000 digits", b'{"version": ' + b"9" * 5000 + b"}", Problem(422, "invalid", ["#/version"])),
    ("5,000 negative digits", b'{"version": -' + b"9" * 5000 + b"}", Problem(422, "invalid", ["#/version"])),
    ("an integer of 65 bits", b'{"version": 18446744073709551616}', Problem(422, "invalid", ["#/version"])),
    ("a negative integer of 65 bits", b'{"tags": [1, -9223372036854775809]}', Problem(422, "invalid", ["#/tags/1"])),
    ("a number beyond a double", b'{"a/b": {"~": 1e400}}', Problem(422, "invalid", ["#/a~1b/~0"])),
    ("400 digits and a point", b'{"version": 1' + b"0" * 400 + b".5}", Problem(422, "invalid", ["#/version"])),
    ("10,000 open arrays", b"[" * 10_000, MALFORMED),
    ("10,000 open objects", b'{"a":' * 10_000, MALFORMED),
    ("10,000 arrays", b"[" * 10_000 + b"]" * 10_000, MALFORMED),
    ("10,000 objects", b'{"a":' * 10_000 + b"1" + b"}" * 10_000, MALFORMED),
    ("10,000 arrays in what is ignored", b'{"version":' + b"[" * 10_000 + b"]" * 10_000 + b"}", MALFORMED),
    ("65 levels", b'{"tags":' + b"[" * 64 + b"]" * 64 + b"}", MALFORMED),
    ("65 levels in what is ignored", b'{"version":' + b"[" * 64 + b"]" * 64 + b"}", MALFORMED),
    ("3 MB", b'{"title": "' + b"a" * 3_000_000 + b'"}', Problem(413, "body-too-large", [])),
    ("an array", b"[]", NO_OBJECT),
    ("an array of objects", b"[{}]", NO_OBJECT),
    ("a string", b'"title"', NO_OBJECT),
    ("a number", b"1", NO_OBJECT),
    ("true", b"true", NO_OBJECT),
    ("null", b"null", NO_OBJECT),
]

each_body = pytest.mark.parametrize(
    ("body", "expected"), [case[1:] for case in BODIES], ids=[case[0] for case in BODIES]
)


def send(client: FlaskClient, body: bytes, content_type: str | None = "application/json") -> TestResponse:
    """`body` as a new event."""
    return client.post("/v1/events", data=body, content_type=content_type)


def stored(conn: psycopg.Connection) -> list[int]:
    """Return the number of rows of each table."""
    tables = ("event", "event_revision", "event_external_id", "topic")
    counts = [conn.execute(f"SELECT count(*) FROM {table}").fetchone() for table in tables]
    return [count[0] for count in counts if count]


@each_body
def test_a_malformed_body_is_refused_and_stores_nothing(
    client: FlaskClient, conn: psycopg.Connection, body: bytes, expected: Problem
) -> None:
    event = create_event(client)
    versioned = {"If-Match": '"1"'}
    for method, address in (
        ("POST", "/v1/events"),
        ("PUT", f"/v1/events/{event['id']}"),
        ("PATCH", f"/v1/events/{event['id']}"),
        ("POST", "/v1/topics"),
    ):
        answer = client.open(address, method=method, data=body, content_type="application/json", headers=versioned)
        assert problem_of(answer) == expected, (method, address)
    assert stored(conn) == [1, 1, 0, 0]


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "",
        "text/plain",
        "text/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/merge-patch+json",
        "application/jsonx",
        "json",
    ],
)
def test_a_body_of_another_media_type_is_refused(
    client: FlaskClient, conn: psycopg.Connection, content_type: str | None
) -> None:
    response = send(client, b'{"title": "a"}', content_type)
    assert problem_of(response) == (415, "unsupported-media-type", ["Content-Type"])
    assert stored(conn) == [0, 0, 0, 0]


@pytest.mark.parametrize("content_type", [None, "text/plain", "application/xml"])
def test_a_patch_of_another_media_type_is_refused(client: FlaskClient, content_type: str | None) -> None:
    event = create_event(client)
    answer = client.patch(
        f"/v1/events/{event['id']}", data=b"[]", content_type=content_type, headers={"If-Match": '"1"'}
    )
    assert problem_of(answer) == (415, "unsupported-media-type", ["Content-Type"])


@pytest.mark.parametrize("content_type", ["application/json; charset=utf-8", "Application/JSON"])
def test_the_media_type_may_have_any_form_of_rfc_9110(client: FlaskClient, content_type: str) -> None:
    assert problem_of(send(client, b"{", content_type)) == MALFORMED


@pytest.mark.parametrize(
    ("written", "title"),
    [
        (rb"\ud83d\ude00", "😀"),
        (rb"\uD83D\uDE00", "😀"),
        (rb"\\u0000 \\ud800", r"\u0000 \ud800"),
        (rb"\u007e\/", "~/"),
        (b"\xf0\x9f\x98\x80 \xe2\x80\x8f", "😀 \u200f"),
    ],
)
def test_a_valid_body_that_resembles_a_malformed_one_is_stored(client: FlaskClient, written: bytes, title: str) -> None:
    body = b'{"title": "' + written + b'", "event_type": "tariff", "participants": [{"name": "a", "role": "party"}],'
    answer = send(client, body + b'"sources": [{"type": "report"}]}')
    assert (answer.status_code, answer.get_json()["title"]) == (201, title)


def test_64_levels_of_nesting_are_accepted(client: FlaskClient) -> None:
    answer = send(client, b'{"title":' + b"[" * 63 + b"]" * 63 + b"}")
    assert "#/title" in problem_of(answer).places


def test_a_body_of_the_maximum_size_is_accepted(client: FlaskClient) -> None:
    smallest = b'{"title": ""}'
    answer = send(client, smallest.ljust(1_048_576))
    assert problem_of(answer).status == 422
    assert problem_of(send(client, smallest.ljust(1_048_577))) == (413, "body-too-large", [])


def test_a_missing_field_is_named(client: FlaskClient) -> None:
    answer = problem_of(send(client, b"{}"))
    required = ["#/event_type", "#/participants", "#/sources", "#/title"]
    assert answer._replace(places=sorted(answer.places)) == (422, "invalid", required)


def test_an_unknown_field_is_refused_with_the_nearest_name(client: FlaskClient) -> None:
    who = [{"name": "Japan", "role": "party", "juristiction": "JP"}]
    answer = client.post("/v1/events", json=an_event(titel="A", participants=who))
    assert sorted(problem_of(answer).places) == ["#/participants/0/juristiction", "#/titel"]
    assert 'Did you mean "title"?' in details(answer)
    assert 'Did you mean "jurisdiction"?' in details(answer)


@pytest.mark.parametrize("unknown", ["", "a/b", "~", "x" * 100_000])
def test_any_unknown_key_is_reported(client: FlaskClient, unknown: str) -> None:
    pointer = "#/" + unknown.replace("~", "~0").replace("/", "~1")
    assert problem_of(client.post("/v1/events", json=an_event(**{unknown: 1}))) == (422, "invalid", [pointer])


def test_a_problem_lists_a_limited_number_of_errors(client: FlaskClient) -> None:
    """A megabyte of mistakes would otherwise be answered with eighty."""
    answer = client.post("/v1/events", json=an_event(citations=[{}] * 2_000))
    assert problem_of(answer).status == 422
    assert len(answer.data) < 100_000


def test_a_list_that_is_too_long_is_refused_without_checking_its_members(client: FlaskClient) -> None:
    """A megabyte of them would otherwise keep a process busy for twelve seconds."""
    created = client.post("/v1/events", json=an_event(citations=[{}] * 2_001))
    assert problem_of(created) == (422, "invalid", ["#/citations"])
    assert problem_of(client.post("/v1/events", json=an_event(tags=[5] * 101))) == (422, "invalid", ["#/tags"])


def patchable(client: FlaskClient, kind: str) -> str:
    """Create an event, topic or webhook, and return its address."""
    if kind == "topics":
        created = client.post("/v1/topics", json={"id": "trade", "labels": {"en": "Trade"}})
    elif kind == "webhooks":
        created = client.post("/v1/webhooks", json=new_webhook())
    else:
        created = client.post("/v1/events", json=an_event())
    assert created.status_code == 201, created.text
    return str(created.headers["Location"])


def send_patch(client: FlaskClient, address: str, patch: Any, match: str = "*") -> TestResponse:
    headers = {"If-Match": match, "Content-Type": "application/json-patch+json"}
    return client.patch(address, data=json.dumps(patch), headers=headers)


#: A field of each kind of resource, with the values that two writers give it.
CHANGES: dict[str, tuple[str, Any, Any]] = {
    "events": ("title", "One", "Two"),
    "topics": ("definition", {"en": "One"}, {"en": "Two"}),
    "webhooks": ("filter", {"party": "JP"}, {"party": "FR"}),
}


@pytest.mark.parametrize("kind", CHANGES)
def test_a_patch_that_grows_or_nests_without_limit_is_a_client_error(client: FlaskClient, kind: str) -> None:
    address, path = patchable(client, kind), f"/{CHANGES[kind][0]}"
    growing = send_patch(client, address, [{"op": "copy", "from": "", "path": path}] * 1_000)
    assert problem_of(growing).status in {413, 422}
    nested: list[Any] = [{"op": "add", "path": path, "value": {}}]
    nested += [{"op": "copy", "from": path, "path": f"{path}/any"}] * 260
    assert problem_of(send_patch(client, address, nested)).status in {413, 422}
    assert client.get(address).headers["ETag"] == '"1"'


@pytest.mark.parametrize("match", ["*", '"1"'])
@pytest.mark.parametrize("kind", CHANGES)
def test_a_patch_is_computed_while_others_may_write(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch, kind: str, match: str
) -> None:
    address, (name, one, two) = patchable(client, kind), CHANGES[kind]

    def compute_beside_another_writer(document: Any, patch: Any, limits: JsonLimits) -> Any:
        # This write would wait for a lock on the resource until its statement is cancelled.
        written = client.patch(address, json={name: one}, headers={"If-Match": "*"})
        assert written.status_code == 200, written.text
        return json_patch(document, patch, limits)

    monkeypatch.setattr("service.http.operation.json_patch", compute_beside_another_writer)
    stale = send_patch(client, address, [{"op": "add", "path": f"/{name}", "value": two}], match)
    assert problem_of(stale) == Problem(412, "stale", [])
    assert client.get(address).get_json()[name] == one
