"""Whatever the schema accepts is stored, and comes back as it was said."""

from typing import Any
from uuid import UUID

import orjson
import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from psycopg._queries import MAX_CACHED_STATEMENT_LENGTH, MAX_CACHED_STATEMENT_PARAMS
from werkzeug.test import TestResponse

from schemas.events import EventSchema, NewEventSchema
from service.store.events.records import _INSERT
from tests.factories import a_full_event, create_topic
from tests.strategies import events

TOPICS = ("trade", "energy", "materials")

#: One database serves all examples; each takes back what it recorded.
steadily = settings(
    derandomize=True,
    deadline=None,
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture
def recorder(client: FlaskClient, earlier: UUID) -> FlaskClient:  # noqa: ARG001 (the event that some relate to)
    """A client where there are topics to use, and an event to relate to."""
    for topic in TOPICS:
        create_topic(client, topic)
    return client


def record(client: FlaskClient, said: dict[str, Any]) -> TestResponse:
    """The answer to the event recorded, which is taken back so that its external ids are free again."""
    answer = client.post("/v1/events", data=orjson.dumps(said), content_type="application/json")
    if answer.status_code == 201:
        client.delete(answer.headers["Location"], headers={"If-Match": '"1"'})
    return answer


def as_far_as(told: Any, said: Any) -> Any:
    """What `told` has of all that `said` says: ids and facts that the service added are left out."""
    if isinstance(said, dict):
        return {name: as_far_as(told[name], value) for name, value in said.items()}
    if isinstance(said, list):
        return [as_far_as(one, other) for one, other in zip(told, said, strict=True)]
    return told


@steadily
@given(said=events(TOPICS))
def test_every_valid_event_is_stored_and_comes_back_equal(recorder: FlaskClient, said: dict[str, Any]) -> None:
    assert as_far_as(NewEventSchema().load(said), said) == said
    answer = record(recorder, said)
    assert answer.status_code == 201, answer.text
    assert as_far_as(answer.get_json(), said) == said
    kept = recorder.get(f"{answer.headers['Location']}/revisions/1").data
    assert kept == answer.data


@steadily
@given(said=events(TOPICS))
def test_a_stored_document_loads_and_dumps_unchanged_through_the_response_schema(
    recorder: FlaskClient, said: dict[str, Any]
) -> None:
    stored = record(recorder, said).data
    assert orjson.dumps(EventSchema().dump(EventSchema().load(orjson.loads(stored)))) == stored


@steadily
@given(said=events(TOPICS))
def test_a_record_can_be_sent_back_and_changes_nothing(recorder: FlaskClient, said: dict[str, Any]) -> None:
    created = recorder.post("/v1/events", data=orjson.dumps(said), content_type="application/json")
    versioned = {"If-Match": '"1"', "Content-Type": "application/json"}
    again = [
        recorder.put(created.headers["Location"], data=body, headers=versioned)
        for body in (created.data, orjson.dumps(said))
    ]
    recorder.delete(created.headers["Location"], headers={"If-Match": "*"})
    assert [(answer.status_code, answer.data) for answer in again] == [(200, created.data)] * 2


def test_a_full_event_loads_and_dumps_unchanged_through_the_response_schema(recorder: FlaskClient) -> None:
    stored = record(recorder, a_full_event()).data
    assert orjson.dumps(EventSchema().dump(EventSchema().load(orjson.loads(stored)))) == stored


def test_psycopg_caches_the_parsed_create() -> None:
    assert len(_INSERT) <= MAX_CACHED_STATEMENT_LENGTH
    assert _INSERT.count("%(") <= MAX_CACHED_STATEMENT_PARAMS
    assert "--" not in _INSERT  # in one line, a comment would take the rest along
