"""Which events a list holds, and what it refuses to be asked."""

from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.factories import create_event, create_topic
from tests.service.problems import NO_OTHER_FIELDS, details, problem_of


def who(*roles: str) -> list[dict[str, str]]:
    """Participants, each from a role and a jurisdiction: `party JP`."""
    pairs = [role.split() for role in roles]
    return [{"name": jurisdiction, "role": role, "jurisdiction": jurisdiction} for role, jurisdiction in pairs]


def record_four(client: FlaskClient) -> None:
    """Events A to D, which differ in everything that can be filtered by, and the topics they use."""
    for id_, broader in (("materials", []), ("batteries", ["materials"]), ("sodium", ["batteries"]), ("trade", [])):
        create_topic(client, id_, broader=broader)
    said: dict[str, dict[str, Any]] = {
        "A": {
            "event_type": "dialogue",
            "status": "planned",
            "participants": who("party JP", "party EU"),
            "topics": [{"id": "sodium"}],
            "tags": ["x"],
        },
        "B": {
            "event_type": "agreement",
            "status": "launched",
            "participants": who("party EU", "affected CN"),
            "topics": [{"id": "batteries"}, {"id": "trade"}],
            "tags": ["y & z/é"],
        },
        "C": {
            "event_type": "subsidy",
            "participants": who("party US", "dependency_source CN"),
            "topics": [{"id": "materials"}],
            "tags": ["x", "y & z/é"],
        },
        "D": {"event_type": "dialogue", "participants": who("party JP", "host KR", "spokesperson XK")},
    }
    for title, rest in said.items():
        create_event(client, title=title, **rest)


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("", "ABCD"),
        ("event_type=dialogue", "AD"),
        ("event_type=dialogue,subsidy", "ACD"),
        ("event_type=tariff", ""),
        ("status=planned", "A"),
        ("status=planned,launched,denied", "AB"),
        ("party=JP", "AD"),
        ("party=JP,US", "ACD"),
        ("party=CN", ""),
        ("affected=CN", "BC"),
        ("affected=EU", ""),
        ("jurisdiction=CN", "BC"),
        ("jurisdiction=KR,XK", "D"),
        ("jurisdiction=EU", "AB"),
        ("topic=materials", "ABC"),
        ("topic=batteries", "AB"),
        ("topic=sodium", "A"),
        ("topic=sodium,trade", "AB"),
        ("tag=x", "AC"),
        ("tag=y %26 z/é", "BC"),
        ("tag=x,y %26 z/é", "ABC"),
        ("tag=X", ""),
        ("event_type=dialogue&status=planned", "A"),
        ("event_type=dialogue,agreement&party=EU", "AB"),
        ("party=JP,US&topic=materials&tag=x", "AC"),
        ("party=JP&topic=trade", ""),
    ],
)
def test_a_filter_selects_any_of_its_values_and_all_of_the_filters(
    client: FlaskClient, query: str, titles: str
) -> None:
    record_four(client)
    answer = client.get(f"/v1/events?sort=title&{query}")
    assert (answer.status_code, "".join(event["title"] for event in answer.get_json()["items"])) == (200, titles)


def test_a_list_holds_the_events_as_they_are_read_one_by_one(client: FlaskClient) -> None:
    events = [create_event(client, title=title) for title in ("B 🌍", "A")]
    answer = client.get("/v1/events?sort=created_at")
    assert (answer.status_code, answer.content_type) == (200, "application/json")
    assert answer.get_json() == {"items": events} | NO_OTHER_FIELDS
    assert answer.data.find(client.get(f"/v1/events/{events[0]['id']}").data) > 0
    assert answer.headers["Link"] == '</v1/events?sort=created_at>; rel="first"'


def test_an_empty_list_is_a_list(client: FlaskClient) -> None:
    for address in ("/v1/events", "/v1/events?tag=unknown&sort=-announced,title&limit=1"):
        answer = client.get(address)
        assert (answer.status_code, answer.get_json()) == (200, {"items": []} | NO_OTHER_FIELDS)


def test_a_change_moves_an_event_between_filters(client: FlaskClient) -> None:
    event = create_event(client, status="planned", tags=["a"])
    headers = {"If-Match": '"1"'}
    changed = client.patch(f"/v1/events/{event['id']}", json={"status": "agreed", "tags": ["b"]}, headers=headers)
    found = {
        query: client.get(f"/v1/events?{query}").get_json()["items"]
        for query in ("status=planned", "status=agreed", "tag=a", "tag=b")
    }
    assert found == {
        "status=planned": [],
        "status=agreed": [changed.get_json()],
        "tag=a": [],
        "tag=b": [changed.get_json()],
    }


