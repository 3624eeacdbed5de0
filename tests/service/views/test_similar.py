"""/v1/events/{id}/similar, over HTTP."""

from flask.testing import FlaskClient

from tests.factories import create_event, create_topic
from tests.service.conftest import make_key, running
from tests.service.problems import problem_of
from tests.service.search.battery_events import create_battery_events

UNKNOWN = "01980000-0000-7000-8000-000000000000"


def test_similar_events_have_the_same_rare_words(client: FlaskClient) -> None:
    ids = create_battery_events(client)
    answer = client.get(f"/v1/events/{ids[0]}/similar?fields=title").get_json()
    assert [event["id"] for event in answer["items"]] == [ids[1], ids[2]]
    assert [match["id"] for match in answer["matches"]] == [ids[1], ids[2]]
    assert answer["matches"][0]["score"] > answer["matches"][1]["score"] > 0
    assert {"batteri", "recycl"} <= set(answer["words"])
    assert "".join(answer["words"]).islower()  # without the tags of their language
    assert set(answer["items"][0]) == {"id", "title"}


def test_similar_events_can_be_filtered_and_limited(client: FlaskClient) -> None:
    ids = create_battery_events(client)
    create_topic(client, "cars")
    narrowed = client.patch(f"/v1/events/{ids[2]}", json={"topics": [{"id": "cars"}]}, headers={"If-Match": "*"})
    assert narrowed.status_code == 200
    assert [one["id"] for one in client.get(f"/v1/events/{ids[0]}/similar?topic=cars").get_json()["items"]] == [ids[2]]
    assert [one["id"] for one in client.get(f"/v1/events/{ids[0]}/similar?limit=1").get_json()["items"]] == [ids[1]]
    assert client.get(f"/v1/events/{ids[0]}/similar?q=nothing").get_json()["items"] == []


def test_a_single_event_has_no_similar_ones(client: FlaskClient) -> None:
    event = create_event(client, title="Unheard-of")
    assert client.get(f"/v1/events/{event['id']}/similar").get_json() == {"items": [], "matches": [], "words": []}


def test_a_missing_event_or_an_invalid_parameter_is_a_problem(client: FlaskClient) -> None:
    assert problem_of(client.get(f"/v1/events/{UNKNOWN}/similar")) == (404, "not-found", [])
    event = create_event(client)
    assert problem_of(client.get(f"/v1/events/{event['id']}/similar?cursor=x")) == (422, "invalid", ["cursor"])
    assert problem_of(client.get(f"/v1/events/{event['id']}/similar?limit=0")) == (422, "invalid", ["limit"])
    client.delete(f"/v1/events/{event['id']}", headers={"If-Match": "*"})
    assert problem_of(client.get(f"/v1/events/{event['id']}/similar")) == (410, "gone", [])


def test_similar_events_and_suggestions_need_the_scope_to_read(database: str) -> None:
    with running(database, public_read=False) as app:
        client = app.test_client()
        for address in (f"/v1/events/{UNKNOWN}/similar", "/v1/suggest?q=x"):
            assert problem_of(client.get(address)) == (401, "unauthenticated", [])
            other = {"Authorization": f"Bearer {make_key(database, 'webhooks')}"}
            assert problem_of(client.get(address, headers=other)) == (403, "forbidden", [])
