"""What the search table decides of a filter is what events decide, and a facet counts what its value would leave."""

import random
from typing import Any
from uuid import UUID

import psycopg
import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from service.search.facet_counts import Effort, count_facets
from service.search.filter import EVERYTHING, All, Filter, Is, Not
from service.search.filters.parser import filter_of_json
from service.search.filters.sql import filter_condition, pushdown
from service.search.index.facet_keys import KEYED
from service.store.condition import TRUE
from service.store.search.facets import count_keys, count_up_to
from tests.filtering import any_filter, values_in
from tests.service.search.filters.test_sql import TOPICS, record_all, world
from tests.strategies import events

__all__ = ["world"]

EFFORT = Effort(exact=1_000, sample=1_000, patience=10.0)

chances = st.integers(0, 2**32).map(random.Random)

generated = settings(
    derandomize=True,
    deadline=None,
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)  # one database serves all examples; what each writes is rolled back


def number_of(conn: psycopg.Connection, asked: Filter) -> int:
    """How many events meet a filter, by their own table."""
    condition = filter_condition(asked)
    query = f"SELECT count(*) FROM event WHERE record_state = 'active' AND ({condition.render()})"
    [(number,)] = conn.execute(query, condition.parameters()).fetchall()
    return int(number)


@generated
@given(st.lists(events(TOPICS), min_size=1, max_size=4), chances)
def test_the_search_table_finds_as_many_as_the_events(
    world: psycopg.Connection, said: list[dict[str, Any]], chance: random.Random
) -> None:
    try:
        known = values_in(record_all(world, said).values())
        for sent in [any_filter(chance, known) for _ in range(25)]:
            note(f"filter: {sent}")
            asked = filter_of_json(sent)
            for few in (False, True):
                assert count_up_to(world, pushdown(asked, few=few), 1_000) == number_of(world, asked)
    finally:
        world.rollback()


@generated
@given(st.lists(events(TOPICS), min_size=1, max_size=4), chances)
def test_a_value_counts_the_events_that_it_would_leave(
    world: psycopg.Connection, said: list[dict[str, Any]], chance: random.Random
) -> None:
    try:
        known = values_in(record_all(world, said).values())
        for sent in [{}, *(any_filter(chance, known) for _ in range(3))]:
            note(f"filter: {sent}")
            asked = filter_of_json(sent)
            found = count_facets(world, asked, list(KEYED), 200, EFFORT)
            assert (found.matched, found.kind) == (number_of(world, asked), "exact")
            for facet in found.facets:
                others = tuple(part for part in _parts(asked) if not (isinstance(part, Is) and part.name == facet.name))
                for value, number in facet.values:
                    left = All((*others, Is(facet.name, (value,))))
                    assert (facet.name, value, number) == (facet.name, value, number_of(world, left))
                without = Not(Is(facet.name, tuple(value for value, _ in facet.values)))
                assert facet.without == number_of(world, All((*others, without)))
    finally:
        world.rollback()


def _parts(asked: Filter) -> tuple[Filter, ...]:
    if asked == EVERYTHING:
        return ()
    return asked.parts if isinstance(asked, All) else (asked,)


def test_every_key_is_in_one_bucket(world: psycopg.Connection, earlier: UUID) -> None:
    assert earlier
    every = pushdown(EVERYTHING)
    everywhere = sorted(count_keys(world, every, ["type", "without"]))
    by_bucket = [row for bucket in range(64) for row in count_keys(world, every, ["type", "without"], [bucket])]
    assert sorted(by_bucket) == everywhere
    assert len(everywhere) == 2


@pytest.mark.parametrize("sent", [{"date": "2024"}, {"not_tag": "x"}, {"figure_currency": "EUR"}, {"party": "JP"}])
def test_what_the_rows_of_the_search_table_tell_needs_no_look_at_the_events(sent: dict[str, str]) -> None:
    assert pushdown(filter_of_json(sent)).rest == TRUE


@pytest.mark.parametrize(
    "sent", [{"figure_min": "1"}, {"external_id": "a:1"}, {"date_kind": "signed"}, {"created_from": "2024"}]
)
def test_what_they_do_not_tell_does(sent: dict[str, str]) -> None:
    assert pushdown(filter_of_json(sent)).rest != TRUE
