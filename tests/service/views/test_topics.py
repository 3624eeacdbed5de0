"""/v1/topics: a tree without cycles, and no deletion of a topic in use."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.factories import a_topic, create_event, create_topic
from tests.service.problems import problem_of

Topic = dict[str, Any]


def put(client: FlaskClient, id: str, /, **fields: Any) -> TestResponse:
    """Replace the current version of the topic `id`."""
    return client.put(f"/v1/topics/{id}", json=a_topic(id, **fields), headers={"If-Match": "*"})


def patch(client: FlaskClient, id: str, /, **changes: Any) -> TestResponse:
    """Patch the current version of the topic `id`."""
    return client.patch(f"/v1/topics/{id}", json=changes, headers={"If-Match": "*"})


def delete(client: FlaskClient, id: str) -> TestResponse:
    """Delete the current version of the topic `id`."""
    return client.delete(f"/v1/topics/{id}", headers={"If-Match": "*"})


def chain(client: FlaskClient, *ids: str) -> None:
    """Create topics, each below the one before."""
    for broader, id_ in zip(("", *ids), ids, strict=False):
        create_topic(client, id_, broader=[broader] if broader else [])


def test_a_new_topic_can_be_read_at_its_location(client: FlaskClient) -> None:
    create_topic(client, "energy")
    content = {
        "labels": {"en": "Batteries", "zh-Hant": "電池"},
        "alt_labels": {"en": ["Accumulators", "Cells"]},
        "definition": {"en": "They store electricity."},
        "broader": ["energy"],
        "exact_match": ["http://eurovoc.europa.eu/50"],
    }
    created = client.post("/v1/topics", json=a_topic("batteries", **content))
    assert (created.status_code, created.headers["ETag"]) == (201, '"1"')
    assert created.headers["Location"] == "/v1/topics/batteries"
    now = created.get_json()["created_at"]
    assert created.get_json() == {"id": "batteries", **content, "version": 1, "created_at": now, "updated_at": now}
    response = client.get("/v1/topics/batteries")
    assert (response.status_code, response.data, response.headers["ETag"]) == (200, created.data, '"1"')


def test_a_minimal_topic_comes_back_with_every_key(client: FlaskClient) -> None:
    topic = create_topic(client, "trade")
    unsaid: Topic = {"alt_labels": {}, "definition": {}, "broader": [], "exact_match": []}
    when = {"created_at": topic["created_at"], "updated_at": topic["created_at"]}
    assert topic == a_topic("trade") | unsaid | when | {"version": 1}


def test_a_topic_is_created_once(client: FlaskClient) -> None:
    topic = create_topic(client, "trade")
    assert problem_of(client.post("/v1/topics", json=a_topic("trade", labels={"en": "Other"}))) == (409, "conflict", [])
    assert client.get("/v1/topics/trade").get_json() == topic


def test_a_topic_can_be_read_edited_and_put_back(client: FlaskClient) -> None:
    topic = create_topic(client, "trade")
    answer = client.put("/v1/topics/trade", json=topic | {"labels": {"en": "Trade"}}, headers={"If-Match": '"1"'})
    updated_at = answer.get_json()["updated_at"]
    changed = topic | {"labels": {"en": "Trade"}, "version": 2, "updated_at": updated_at}
    assert (answer.status_code, answer.headers["ETag"], answer.get_json()) == (200, '"2"', changed)
    assert updated_at > topic["updated_at"]
    assert client.get("/v1/topics/trade").data == answer.data


def test_a_patch_merges_labels_by_language(client: FlaskClient) -> None:
    create_topic(client, "trade", labels={"en": "Trade", "de": "Handl"})
    patched = patch(client, "trade", labels={"de": "Handel", "fr": "Commerce", "en": None}).get_json()
    assert (patched["labels"], patched["version"]) == ({"de": "Handel", "fr": "Commerce"}, 2)


def test_a_write_of_unchanged_content_makes_no_version(client: FlaskClient) -> None:
    topic = create_topic(client, "trade")
    for answer in (put(client, "trade"), patch(client, "trade"), patch(client, "trade", labels={"en": "trade"})):
        assert (answer.status_code, answer.headers["ETag"], answer.get_json()) == (200, '"1"', topic)


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("id_", ["trade", "Trade", "%E2%98%83", "a%00b", "9" * 300])
def test_an_unknown_topic_is_not_found(client: FlaskClient, method: str, id_: str) -> None:
    answer = client.open(f"/v1/topics/{id_}", method=method, json=a_topic("trade"), headers={"If-Match": "*"})
    assert problem_of(answer) == (404, "not-found", [])


def test_the_id_of_a_topic_cannot_change(client: FlaskClient) -> None:
    topic = create_topic(client, "trade")
    renamed = client.put("/v1/topics/trade", json=a_topic("commerce"), headers={"If-Match": "*"})
    assert problem_of(renamed) == (422, "invalid", ["#/id"])
    assert problem_of(patch(client, "trade", id="commerce")) == (422, "invalid", ["#/id"])
    assert problem_of(patch(client, "trade", id=None)) == (422, "invalid", ["#/id"])
    assert client.get("/v1/topics").get_json()["items"] == [topic]


def test_a_broader_topic_must_exist(client: FlaskClient) -> None:
    create_topic(client, "trade")
    broader = ["trade", "unknown"]
    response = client.post("/v1/topics", json=a_topic("new", broader=broader))
    assert problem_of(response) == (422, "invalid", ["#/broader/1"])
    assert problem_of(patch(client, "trade", broader=["unknown"])) == (422, "invalid", ["#/broader/0"])


def test_a_new_topic_is_not_below_itself(client: FlaskClient) -> None:
    answer = problem_of(client.post("/v1/topics", json=a_topic("new", broader=["new"])))
    assert (answer.status, set(answer.places)) == (422, {"#/broader/0"})
    assert client.get("/v1/topics").get_json()["items"] == []


@pytest.mark.parametrize(
    ("id_", "broader", "places"),
    [
        ("a", ["a"], ["#/broader/0"]),
        ("a", ["b"], ["#/broader/0"]),
        ("a", ["d"], ["#/broader/0"]),
        ("b", ["d"], ["#/broader/0"]),
        ("b", ["a", "x", "c", "d"], ["#/broader/2", "#/broader/3"]),
    ],
)
def test_no_change_puts_a_topic_below_itself(
    client: FlaskClient, id_: str, broader: list[str], places: list[str]
) -> None:
    chain(client, "a", "b", "c", "d")
    create_topic(client, "x")
    before = client.get("/v1/topics").get_json()
    assert problem_of(put(client, id_, broader=broader)) == (422, "invalid", places)
    assert problem_of(patch(client, id_, broader=broader)) == (422, "invalid", places)
    assert client.get("/v1/topics").get_json() == before


def test_a_topic_may_be_below_another_in_two_ways(client: FlaskClient) -> None:
    chain(client, "a", "b", "c")
    assert put(client, "c", broader=["b", "a"]).status_code == 200


def test_a_topic_of_an_event_cannot_be_deleted(client: FlaskClient) -> None:
    create_topic(client, "trade")
    event = create_event(client, topics=[{"id": "trade"}])
    assert problem_of(delete(client, "trade")) == (409, "conflict", [])
    client.patch(f"/v1/events/{event['id']}", json={"topics": []}, headers={"If-Match": "*"})
    assert delete(client, "trade").status_code == 204


def test_a_topic_of_a_deleted_event_can_be_deleted(client: FlaskClient) -> None:
    create_topic(client, "trade")
    event = create_event(client, topics=[{"id": "trade"}])
    client.delete(f"/v1/events/{event['id']}", headers={"If-Match": "*"})
    assert delete(client, "trade").status_code == 204


def test_a_topic_with_topics_below_it_cannot_be_deleted(client: FlaskClient) -> None:
    chain(client, "a", "b")
    assert problem_of(delete(client, "a")) == (409, "conflict", [])
    assert [delete(client, id_).status_code for id_ in ("b", "a")] == [204, 204]
    assert problem_of(client.get("/v1/topics/a")) == (404, "not-found", [])
    assert client.get("/v1/topics").get_json() == {"items": [], "next": None}


def test_topics_are_listed_by_id_and_by_broader_topic(client: FlaskClient) -> None:
    chain(client, "m", "b", "z")
    a = create_topic(client, "a", broader=["m"])
    topics = {id_: client.get(f"/v1/topics/{id_}").get_json() for id_ in "mbz"} | {"a": a}
    for query, ids in (("", "abmz"), ("?broader=m", "ab"), ("?broader=z", ""), ("?broader=unknown", "")):
        expected = {"items": [topics[id_] for id_ in ids], "next": None}
        assert client.get(f"/v1/topics{query}").get_json() == expected


@pytest.mark.parametrize("limit", [1, 2, 4, 5])
@pytest.mark.parametrize("query", ["", "&broader=top"])
def test_following_next_returns_every_topic_once(client: FlaskClient, limit: int, query: str) -> None:
    ids = ["a", "a-b", "a.b", "ab", "b"]
    create_topic(client, "top")
    for id_ in reversed(ids):
        create_topic(client, id_, broader=["top"])
    ids_listed: list[str] = []
    follow: str | None = f"/v1/topics?limit={limit}{query}"
    while follow:
        answer = client.get(follow)
        assert len(answer.get_json()["items"]) <= limit
        ids_listed += [topic["id"] for topic in answer.get_json()["items"]]
        follow = answer.get_json()["next"]
        links = answer.headers["Link"].split(", ")
        assert links[1:] == ([f'<{follow}>; rel="next"'] if follow else [])
    assert sorted(ids_listed) == sorted(ids if query else [*ids, "top"])


def test_a_cursor_of_another_list_is_refused(client: FlaskClient) -> None:
    chain(client, "a", "b")
    follow = client.get("/v1/topics?limit=1").get_json()["next"]
    assert problem_of(client.get(f"{follow}&broader=a")) == (400, "malformed", ["cursor"])


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"id": "Trade"}, "#/id"),
        ({"id": "a b"}, "#/id"),
        ({"id": "a" * 65}, "#/id"),
        ({"labels": {}}, "#/labels"),
        ({"labels": None}, "#/labels"),
        ({"labels": ["Trade"]}, "#/labels"),
        ({"labels": {"en": 5}}, "#/labels/en"),
        ({"labels": {"en": " "}}, "#/labels/en"),
        ({"labels": {"english": "Trade"}}, "#/labels/english"),
        ({"labels": {"en_GB": "Trade"}}, "#/labels/en_GB"),
        ({"alt_labels": {"en": "Trade"}}, "#/alt_labels/en"),
        ({"alt_labels": {"en": ["Trade", 5]}}, "#/alt_labels/en/1"),
        ({"definition": {"de": "x" * 2001}}, "#/definition/de"),
        ({"broader": ["a"] * 11}, "#/broader"),
        ({"exact_match": ["eurovoc 50"]}, "#/exact_match/0"),
        ({"broder": []}, "#/broder"),
    ],
)
def test_an_invalid_topic_is_refused_with_a_pointer(client: FlaskClient, changes: Topic, place: str) -> None:
    answer = client.post("/v1/topics", json=a_topic("trade") | changes)
    assert problem_of(answer) == (422, "invalid", [place])
    assert client.get("/v1/topics").get_json()["items"] == []
