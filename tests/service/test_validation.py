"""The fast loader of requests, compared with marshmallow."""

from copy import deepcopy
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from marshmallow import ValidationError

from schemas.events import COMPUTED, NewEventSchema
from service.validation import Unsure, fast_loader
from tests.factories import a_full_event, an_event
from tests.schemas.wrong_values import FIELDS, WRONG, full_event_with
from tests.strategies import events

load = fast_loader(NewEventSchema)
schema = NewEventSchema()


def by_marshmallow(value: Any) -> bytes | None:
    """Return the record that marshmallow loads, its keys in order; None if it refuses."""
    try:
        return orjson.dumps(schema.load(deepcopy(value)))
    except ValidationError:
        return None


def by_fast_loader(value: Any) -> bytes | None:
    """Return the record that the fast loader loads; None if it leaves the value to marshmallow."""
    try:
        return orjson.dumps(load(value))
    except Unsure:
        return None


@settings(derandomize=True, deadline=None, max_examples=60)
@given(events(("trade", "energy")))
def test_a_valid_event_loads_fast_and_as_marshmallow_loads_it(event: dict[str, Any]) -> None:
    assert by_fast_loader(event) == by_marshmallow(event) is not None


@pytest.mark.parametrize("name", schema.load_fields)
def test_an_invalid_value_anywhere_is_left_to_marshmallow(name: str) -> None:
    for path, _ in FIELDS:
        for value in WRONG if path[0] == name else ():
            event = full_event_with(path, value)
            assert by_fast_loader(event) in (by_marshmallow(event), None), (path, value)


@pytest.mark.parametrize("path", [path for path, _ in FIELDS if isinstance(path[-1], str)])
def test_a_missing_field_anywhere_loads_as_marshmallow_loads_it(path: tuple[str | int, ...]) -> None:
    event: Any = a_full_event()
    holder = event
    for step in path[:-1]:
        holder = holder[step]
    holder.pop(path[-1], None)
    assert by_fast_loader(event) == by_marshmallow(event)


@pytest.mark.parametrize("path", [(), *(path for path, _ in FIELDS if isinstance(path[-1], int)), ("change",)])
def test_an_unknown_field_anywhere_is_left_to_marshmallow(path: tuple[str | int, ...]) -> None:
    event: Any = a_full_event()
    holder = event
    for step in path:
        holder = holder[step]
    if isinstance(holder, dict):
        holder["unknown"] = None
        assert by_fast_loader(event) is by_marshmallow(event) is None


def test_computed_fields_are_ignored_as_marshmallow_ignores_them() -> None:
    event = a_full_event(**dict.fromkeys(COMPUTED, "x"))
    event["dates"][0] |= {"earliest": 5, "latest": []}
    assert by_fast_loader(event) == by_marshmallow(event) == by_marshmallow(a_full_event())


@pytest.mark.parametrize("value", [None, 1, "x", [], [{}], {}, True])
def test_a_value_that_is_no_event_is_left_to_marshmallow(value: Any) -> None:
    assert by_fast_loader(value) is by_marshmallow(value) is None


def test_fast_loading_neither_changes_the_request_nor_shares_its_parts() -> None:
    event = an_event()
    first, second = load(event), load(event)
    first["tags"].append("x")
    first["change"]["kind"] = "correction"
    first["participants"][0]["name"] = "x"
    assert (event, second) == (an_event(), schema.load(an_event()))