def test_a_topic_that_moves_takes_its_events_along(client: FlaskClient) -> None:
    record_four(client)
    client.patch("/v1/topics/sodium", json={"broader": ["trade"]}, headers={"If-Match": "*"})
    titles = {
        topic: "".join(e["title"] for e in client.get(f"/v1/events?sort=title&topic={topic}").get_json()["items"])
        for topic in ("materials", "trade")
    }
    assert titles == {"materials": "BC", "trade": "AB"}


def test_a_page_has_the_requested_size_up_to_the_largest(app: Flask, client: FlaskClient) -> None:
    served = app.extensions["policytrail"]
    small = replace(served.settings, page_size=2, max_page_size=3)
    app.extensions["policytrail"] = replace(served, settings=small)
    for _ in range(5):
        create_event(client)
    sizes = {
        query: len(client.get(f"/v1/events{query}").get_json()["items"])
        for query in ("", "?limit=1", "?limit=3", "?limit=4", "?limit=999999999", "?limit=01")
    }
    assert sizes == {"": 2, "?limit=1": 1, "?limit=3": 3, "?limit=4": 3, "?limit=999999999": 3, "?limit=01": 1}


@pytest.mark.parametrize(
    "limit", ["0", "-1", "abc", "", "1.5", "1e1", "+1", "%201", "٣", "²", "0x1", "1_0", "9999999999"]
)
def test_a_limit_that_is_no_number_from_1_is_refused(anyone: FlaskClient, limit: str) -> None:
    assert problem_of(anyone.get(f"/v1/events?limit={limit}")) == (422, "invalid", ["limit"])


@pytest.mark.parametrize(
    ("query", "parameter", "meant"),
    [
        ("statuss=planned", "statuss", "status"),
        ("Topic=x", "Topic", "topic"),
        ("part=JP", "part", "party"),
        ("sorted=title", "sorted", "sort"),
        ("a/b~c=1", "a/b~c", None),
        ("_schema=1", "_schema", None),
        ("=1", "", None),
        ("status=planed", "status", "planned"),
        ("status=planned,lauched", "status", "launched"),
        ("event_type=regulations", "event_type", "regulation"),
        ("party=JPN", "party", "JP"),
        ("affected=china", "affected", "CN"),
        ("jurisdiction=EU,UK", "jurisdiction", "GB"),
        ("topic=unknown", "topic", None),
        ("sort=titel", "sort", "title"),
        ("sort=-create_at", "sort", "created_at"),
    ],
)
def test_what_is_unknown_is_refused_and_the_nearest_known_is_named(
    anyone: FlaskClient, query: str, parameter: str, meant: str | None
) -> None:
    answer = anyone.get(f"/v1/events?{query}")
    assert problem_of(answer) == (422, "invalid", [parameter])
    assert meant is None or f'Did you mean "{meant}"?' in details(answer)


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("status=", "status"),
        ("status=planned,", "status"),
        ("party=", "party"),
        ("topic=A+B", "topic"),
        ("topic=a%00", "topic"),
        ("tag=", "tag"),
        ("tag=%00", "tag"),
        ("tag=" + "x" * 101, "tag"),
        ("tag=" + ",".join(str(number) for number in range(51)), "tag"),
        ("sort=", "sort"),
        ("sort=-", "sort"),
        ("sort=--date", "sort"),
        ("sort=date,,title", "sort"),
        ("sort=title,-title", "sort"),
        ("sort=date,announced,title,created_at", "sort"),
        ("sort=id", "sort"),
    ],
)
def test_a_value_that_cannot_be_is_refused(anyone: FlaskClient, query: str, parameter: str) -> None:
    assert problem_of(anyone.get(f"/v1/events?{query}")) == (422, "invalid", [parameter])


@pytest.mark.parametrize("given", ["status=planned&status=agreed", "limit=1&limit=2", "sort=date&sort=title"])
def test_a_parameter_that_is_given_twice_is_refused(anyone: FlaskClient, given: str) -> None:
    parameter = given.partition("=")[0]
    assert problem_of(anyone.get(f"/v1/events?{given}")) == (422, "invalid", [parameter])


def test_all_errors_are_in_one_response(anyone: FlaskClient) -> None:
    answer = problem_of(anyone.get("/v1/events?status=x&limit=0&colour=red"))
    assert answer._replace(places=sorted(answer.places)) == (422, "invalid", ["colour", "limit", "status"])


@pytest.mark.parametrize(
    "address", ["/v1/events/01980000-0000-7000-8000-000000000000?limit=3", "/v1/vocabularies?limit=1"]
)
def test_what_takes_no_parameters_refuses_them(anyone: FlaskClient, address: str) -> None:
    parameter = address.partition("?")[2].partition("=")[0]
    assert problem_of(anyone.get(address)) == (422, "invalid", [parameter])
