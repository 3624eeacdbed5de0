"""Every valid event is stored and comes back unchanged."""

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

#: All examples share one database; each rolls its event back.
steadily = settings(
    derandomize=True,
    deadline=None,
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture
def recorder(client: FlaskClient, earlier: UUID) -> FlaskClient:  # noqa: ARG001 (the event that others relate to)
    """A client of a database with topics and an event to relate to."""
    for topic in TOPICS:
        create_topic(client, topic)
    return client


def record(client: FlaskClient, content: dict[str, Any]) -> TestResponse:
    """Return the response to a new event, and roll it back so that its external ids are free again."""
    answer = client.post("/v1/events", data=orjson.dumps(content), content_type="application/json")
    if answer.status_code == 201:
        client.delete(answer.headers["Location"], headers={"If-Match": '"1"'})
    return answer


def members_of(document: Any, content: Any) -> Any:
    """Return the members of `document` that `content` has, without the ids and fields that the service added."""
    if isinstance(content, dict):
        return {name: members_of(document[name], value) for name, value in content.items()}
    if isinstance(content, list):
        return [members_of(one, other) for one, other in zip(document, content, strict=True)]
    return document


@steadily
@given(content=events(TOPICS))
def test_every_valid_event_is_stored_and_comes_back_equal(recorder: FlaskClient, content: dict[str, Any]) -> None:
    assert members_of(NewEventSchema().load(content), content) == content
    answer = record(recorder, content)
    assert answer.status_code == 201, answer.text
    assert members_of(answer.get_json(), content) == content
    revision = recorder.get(f"{answer.headers['Location']}/revisions/1").data
    assert revision == answer.data


@steadily
@given(content=events(TOPICS))
def test_a_stored_document_loads_and_dumps_unchanged_through_the_response_schema(
    recorder: FlaskClient, content: dict[str, Any]
) -> None:
    stored = record(recorder, content).data
    assert orjson.dumps(EventSchema().dump(EventSchema().load(orjson.loads(stored)))) == stored


@steadily
@given(content=events(TOPICS))
def test_a_record_can_be_sent_back_and_changes_nothing(recorder: FlaskClient, content: dict[str, Any]) -> None:
    created = recorder.post("/v1/events", data=orjson.dumps(content), content_type="application/json")
    versioned = {"If-Match": '"1"', "Content-Type": "application/json"}
    again = [
        recorder.put(created.headers["Location"], data=body, headers=versioned)
        for body in (created.data, orjson.dumps(content))
    ]
    recorder.delete(created.headers["Location"], headers={"If-Match": "*"})
    assert [(answer.status_code, answer.data) for answer in again] == [(200, created.data)] * 2


def test_a_full_event_loads_and_dumps_unchanged_through_the_response_schema(recorder: FlaskClient) -> None:
    stored = record(recorder, a_full_event()).data
    assert orjson.dumps(EventSchema().dump(EventSchema().load(orjson.loads(stored)))) == stored


def test_psycopg_caches_the_parsed_create() -> None:
    assert len(_INSERT) <= MAX_CACHED_STATEMENT_LENGTH
    assert _INSERT.count("%(") <= MAX_CACHED_STATEMENT_PARAMS
    assert "--" not in _INSERT  # in one line, a comment would hide the rest
