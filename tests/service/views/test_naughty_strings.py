"""Strings that have broken other people's software: in every text, query parameter and header."""

import json
from typing import Any
from urllib.parse import quote

import orjson
import pytest
from flask.testing import FlaskClient
from marshmallow import ValidationError

from schemas.base import CheckedString
from schemas.events import NewEventSchema
from schemas.fields import Text
from service.config import ROOT
from service.validation import Unsure, fast_loader
from tests.factories import a_full_event, create_event, create_topic
from tests.schemas.wrong_values import FIELDS, full_event_with

FILE = ROOT.parent / "shared/data/conformance/naughty-strings.json"

PARAMETERS = ("cursor", "limit", "sort", "tag", "topic", "party", "status", "as_of", "fields", "count", "pretty")
HEADERS = (
    "Accept",
    "Accept-Encoding",
    "Authorization",
    "Content-Type",
    "If-Match",
    "If-None-Match",
    "Idempotency-Key",
    "Origin",
    "Prefer",
    "traceparent",
    "X-API-Key",
    "X-Request-Id",
)


@pytest.fixture(scope="module")
def naughty() -> list[str]:
    """The strings, where they are on this machine."""
    if not FILE.exists():
        pytest.skip("the naughty strings are not on this machine")
    return list(json.loads(FILE.read_text()))


def put(event: dict[str, Any], path: tuple[str | int, ...], value: str) -> None:
    """Set what is at `path` in `event`."""
    holder: Any = event
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = value


@pytest.mark.usefixtures("earlier")
def test_valid_texts_come_back_unchanged_and_none_causes_a_5xx(client: FlaskClient, naughty: list[str]) -> None:
    texts = [(path, field) for path, field in FIELDS if isinstance(field, Text) and path[0] != "external_ids"]
    for topic in a_full_event()["topics"]:
        create_topic(client, topic["id"])
    accepted = 0
    for string in naughty:
        event = full_event_with(("external_ids",), [])
        for path, field in texts:
            put(event, path, string[: field.most])
        event["tags"] = [string[:100]]
        for figure in event["figures"]:
            figure["currency"] = None  # there is a unit
        answer = client.post("/v1/events", data=orjson.dumps(event), content_type="application/json")
        assert answer.status_code in (201, 422), answer.text
        if answer.status_code == 201:
            accepted += 1
            told = answer.get_json()
            assert [told["title"], told["tags"], told["citations"][0]["quote"]] == [
                event["title"],
                event["tags"],
                event["citations"][0]["quote"],
            ]
            assert client.get(answer.headers["Location"]).data == answer.data
    assert accepted > len(naughty) * 0.9, answer.text


def test_every_other_field_accepts_them_or_names_the_error(naughty: list[str]) -> None:
    schema, load = NewEventSchema(), fast_loader(NewEventSchema)
    for path, field in FIELDS:
        if isinstance(field, CheckedString) and not isinstance(field, Text):
            for string in naughty:
                event = full_event_with(path, string)
                try:
                    judged = schema.load(event) if field.error_in(string) is None else None
                except ValidationError:
                    judged = None
                try:
                    quickly = load(event)
                except Unsure:
                    quickly = None
                assert quickly == judged


@pytest.mark.parametrize("parameter", PARAMETERS)
def test_every_parameter_accepts_them_or_names_the_error(
    client: FlaskClient, naughty: list[str], parameter: str
) -> None:
    create_event(client)
    for string in naughty:
        answer = client.get(f"/v1/events?{parameter}={quote(string, safe='')}")
        assert answer.status_code in (200, 400, 422), (string, answer.text)


@pytest.mark.parametrize("header", HEADERS)
def test_every_header_accepts_them_or_names_the_error(client: FlaskClient, naughty: list[str], header: str) -> None:
    event = create_event(client)
    body = orjson.dumps({"title": "New"})
    usual = {"Content-Type": "application/json", "If-Match": '"1"'}
    for string in naughty:
        sent = string.encode().decode("latin-1")
        if any(ord(character) < 32 or ord(character) == 127 for character in sent):
            continue  # no client can send it
        for method, path in (("GET", "/v1/events?limit=1"), ("PATCH", f"/v1/events/{event['id']}"), ("POST", "/v1/me")):
            answer = client.open(path, method=method, data=body, headers=usual | {header: sent})
            assert answer.status_code < 500, (string, answer.text)
