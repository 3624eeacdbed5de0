"""Filters from query strings and from JSON, and their keys."""

import random

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.filters import FilterSchema
from service.search.filter import DateFilter, FigureFilter, InstantRange, Is
from service.search.filters.parser import filter_key, filter_of_json, filter_of_text
from tests.random_filters import any_filter, as_query, flat_filter

chances = st.integers(0, 2**32).map(random.Random)


@settings(derandomize=True, max_examples=200)
@given(chances)
def test_a_query_string_and_the_same_json_are_one_filter(chance: random.Random) -> None:
    sent = flat_filter(chance)
    assert filter_of_text(as_query(sent)) == filter_of_json(sent)


@settings(derandomize=True, max_examples=200)
@given(chances)
def test_a_loaded_filter_loads_to_itself(chance: random.Random) -> None:
    sent = any_filter(chance)
    loaded = FilterSchema().load(sent)
    assert FilterSchema().load(orjson.loads(orjson.dumps(loaded))) == loaded
    assert filter_of_json(loaded) == filter_of_json(sent)


@settings(derandomize=True, max_examples=200)
@given(chances)
def test_equal_filters_have_one_key_and_others_have_another(chance: random.Random) -> None:
    sent, other = any_filter(chance), any_filter(chance)
    first, second = filter_of_json(sent), filter_of_json(other)
    assert (filter_key(first) == filter_key(second)) == (first == second)
    backwards = {name: value[::-1] if isinstance(value, list) else value for name, value in reversed(sent.items())}
    assert filter_key(filter_of_json(backwards)) == filter_key(first)


def test_keys_are_those_of_older_cursors() -> None:
    date = Is("date", (DateFilter(("signed",), None, certainly=False),))
    figure = Is("figure", (FigureFilter((), ("EUR",), (), None, None),))
    instants = Is("created", (InstantRange(None, None),))
    assert filter_key(date) == '["Is","date",[["DateAsked",["signed"],null,false]]]'
    assert filter_key(figure) == '["Is","figure",[["FigureAsked",[],["EUR"],[],null,null]]]'
    assert filter_key(instants) == '["Is","created",[["Span",null,null]]]'
