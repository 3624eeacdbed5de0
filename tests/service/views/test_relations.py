"""/v1/events/{id}/relations."""

from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from service.ids import uuid7
from tests.factories import an_event


def json_of(answer: TestResponse) -> Any:
    """Return the JSON of the response."""
    return answer.json


def record(client: FlaskClient, title: str, *relations: dict[str, Any]) -> str:
    """Create an event and return its id."""
    answer = client.post("/v1/events", json=an_event(title=title, relations=list(relations)))
    assert answer.status_code == 201, answer.json
    id_: str = json_of(answer)["id"]
    return id_


def to(event: str, type: str = "implements", note: str | None = None) -> dict[str, Any]:
    return {"type": type, "event": event, "note": note}


def relations_of(client: FlaskClient, id: str, **query: Any) -> list[Any]:
    answer = client.get(f"/v1/events/{id}/relations", query_string=query)
    assert answer.status_code == 200, answer.json
    items: list[Any] = json_of(answer)["items"]
    return items


def end(id: str, title: str | None, record_state: str = "active") -> dict[str, Any]:
    return {"id": id, "title": title, "record_state": record_state}


def test_a_relation_is_listed_at_both_ends(client: FlaskClient) -> None:
    law = record(client, "The law")
    outside = {"type": "cites", "uri": "urn:nbn:de:101", "note": "Once."}
    decree = record(client, "The decree", to(law, note="Article 3."), outside)

    assert relations_of(client, decree) == [
        {
            "direction": "outgoing",
            "type": "implements",
            "event": end(law, "The law"),
            "uri": None,
            "note": "Article 3.",
        },
        {"direction": "outgoing", "type": "cites", "event": None, "uri": "urn:nbn:de:101", "note": "Once."},
    ]
    assert relations_of(client, law) == [
        {
            "direction": "incoming",
            "type": "implemented_by",
            "event": end(decree, "The decree"),
            "uri": None,
            "note": "Article 3.",
        }
    ]


def test_a_deleted_event_has_its_state_and_no_outgoing_relations(client: FlaskClient) -> None:
    law = record(client, "The law")
    decree = record(client, "The decree", to(law))
    assert client.delete(f"/v1/events/{law}", headers={"If-Match": '"1"'}).status_code == 204
    assert [relation["event"] for relation in relations_of(client, decree)] == [end(law, None, "deleted")]
    assert client.get(f"/v1/events/{law}/relations").status_code == 410

    other = record(client, "Other")
    third = record(client, "Third", to(other))
    client.delete(f"/v1/events/{third}", headers={"If-Match": '"1"'})
    assert relations_of(client, other) == []


def test_a_relation_to_no_event_or_to_itself_is_refused(client: FlaskClient) -> None:
    missing = str(uuid7())
    body = an_event(relations=[{"type": "cites", "uri": "urn:a:b"}, to(missing)])
    refused = client.post("/v1/events", json=body)
    assert (refused.status_code, json_of(refused)["errors"]) == (
        422,
        [{"detail": f"There is no event {missing}.", "pointer": "#/relations/1/event"}],
    )
    id_ = record(client, "Alone")
    patch = {"relations": [to(id_)]}
    headers = {"If-Match": '"1"', "Content-Type": "application/merge-patch+json"}
    itself = client.patch(f"/v1/events/{id_}", json=patch, headers=headers)
    assert (itself.status_code, json_of(itself)["errors"]) == (
        422,
        [{"detail": f"The event itself is {id_}.", "pointer": "#/relations/0/event"}],
    )


def test_relations_come_in_pages(client: FlaskClient) -> None:
    one, two = record(client, "One"), record(client, "Two")
    middle = record(client, "Middle", to(one), to(two), to(one, "amends"))
    others = [record(client, str(number), to(middle), to(middle, "cites")) for number in range(2)]

    follow, pages = f"/v1/events/{middle}/relations?limit=2", []
    while follow:
        answer = client.get(follow)
        pages.append([(one["direction"], one["type"], one["event"]["id"]) for one in json_of(answer)["items"]])
        follow = json_of(answer)["next"]

    assert pages == [
        [("outgoing", "implements", one), ("outgoing", "implements", two)],
        [("outgoing", "amends", one), ("incoming", "cited_by", others[0])],
        [("incoming", "implemented_by", others[0]), ("incoming", "cited_by", others[1])],
        [("incoming", "implemented_by", others[1])],
    ]


def test_an_unknown_event_answers_404_and_a_cursor_of_another_event_is_refused(client: FlaskClient) -> None:
    assert client.get(f"/v1/events/{uuid7()}/relations").status_code == 404
    one = record(client, "One")
    two = record(client, "Two", to(one), to(one, "cites"))
    cursor = json_of(client.get(f"/v1/events/{two}/relations?limit=1"))["next"].split("cursor=")[1]
    assert client.get(f"/v1/events/{one}/relations?cursor={cursor}").status_code == 400


def test_every_inverse_has_its_sentence(client: FlaskClient) -> None:
    published = json_of(client.get("/v1/vocabularies"))
    assert {word["word"] for word in published["inverse_relation_type"]["words"]} == {
        "responded_to_by",
        "implemented_by",
        "has_part",
        "fulfilled_by",
        "followed_by",
        "superseded_by",
        "amended_by",
        "repealed_by",
        "cited_by",
        "related",
    }
    assert list(published)[-2:] == ["jurisdiction", "currency"]
