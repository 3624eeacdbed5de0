"""The examples in openapi.yaml are true: what is sent is answered as described, what is answered is of its schema."""

import json
from typing import Any

import pytest
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from schemas.events import EventSchema
from service import create_app
from service.config import Settings
from service.openapi.examples import events
from service.openapi.spec import build_spec

DESCRIBED: dict[str, Any] = build_spec(create_app(Settings()))


@pytest.fixture
def analyst(seeded: str, client: FlaskClient) -> FlaskClient:  # noqa: ARG001 (the database that the client asks)
    """A client that may do everything, on the first record."""
    return client


def _validator(schema: Any) -> Draft202012Validator:
    registry: Registry[Any] = Registry().with_resource(
        "urn:api", Resource.from_contents(DESCRIBED, default_specification=DRAFT202012)
    )
    told = json.loads(json.dumps(schema).replace('"#/components/', '"urn:api#/components/'))
    return Draft202012Validator(told, registry=registry)


def _operations() -> dict[str, tuple[str, str, dict[str, Any]]]:
    return {
        operation["operationId"]: (path, method, operation)
        for path, methods in DESCRIBED["paths"].items()
        for method, operation in methods.items()
    }


def test_every_body_has_an_example_that_fits_its_schema() -> None:
    wrong = []
    for name, (_, _, operation) in _operations().items():
        bodies = [operation["requestBody"]] if "requestBody" in operation else []
        for part in (*bodies, *(one for one in operation["responses"].values() if "$ref" not in one)):
            for media_type, content in part.get("content", {}).items():
                if "schema" not in content or content["schema"] == {"type": "string"}:
                    continue
                said = [one["$ref"].rpartition("/")[2] for one in content.get("examples", {}).values()]
                values = [DESCRIBED["components"]["examples"][one]["value"] for one in said]
                values += [content["example"]] if "example" in content else []
                if not values or any(list(_validator(content["schema"]).iter_errors(value)) for value in values):
                    wrong.append((name, media_type))
    assert wrong == []


def test_every_problem_has_an_example_that_fits_its_schema() -> None:
    problems = [
        answer["content"]["application/problem+json"] for answer in DESCRIBED["components"]["responses"].values()
    ]
    assert problems
    assert [one["example"] for one in problems if list(_validator(one["schema"]).iter_errors(one["example"]))] == []


def _send(client: FlaskClient, operation_id: str, body: Any, *, match: str | None = None, **path: Any) -> Any:
    """The answer to an operation's example, which must be the success that it describes and fit its schema."""
    template, method, operation = _operations()[operation_id]
    content = operation["requestBody"]["content"]
    media_type = next(iter(content)) if not isinstance(body, list) else "application/json-patch+json"
    answered = client.open(
        template.format(**path),
        method=method.upper(),
        data=json.dumps(body),
        headers={"Content-Type": media_type} | ({"If-Match": match} if match else {}),
    )
    successes = [status for status in operation["responses"] if status < "3"]
    assert str(answered.status_code) in successes, answered.text
    schema = operation["responses"][str(answered.status_code)]["content"]["application/json"]["schema"]
    assert list(_validator(schema).iter_errors(answered.json)) == []
    return answered.json


def test_the_examples_of_events_get_the_documented_responses(analyst: FlaskClient) -> None:
    created = _send(analyst, "createEvent", events.REQUESTS["NewEvent"])
    own = {"id", "created_at", "updated_at", "content_changed_at"}
    shown = events.responses()["Event"]
    assert {name: created[name] for name in created if name not in own} == {
        name: shown[name] for name in shown if name not in own
    }
    id_ = created["id"]
    merged = _send(
        analyst, "patchEvent", events.PATCHES["Event", "application/merge-patch+json"], match="*", event_id=id_
    )
    assert merged["tags"] == ["batteries"]
    patched = _send(
        analyst, "patchEvent", events.PATCHES["Event", "application/json-patch+json"], match="*", event_id=id_
    )
    assert patched["status"] == "launched"
    replaced = _send(analyst, "replaceEvent", events.REQUESTS["NewEvent"], match="*", event_id=id_)
    assert replaced["version"] == 4
    upserted = _send(analyst, "upsertEvent", events.REQUESTS["NewEvent"], scheme="our-tracker", value="42")
    assert upserted == replaced
    page: Any = analyst.get("/v1/events?jurisdiction=CN").json
    other = page["items"][0]["id"]
    assert _send(analyst, "mergeEvent", {"into": other}, match="*", event_id=id_)["id"] == other


def test_the_examples_of_topics_get_the_documented_responses(analyst: FlaskClient) -> None:
    created = _send(analyst, "createTopic", events.REQUESTS["NewTopic"])
    id_ = created["id"]
    replaced = _send(analyst, "replaceTopic", events.REQUESTS["NewTopic"], match="*", topic_id=id_)
    assert replaced == created
    for media_type in ("application/merge-patch+json", "application/json-patch+json"):
        patched = _send(analyst, "patchTopic", events.PATCHES["Topic", media_type], match="*", topic_id=id_)
        assert patched["labels"]["de"] == "Perowskite"


def test_the_examples_of_webhooks_get_the_documented_responses(analyst: FlaskClient) -> None:
    created = _send(analyst, "createWebhook", events.REQUESTS["NewWebhook"])
    assert set(created) == set(events.responses()["IssuedWebhook"])
    id_ = created["id"]
    assert _send(analyst, "replaceWebhook", events.REQUESTS["NewWebhook"], match="*", webhook_id=id_)["version"] == 1
    begun = _send(analyst, "recoverDeliveries", events.REQUESTS["NewRecovery"], webhook_id=id_)
    assert set(begun) == set(events.responses()["Recovery"])
    for media_type in ("application/merge-patch+json", "application/json-patch+json"):
        patched = _send(analyst, "patchWebhook", events.PATCHES["Webhook", media_type], match="*", webhook_id=id_)
        assert patched["state"] == "paused"


def test_the_example_of_a_key_gets_the_documented_response(analyst: FlaskClient) -> None:
    assert set(_send(analyst, "createKey", events.REQUESTS["NewKey"])) == set(events.responses()["IssuedKey"])


def test_an_events_example_loads_through_its_schema() -> None:
    assert EventSchema().validate(events.responses()["Event"]) == {}
