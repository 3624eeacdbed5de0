"""The limits of a request's JSON."""

import json
import math

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.errors import Invalid, Malformed
from service.strict_json import JsonLimits, parse, render
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


NUMBERS = st.one_of(
    st.integers(min_value=-(10**60), max_value=10**60).map(str),
    st.builds("{}{}{}".format, st.integers(-99, 99), st.sampled_from("eE"), st.integers(-500, 500)),
    st.builds("{}.{}".format, st.integers(-(10**400), 10**400), st.integers(0, 10**20)),
    st.sampled_from(["-0", "-0.0", "9223372036854775807", "-9223372036854775808", "18446744073709551615", "1e308"]),
)
TEXTS = st.recursive(
    NUMBERS | st.text().map(json.dumps) | st.sampled_from(["null", "true", '"\\ud83d\\ude00"', '"e400"', '"1e400"']),
    lambda values: (
        st.lists(values).map(lambda members: f"[{', '.join(members)}]")
        | st.dictionaries(st.text().map(json.dumps), values).map(
            lambda members: f"{{{', '.join(map(': '.join, members.items()))}}}"
        )
    ),
    max_leaves=12,
)


@given(TEXTS)
def test_a_value_that_is_accepted_is_rendered_as_the_same_value(text: str) -> None:
    try:
        value = parse(text.encode())
    except (Invalid, Malformed):
        return
    assert (parse(render(value)), orjson.loads(text)) == (value, value)


@given(NUMBERS)
def test_a_number_is_refused_exactly_where_it_does_not_fit_64_bits(text: str) -> None:
    number = json.loads(text)
    fits = -(2**63) <= number < 2**64 if isinstance(number, int) else math.isfinite(number)
    assert value_or_pointers(f'[{{"a": {text}}}]') == ([{"a": number}] if fits else ["#/0/a"])


@pytest.mark.parametrize("key", ["\\ud800", "a\\udfff", "\\u0000"])
@pytest.mark.parametrize("value", ['"aaaa"', "[1, 2, 3, 4]", '[{"b": "aaaa"}]'])
def test_no_pointer_names_a_key_that_cannot_be_stored(key: str, value: str) -> None:
    with pytest.raises(Invalid) as caught:
        parse(f'{{"title": {{"{key}": {value}}}}}'.encode(), JsonLimits(members=3, text=3))
    assert [fault.pointer for fault in caught.value.faults] == ["#/title"]


def value_or_pointers(text: str) -> list[object]:
    """Return the value, or the pointers of its faults."""
    try:
        return list(parse(text.encode()))
    except Invalid as error:
        return [fault.pointer for fault in error.faults]
