"""POST /v1/search: the filters of the list as JSON, joined by all, any and not."""

from typing import Any

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient

from schemas.filters import MOST_CONDITIONS, MOST_LEVELS, MOST_Q, MOST_Q_WORDS
from tests.factories import create_event
from tests.service.conftest import make_key, running
from tests.service.problems import details, problem_of


def titles(client: FlaskClient, **body: Any) -> str:
    """The titles of the events that are found, in order."""
    answer = client.post("/v1/search", json={"sort": "title"} | body)
    assert answer.status_code == 200, answer.text
    return "".join(event["title"] for event in answer.get_json()["items"])


FOUND: list[tuple[dict[str, Any], str]] = [
    ({}, "ABCDE"),
    ({"status": "in_force"}, "BD"),
    ({"status": ["in_force", "planned"], "party": "JP"}, "AD"),
    ({"tag": "a,b"}, "A"),
    ({"tag": ["back\\slash", "a,b"]}, "AB"),
    ({"not_status": "in_force"}, "ACE"),
    ({"figure_currency": "EUR", "figure_min": 50}, "A"),
    ({"figure_max": -0.5}, "C"),
    ({"figure_min": "19800000000"}, "C"),
    ({"date": ["2023", "2024-05"]}, "BC"),
    ({"date": "2024", "date_match": "certainly"}, "AB"),
    ({"any": [{"party": "US"}, {"affected": "CN"}, {"status": "planned"}]}, "ABC"),
    ({"all": [{"party": "EU"}, {"not": {"status": "planned"}}]}, "B"),
    ({"not": {"any": [{"party": "JP"}, {"party": "US"}]}}, "BE"),
    ({"not": {"not": {"topic": "materials"}}}, "ABC"),
    ({"not": {"topic": "batteries", "party": "JP"}}, "BCDE"),
    ({"not": {}}, ""),
    ({"status": "in_force", "any": [{"lang": "ja"}, {"figure_unit": "GWh", "figure_min": 1000}]}, "B"),
    ({"any": [{"date": "2023"}, {"all": [{"date_kind": "review"}, {"not_tag": "y"}]}]}, "AC"),
]


def test_filters_are_joined_by_all_any_and_not(recorded: FlaskClient) -> None:
    assert [titles(recorded, **body) for body, _ in FOUND] == [found for _, found in FOUND]


def test_a_search_answers_the_page_that_the_list_answers(recorded: FlaskClient) -> None:
    listed: Any = recorded.get("/v1/events?party=JP,US&not_status=planned&sort=-title&fields=title&count=exact").json
    body = {
        "party": ["JP", "US"],
        "not_status": "planned",
        "sort": ["-title"],
        "fields": ["title"],
        "count": "exact",
        "limit": 20,
    }
    assert recorded.post("/v1/search", json=body).json == listed


def test_the_past_is_searched_as_it_was(client: FlaskClient) -> None:
    event = create_event(client, title="x", status="planned")
    client.patch(f"/v1/events/{event['id']}", json={"status": "agreed"}, headers={"If-Match": "*"})
    body = {"any": [{"status": "planned"}, {"status": "denied"}]}
    assert (titles(client, **body), titles(client, **body, as_of=event["updated_at"])) == ("", "x")


def test_the_next_page_is_posted_to_next_or_requested_by_its_cursor(recorded: FlaskClient) -> None:
    body = {"any": [{"party": "JP"}, {"party": "EU"}], "sort": "title", "limit": 2}
    first: Any = recorded.post("/v1/search?pretty", json=body)
    follow = first.json["next"]
    assert first.headers["Link"] == f'</v1/search?pretty=>; rel="first", <{follow}>; rel="next"'
    second: Any = recorded.post(follow, json=body).json
    cursor = follow.partition("cursor=")[2]
    assert second == recorded.post("/v1/search", json=body | {"cursor": cursor}).json
    assert [[event["title"] for event in page["items"]] for page in (first.json, second)] == [["A", "B"], ["D"]]
    assert second["next"] is None


