"""The quick loader gives what marshmallow gives, or leaves the verdict to it."""

from copy import deepcopy
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from marshmallow import ValidationError

from schemas.events import COMPUTED, NewEventSchema
from schemas.fast_load import Unsure, quick_loader
from tests.factories import a_full_event, an_event
from tests.schemas.spoiling import FIELDS, WRONG, full_event_with
from tests.strategies import events

load = quick_loader(NewEventSchema)
schema = NewEventSchema()


def judged(said: Any) -> bytes | None:
    """What marshmallow loads `said` as, its keys in their order; None where it refuses."""
    try:
        return orjson.dumps(schema.load(deepcopy(said)))
    except ValidationError:
        return None


def loaded_quickly(said: Any) -> bytes | None:
    """What the quick loader loads `said` as; None where it is not sure."""
    try:
        return orjson.dumps(load(said))
    except Unsure:
        return None


@settings(derandomize=True, deadline=None, max_examples=60)
@given(events(("trade", "energy")))
def test_what_is_valid_loads_quickly_and_as_marshmallow_loads_it(said: dict[str, Any]) -> None:
    assert loaded_quickly(said) == judged(said) is not None


@pytest.mark.parametrize("name", schema.load_fields)
def test_what_is_spoilt_anywhere_is_never_let_through_quickly(name: str) -> None:
    for path, _ in FIELDS:
        for value in WRONG if path[0] == name else ():
            said = full_event_with(path, value)
            assert loaded_quickly(said) in (judged(said), None), (path, value)


@pytest.mark.parametrize("path", [path for path, _ in FIELDS if isinstance(path[-1], str)])
def test_what_is_left_out_anywhere_is_loaded_as_marshmallow_does(path: tuple[str | int, ...]) -> None:
    said: Any = a_full_event()
    holder = said
    for step in path[:-1]:
        holder = holder[step]
    holder.pop(path[-1], None)
    assert loaded_quickly(said) == judged(said)


@pytest.mark.parametrize("path", [(), *(path for path, _ in FIELDS if isinstance(path[-1], int)), ("change",)])
def test_an_unknown_field_is_never_let_through_quickly(path: tuple[str | int, ...]) -> None:
    said: Any = a_full_event()
    holder = said
    for step in path:
        holder = holder[step]
    if isinstance(holder, dict):
        holder["unknown"] = None
        assert loaded_quickly(said) is judged(said) is None


def test_what_only_the_service_writes_is_ignored_as_marshmallow_does() -> None:
    said = a_full_event(**dict.fromkeys(COMPUTED, "x"))
    said["dates"][0] |= {"earliest": 5, "latest": []}
    assert loaded_quickly(said) == judged(said) == judged(a_full_event())


@pytest.mark.parametrize("value", [None, 1, "x", [], [{}], {}, True])
def test_what_is_no_event_at_all_is_left_to_marshmallow(value: Any) -> None:
    assert loaded_quickly(value) is judged(value) is None


def test_loading_quickly_leaves_what_was_sent_alone_and_shares_nothing() -> None:
    said = an_event()
    first, second = load(said), load(said)
    first["tags"].append("x")
    first["change"]["kind"] = "correction"
    first["participants"][0]["name"] = "x"
    assert (said, second) == (an_event(), schema.load(an_event()))
