"""What the search table decides of a filter is what events decide, and a facet counts what its value would leave."""

import random
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from schemas.events import NewEventSchema
from service import store
from service.events.write import record_event
from service.search.facet_counts import Effort, buckets_for, count_facets
from service.search.filter import EVERYTHING, All, Filter, Is, Not
from service.search.filters.parser import filter_of_json
from service.search.filters.sql import filter_condition, pushdown
from service.search.index.facet_keys import KEYED
from service.store.condition import TRUE, Condition
from service.store.events.ordering import count_up_to
from service.store.search.conditions import SearchFilter
from service.store.search.documents import BUCKETS
from service.store.search.facets import count_keys, count_keys_within
from tests.factories import an_event
from tests.random_filters import any_filter, values_in
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


# Samples and time limits


def use_small_samples(app: Flask) -> None:
    """Count up to 20 matches exactly, and a sample of 10 of more matches."""
    served = app.extensions["policytrail"]
    settings = replace(served.settings, facet_exact=20, facet_sample=10)
    app.extensions["policytrail"] = replace(served, settings=settings)


def record_many(database: str, number: int) -> None:
    """Record so many events, every second one a tariff, with ids in one bucket after the other."""
    with psycopg.connect(database) as conn:
        for place in range(number):
            content = an_event(title=f"Policy {place}", event_type="tariff" if place % 2 else "subsidy")
            id_ = UUID(f"01900000-0000-7000-8000-{place // 2:012x}") if place % 2 else UUID(int=(7 << 76) + place // 2)
            record_event(conn, NewEventSchema().load(content), id=id_, now=datetime.now(UTC), key_id=None)


def test_of_many_matches_a_sample_is_counted_and_the_numbers_are_estimates(
    app: Flask, database: str, anyone: FlaskClient
) -> None:
    record_many(database, 256)
    use_small_samples(app)
    body = anyone.get("/v1/facets?fields=event_type,status&event_type=tariff").get_json()
    assert body["count"] == {"value": 128, "kind": "estimate"}
    [types, statuses] = body["facets"]
    assert (types["kind"], statuses["kind"], statuses["without"]) == ("estimate", "estimate", 128)
    assert {one["value"]: one["count"] for one in types["values"]} == {"tariff": 128, "subsidy": 128}
    few = anyone.get("/v1/facets?fields=status,event_type&q=7&event_type=tariff").get_json()
    assert few["count"] == {"value": 1, "kind": "exact"}
    assert [facet["kind"] for facet in few["facets"]] == ["exact", "exact"]


def test_numbers_that_take_too_long_to_count_are_estimated(
    app: Flask, database: str, anyone: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    record_many(database, 128)
    monkeypatch.setattr(store.search.facets, "count_keys_within", lambda *_: None)
    assert app
    body = anyone.get("/v1/facets?fields=event_type").get_json()
    assert body["count"] == {"value": 128, "kind": "estimate"}


def test_counting_ends_when_its_time_is_over(database: str) -> None:
    record_many(database, 2)
    slow = SearchFilter(TRUE, TRUE, Condition("pg_sleep(0.1) IS NOT NULL"), TRUE)
    with psycopg.connect(database, autocommit=True) as conn:
        assert count_keys_within(conn, slow, ["type"], 0.01) is None
        assert sorted(count_keys_within(conn, slow, ["type"], 5.0) or ()) == [("type:subsidy", 1), ("type:tariff", 1)]
        assert conn.execute("SHOW statement_timeout").fetchone() == ("0",)


def test_all_facets_together_have_one_time_limit(database: str) -> None:
    query = filter_of_json({"event_type": ["subsidy", "tariff"], "jurisdiction": "JP"})
    record_many(database, 6)
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute("ALTER TABLE event_search RENAME TO kept")
        conn.execute(
            """
            CREATE VIEW event_search AS
            SELECT kept.* FROM kept CROSS JOIN LATERAL (SELECT pg_sleep(0.15) WHERE bucket > 0 OFFSET 0) AS slow
             UNION ALL
            SELECT * FROM kept WHERE bucket = 0
            """
        )
        result = count_facets(
            conn, query, ["status", "event_type", "jurisdiction"], 10, Effort(1_000, 1_000, patience=1.0)
        )
    assert {facet.name: facet.kind for facet in result.facets} == {
        "status": "exact",
        "event_type": "estimate",
        "jurisdiction": "estimate",
    }


@pytest.mark.parametrize(
    ("matched", "looked_at", "buckets"),
    [
        (0, 0, BUCKETS),
        (1, 0, BUCKETS),
        (1_600, 0, 6),
        (9_600, 0, 1),
        (150_000, 0, 1),
        (400, 1_900, 10),
        (400, 15_600, 1),
        (0, 100, BUCKETS),
    ],
)
def test_as_many_buckets_are_counted_as_give_a_sample_or_can_be_read(
    matched: int, looked_at: int, buckets: int
) -> None:
    assert buckets_for(matched, looked_at, 10_000) == buckets