@pytest.mark.parametrize(
    "other", [{}, {"any": [{"party": "JP"}]}, {"all": [{"party": "JP"}, {"party": "EU"}]}, {"sort": "-title"}]
)
def test_a_cursor_of_another_search_is_refused(recorded: FlaskClient, other: dict[str, Any]) -> None:
    body = {"any": [{"party": "JP"}, {"party": "EU"}], "sort": "title", "limit": 1}
    cursor = recorded.post("/v1/search", json=body).get_json()["next"].partition("cursor=")[2]
    wrong = {"sort": "title"} | other
    assert problem_of(recorded.post("/v1/search", json=wrong | {"cursor": cursor})) == (400, "malformed", ["#/cursor"])
    assert problem_of(recorded.post(f"/v1/search?cursor={cursor}", json=wrong)) == (400, "malformed", ["cursor"])


def test_a_cursor_is_given_once(anyone: FlaskClient) -> None:
    assert problem_of(anyone.post("/v1/search?cursor=x", json={"cursor": "x"})) == (422, "invalid", ["cursor"])


def test_a_cursor_of_the_list_is_one_of_the_same_search(recorded: FlaskClient) -> None:
    follow: str = recorded.get("/v1/events?party=JP,EU&sort=title&limit=2").get_json()["next"]
    body = {"party": ["EU", "JP"], "sort": "title", "cursor": follow.partition("cursor=")[2]}
    assert [event["title"] for event in recorded.post("/v1/search", json=body).get_json()["items"]] == ["D"]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"statuss": "planned"}, "#/statuss"),
        ({"status": "planed"}, "#/status"),
        ({"status": ["planned", "planed"]}, "#/status"),
        ({"status": []}, "#/status"),
        ({"status": None}, "#/status"),
        ({"status": {"is": "planned"}}, "#/status"),
        ({"status": [["planned"]]}, "#/status"),
        ({"tag": "x" * 101}, "#/tag"),
        ({"tag": [str(number) for number in range(51)]}, "#/tag"),
        ({"tag": 5}, "#/tag"),
        ({"figure_min": True}, "#/figure_min"),
        ({"figure_min": 1e30}, "#/figure_min"),
        ({"figure_min": 2, "figure_max": 1}, "#/figure_max"),
        ({"date_from": 2024}, "#/date_from"),
        ({"created_from": "now"}, "#/created_from"),
        ({"any": []}, "#/any"),
        ({"any": {"party": "JP"}}, "#/any"),
        ({"any": ["party=JP"]}, "#/any/0"),
        ({"all": [{"party": "JP"}, {"any": [{"parti": "JP"}]}]}, "#/all/1/any/0/parti"),
        ({"not": [{"party": "JP"}]}, "#/not"),
        ({"not": {"party": "JPN"}}, "#/not/party"),
        ({"not": {"sort": "title"}}, "#/not/sort"),
        ({"any": [{"party": "JP"}, {"topic": ["trade", "batterys"]}], "topic": "trade"}, "#/any/1/topic"),
        ({"not": {"topic": "unknown"}}, "#/not/topic"),
        ({"any": [{"not_topic": "unknown"}]}, "#/any/0/not_topic"),
        ({"limit": 0}, "#/limit"),
        ({"limit": True}, "#/limit"),
        ({"sort": "id"}, "#/sort"),
        ({"fields": ["titel"]}, "#/fields"),
        ({"count": "all"}, "#/count"),
        ({"as_of": "9999-01-01T00:00:00Z"}, "#/as_of"),
        ([], "#"),
        ("party=JP", "#"),
    ],
)
def test_an_error_points_to_its_member_of_the_body(recorded: FlaskClient, body: Any, pointer: str) -> None:
    assert problem_of(recorded.post("/v1/search", json=body)) == (422, "invalid", [pointer])


def test_the_nearest_that_is_known_is_named(recorded: FlaskClient) -> None:
    body = {"any": [{"partys": "JP"}, {"status": "planed"}]}
    assert '"party"' in details(recorded.post("/v1/search", json=body))
    assert '"planned"' in details(recorded.post("/v1/search", json=body))
    assert '"batteries"' in details(recorded.post("/v1/search", json={"topic": "battery"}))


