"""The limits of a request's JSON."""

import pytest

from service.strict_json import JsonLimits, parse
from tests.factories import an_event
from tests.service.conftest import admin_of


def test_the_size_of_a_body_is_limited(database: str) -> None:
    with admin_of(database, max_body_bytes=1000) as client:
        assert client.post("/v1/events", json=an_event(summary="x" * 100)).status_code == 201
        assert client.post("/v1/events", json=an_event(summary="x" * 1000)).status_code == 413


def test_the_nesting_of_a_body_is_limited(database: str) -> None:
    with admin_of(database, max_nesting=5) as client:
        assert client.post("/v1/events", json=an_event()).status_code == 201
        answer = client.post("/v1/events", json=an_event(extra=[[[[[]]]]]))
    assert (answer.status_code, answer.get_json()["detail"]) == (400, "The body is nested more than 5 levels deep.")


def test_the_sizes_of_arrays_and_strings_are_limited(database: str) -> None:
    with admin_of(database, max_array=5, max_text=20) as client:
        answer = client.post("/v1/events", json=an_event(tags=list("abcdef"), title="x" * 21))
    assert (answer.status_code, answer.get_json()["errors"]) == (
        422,
        [
            {"detail": "Must have at most 5 members, has 6.", "pointer": "#/tags"},
            {"detail": "Must have at most 20 characters, has 21.", "pointer": "#/title"},
        ],
    )


@pytest.mark.parametrize(
    "text",
    [b'["aaa"]', b"[1,2,3]", b'{"a":1,"b":2,"c":3}', b"[[[]]]", b'"\\u00e9\\u00e9\\u00e9"', b'",,,"', b'["[[[",1,2]'],
)
def test_json_at_its_limits_is_accepted(text: bytes) -> None:
    assert parse(text, JsonLimits(nesting=3, members=3, text=3)) == parse(text)
