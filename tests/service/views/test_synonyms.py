"""Searches expanded with synonyms: what they find, tell and leave out, in every place that takes `q`."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.factories import create_event, create_topic
from tests.service.search.synonym_index import update_synonyms

SHORT, LONG, BOTH = (
    "Chile updates its NDC",
    "The nationally determined contributions of Peru",
    "Nationally Determined Contribution (NDC)",
)
NDC = {"words": "ndc", "synonyms": ["Nationally Determined Contribution"]}


@pytest.fixture
def events(client: FlaskClient, database: str) -> None:
    """Record events with an acronym, with its phrase, with both, and with a word of the phrase."""
    for title in (SHORT, LONG, BOTH, "A determined minister"):
        create_event(client, title=title, lang="en")
    update_synonyms(database)


def page(client: FlaskClient, **query: Any) -> dict[str, Any]:
    """Return a page of events."""
    answer = client.get("/v1/events", query_string=query)
    assert answer.status_code == 200, answer.text
    return dict(answer.get_json())


def titles(client: FlaskClient, **query: Any) -> set[str]:
    """Return the titles of the events on a page."""
    return {event["title"] for event in page(client, **query)["items"]}


@pytest.mark.usefixtures("events")
@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("NDC", {SHORT, LONG, BOTH}),
        ("ndcs", {SHORT, LONG, BOTH}),
        ("nationally determined contribution", {SHORT, LONG, BOTH}),
        ("NDC chile", {SHORT}),
        ("NDC peru", {LONG}),
        ("NDC OR minister", {SHORT, LONG, BOTH, "A determined minister"}),
        ("minister NOT NDC", {"A determined minister"}),
        ('"NDC"', {SHORT, BOTH}),
        ('"nationally determined contribution"', {LONG, BOTH}),
        ("ndc*", {SHORT, BOTH}),
    ],
)
def test_an_acronym_and_its_phrase_find_each_other(client: FlaskClient, query: str, found: set[str]) -> None:
    assert titles(client, q=query, sort="-date") == found


@pytest.mark.usefixtures("events")
def test_events_without_the_typed_word_are_ranked_as_if_they_had_it(client: FlaskClient) -> None:
    answer = page(client, q="ndc", explain="true", highlight="true")
    assert {event["title"] for event in answer["items"]} == {SHORT, LONG, BOTH}
    assert all(match["score"] > 0 and match["explanation"]["every_word"] for match in answer["matches"])
    of_title = {match["highlights"][0]["text"]: match["highlights"][0]["ranges"] for match in answer["matches"]}
    assert of_title[LONG] == [[4, 39]]
    assert of_title[SHORT] == [[18, 21]]


@pytest.mark.usefixtures("events")
@pytest.mark.parametrize("sort", ["", "-date"])
def test_the_answer_names_what_was_expanded(client: FlaskClient, sort: str) -> None:
    query = {"q": "NDC of Chile"} | ({"sort": sort} if sort else {})
    assert page(client, **query)["expanded"] == [NDC]
    assert page(client, **query, expand="false")["expanded"] == []
    assert page(client, q="minister")["expanded"] == []
    assert page(client)["expanded"] is None


@pytest.mark.usefixtures("events")
def test_expansion_is_switched_off_everywhere(client: FlaskClient) -> None:
    for expand, number in (("true", 3), ("false", 2)):
        query = {"q": "NDC", "expand": expand}
        assert len(titles(client, **query)) == number
        assert page(client, **query, count="exact")["count"]["value"] == number
        assert client.get("/v1/facets", query_string=query).get_json()["count"]["value"] == number
        assert len(client.get("/v1/events", query_string=query | {"format": "ndjson"}).data.splitlines()) == number
        body = {"q": "NDC", "expand": expand == "true"}
        assert len(client.post("/v1/search", json=body).get_json()["items"]) == number
        nested = {"any": [{"q": "NDC"}, {"q": "xyzzy"}], "expand": expand == "true"}
        assert len(client.post("/v1/search", json=nested).get_json()["items"]) == number


@pytest.mark.usefixtures("events")
def test_facets_name_what_was_expanded(client: FlaskClient) -> None:
    assert client.get("/v1/facets?q=NDC").get_json()["expanded"] == [NDC]
    assert client.get("/v1/facets?q=NDC&expand=false").get_json()["expanded"] == []
    assert client.get("/v1/facets").get_json()["expanded"] is None


@pytest.mark.usefixtures("events")
def test_snapshots_are_not_expanded_since_the_feed_is_not(client: FlaskClient) -> None:
    snapshot = page(client, q="NDC", snapshot="true")
    assert {event["title"] for event in snapshot["items"]} == {SHORT, BOTH}
    assert snapshot["expanded"] == []


@pytest.mark.usefixtures("events")
def test_the_pages_of_a_search_keep_their_expansion(client: FlaskClient) -> None:
    first = page(client, q="NDC", limit=2)
    second = client.get(first["next"]).get_json()
    assert {event["title"] for event in [*first["items"], *second["items"]]} == {SHORT, LONG, BOTH}
    assert client.get(first["next"] + "&expand=false").status_code == 400


def test_labels_of_a_topic_find_each_other(client: FlaskClient, database: str) -> None:
    create_topic(client, "batteries", labels={"en": "Batteries"}, alt_labels={"en": ["Electric accumulators"]})
    create_event(client, title="Law on electric accumulators")
    create_event(client, title="Battery law")
    update_synonyms(database)
    both = {"Law on electric accumulators", "Battery law"}
    assert titles(client, q="batteries law") == both
    assert titles(client, q="electric accumulator law", sort="-date") == both


def test_an_acronym_that_is_a_word_is_expanded_in_capitals_only(client: FlaskClient, database: str) -> None:
    create_event(client, title="Safer Affordable Fuel Efficiency (SAFE)", lang="en")
    create_event(client, title="A safer affordable fuel efficiency plan", lang="en")
    create_event(client, title="Safe roads", lang="en")
    create_event(client, title="Safe harbours", lang="en")
    update_synonyms(database)
    assert page(client, q="safe rules")["expanded"] == []
    assert page(client, q="SAFE rules")["expanded"] == [
        {"words": "safe", "synonyms": ["Safer Affordable Fuel Efficiency"]}
    ]
    assert len(titles(client, q="SAFE")) == 4
    assert len(titles(client, q="safe")) == 3