def nested(levels: int) -> dict[str, Any]:
    """A filter of so many levels."""
    return {"status": "planned"} if levels == 1 else {"any": [nested(levels - 1)]}


def test_a_filter_is_nested_and_long_up_to_its_bounds(anyone: FlaskClient) -> None:
    codes = [{"tag": str(number)} for number in range(MOST_CONDITIONS)]
    for fits in (nested(MOST_LEVELS), {"any": codes}, {"all": [{"any": codes[:50]}, {"not": {"all": codes[50:]}}]}):
        assert anyone.post("/v1/search", json=fits).status_code == 200
    too_much = [
        nested(MOST_LEVELS + 1),
        nested(30),
        {"any": codes, "tag": "x"},
        {"any": [{"all": codes}, {"tag": "x"}]},
        {"any": [{"q": f"word{number}"} for number in range(MOST_Q)], "q": "x"},
        {"all": [{"q": "word " * MOST_Q_WORDS}, {"not": {"q": "x"}}]},
    ]
    for body in too_much:
        assert problem_of(anyone.post("/v1/search", json=body)) == (422, "invalid", ["#"])


def test_words_of_several_expressions_are_found_together(client: FlaskClient) -> None:
    for title in ("Battery law", "Battery", "Solar law", "Wind"):
        create_event(client, title=title, lang="en")

    def found(**asked: Any) -> set[str]:
        answer = client.post("/v1/search", json=asked)
        assert answer.status_code == 200, answer.text
        return {item["title"] for item in answer.get_json()["items"]}

    assert found(any=[{"q": "battery law"}, {"q": "wind"}]) == {"Battery law", "Wind"}
    assert found(any=[{"q": "-battery"}, {"q": "law -solar"}, {"q": "!?"}]) == {"Solar law", "Wind", "Battery law"}
    assert found(all=[{"q": "-battery"}, {"q": "law"}]) == {"Solar law"}
    assert found(all=[{"q": "-battery"}, {"q": "-law -solar"}], any=[{"q": "wind"}, {"q": "law"}]) == {"Wind"}
    assert found(q="law", any=[{"q": "solar OR wind"}, {"tag": "x"}, {"q": '"law battery"'}]) == {"Solar law"}
    assert found(**{"not": {"any": [{"q": "battery"}, {"q": "wind"}]}}) == {"Solar law"}
    assert found(all=[{"q": "law"}, {"q": "!?"}]) == set()


def test_a_search_changes_nothing_and_is_not_kept(client: FlaskClient, conn: psycopg.Connection) -> None:
    headers = {"Idempotency-Key": "once"}
    before = client.post("/v1/search", json={}, headers=headers)
    create_event(client)
    after = client.post("/v1/search", json={"status": "planned"}, headers=headers)
    again: Any = client.post("/v1/search", json={}, headers=headers)
    assert (before.status_code, after.status_code, len(again.json["items"])) == (200, 200, 1)
    assert "Idempotent-Replayed" not in again.headers
    assert conn.execute("SELECT count(*) FROM idempotent_answer").fetchone() == (0,)


def test_a_search_needs_the_permission_to_read(app: Flask, database: str, anyone: FlaskClient) -> None:
    assert anyone.post("/v1/search", json={}, headers={"Idempotency-Key": "x"}).status_code == 200
    for scope, status in (("events:read", 200), ("events:write", 403)):
        headers = {"Authorization": f"Bearer {make_key(database, scope)}"}
        assert app.test_client().post("/v1/search", json={}, headers=headers).status_code == status
    with running(database, public_read=False) as private:
        assert problem_of(private.test_client().post("/v1/search", json={})).status == 401


def test_a_search_is_json(anyone: FlaskClient) -> None:
    response = anyone.post("/v1/search", data="{}", content_type="text/plain")
    assert problem_of(response) == (415, "unsupported-media-type", ["Content-Type"])
    assert problem_of(anyone.post("/v1/search", data="{", content_type="application/json")).status == 400
    assert anyone.get("/v1/search").status_code == 405
