"""One filter language: the address, the JSON, the database and the matching of one document say the same."""

import random
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
import psycopg
import pytest
from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis import strategies as st

from schemas.events import NewEventSchema
from service.events.write import record_event
from service.ids import uuid7
from service.search.filter import All, AnyOf, Filter, Not
from service.search.filters.evaluate import matches
from service.search.filters.parser import filter_of_json
from service.search.filters.sql import filter_condition
from service.search.index.features import Features, features_of
from service.store.condition import Condition, and_, not_, or_
from tests.random_filters import any_filter, values_in
from tests.strategies import events

TOPICS = ("materials", "batteries", "sodium", "trade")

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.fixture
def world(conn: psycopg.Connection, earlier: UUID) -> psycopg.Connection:  # noqa: ARG001 (the event that others relate to)
    """A connection to a database with the topics that events use."""
    for id_ in TOPICS:
        conn.execute("INSERT INTO topic VALUES (%s, 1, '{}', '', now(), now())", (id_,))
    conn.execute("DELETE FROM event_revision")
    conn.commit()
    return conn


def record_all(conn: psycopg.Connection, said: list[dict[str, Any]]) -> dict[UUID, dict[str, Any]]:
    """Events of what is `said`, each half a day after the one before, as they are stored."""
    stored = {}
    for number, content in enumerate(said):
        for index, external in enumerate(content.get("external_ids", [])):
            external["value"] = f"{external['value'][:190]} {number}.{index}"  # another event may not have the same
        now = NOON + timedelta(hours=12 * number)
        event = record_event(conn, NewEventSchema().load(content), id=uuid7(), now=now, key_id=None)
        stored[event.id] = orjson.loads(event.document)
    return stored


#: Features of the recorded events, and the values in them that filters could find them by.
World = tuple[dict[UUID, Features], dict[str, list[str]]]


@contextmanager
def recorded(conn: psycopg.Connection, said: list[dict[str, Any]]) -> Iterator[World]:
    """Events of what is `said`, until the block ends."""
    try:
        stored = record_all(conn, said)
        yield {id_: features_of(record) for id_, record in stored.items()}, values_in(stored.values())
    finally:
        conn.rollback()


def matching(asked: Filter, features: dict[UUID, Features]) -> set[UUID]:
    """The events that match by their documents."""
    return {id_ for id_, one in features.items() if matches(asked, one, lambda _: False)}


def selected(conn: psycopg.Connection, condition: Condition, table: str, row: str, among: Iterable[UUID]) -> set[UUID]:
    """The events that PostgreSQL selects in a table whose rows have the alias `row`."""
    query = f"SELECT id FROM {table} AS {row} WHERE id = ANY(%(among)s) AND ({condition.render(row, row)})"
    return {id_ for (id_,) in conn.execute(query, {"among": list(among), **condition.parameters(row)})}


chances = st.integers(0, 2**32).map(random.Random)


generated = settings(
    derandomize=True,
    deadline=None,
    max_examples=40,
    phases=[Phase.generate],  # what fails is told as it is: to shrink events of such size takes minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)  # one database serves all examples; what each writes is rolled back


@generated
@given(st.lists(events(TOPICS), min_size=1, max_size=4), chances)
def test_the_database_and_a_document_agree_on_a_filter_for_every_alias(
    world: psycopg.Connection, said: list[dict[str, Any]], chance: random.Random
) -> None:
    with recorded(world, said) as (features, known):
        for sent in [any_filter(chance, known) for _ in range(25)]:
            note(f"filter: {sent}")
            asked = filter_of_json(sent)
            expected = matching(asked, features)
            for row in ("event", "candidate"):
                assert selected(world, filter_condition(asked), "event", row, features) == expected
                assert selected(world, filter_condition(asked, past=True), "event_revision", row, features) == expected


@settings(generated, max_examples=15)
@given(st.lists(events(TOPICS), min_size=1, max_size=4), chances)
def test_composed_conditions_agree_with_composed_filters(
    world: psycopg.Connection, said: list[dict[str, Any]], chance: random.Random
) -> None:
    with recorded(world, said) as (features, known):
        for _ in range(10):
            first, second = (filter_of_json(any_filter(chance, known)) for _ in range(2))
            note(f"filters: {first} and {second}")
            for condition, asked in (
                (and_(filter_condition(first), filter_condition(second)), All((first, second))),
                (or_(filter_condition(first), filter_condition(second)), AnyOf((first, second))),
                (not_(or_(filter_condition(first), not_(filter_condition(second)))), All((Not(first), second))),
            ):
                expected = matching(asked, features)
                assert selected(world, condition, "event", "event", features) == expected
                assert selected(world, condition.on("one"), "event", "one", features) == expected
