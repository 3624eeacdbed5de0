"""The form of an answer: fields, count, indentation, media type; and that a page's `next` keeps all of it."""

import psycopg
import pytest
from flask.testing import FlaskClient

from tests.answers import body
from tests.factories import an_event
from tests.service.problems import NO_OTHER_FIELDS


def test_only_the_fields_that_are_named_are_answered_and_the_id(client: FlaskClient) -> None:
    event = body(client.post("/v1/events", json=an_event(title="Chips")))
    one = client.get(f"/v1/events/{event['id']}?fields=title,status")
    many = client.get("/v1/events?fields=status,title")

    assert list(body(one).items()) == [("id", event["id"]), ("title", "Chips"), ("status", event["status"])]
    assert body(many) == {"items": [body(one)]} | NO_OTHER_FIELDS


def test_fields_work_by_external_id(client: FlaskClient) -> None:
    event = body(client.put("/v1/events/by/tracker/1", json=an_event()))
    assert body(client.get("/v1/events/by/tracker/1?fields=version")) == {"id": event["id"], "version": 1}


def test_a_form_has_an_etag_of_its_own_that_is_known_only_in_that_form(client: FlaskClient) -> None:
    at = f"/v1/events/{body(client.post('/v1/events', json=an_event()))['id']}"
    tags = {asked: client.get(at + asked).headers["ETag"] for asked in ("", "?fields=title", "?fields=tags", "?pretty")}

    assert tags[""] == '"1"'
    assert len(set(tags.values())) == 4
    assert client.get(at + "?fields=title,id").headers["ETag"] == tags["?fields=title"]
    for asked, tag in tags.items():
        known = [other for other in tags if client.get(at + other, headers={"If-None-Match": tag}).status_code == 304]
        assert known == [asked]


def test_a_change_is_let_through_by_the_etag_of_any_form_of_the_version(client: FlaskClient) -> None:
    at = f"/v1/events/{body(client.post('/v1/events', json=an_event()))['id']}"
    first = client.get(at + "?fields=title&pretty").headers["ETag"]
    assert client.patch(at, json={"title": "B"}, headers={"If-Match": first}).status_code == 200
    assert client.patch(at, json={"title": "C"}, headers={"If-Match": first}).status_code == 412
    assert client.patch(at, json={"title": "C"}, headers={"If-Match": f"W/{first}"}).status_code == 412


def test_pretty_json_is_the_same_json_with_two_spaces_a_level(client: FlaskClient) -> None:
    at = f"/v1/events/{body(client.post('/v1/events', json=an_event()))['id']}"
    plain, pretty = client.get(at), client.get(at + "?pretty")
    assert body(pretty) == body(plain)
    assert (pretty.text[:11], pretty.text[-3:]) == ('{\n  "id": "', "\n}\n")
    assert client.get(at + "?pretty=true").data == pretty.data
    assert client.get(at + "?pretty=false").data == plain.data


def test_a_browser_gets_pretty_json_unless_it_says_otherwise(client: FlaskClient) -> None:
    browser = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
    assert client.get("/v1/topics", headers=browser).text == '{\n  "items": [],\n  "next": null\n}\n'
    assert client.get("/v1/topics?pretty=false", headers=browser).text == '{"items":[],"next":null}'


@pytest.mark.parametrize("address", ["/v1/nothing", "/v1/events?nothing=1", "/v1/events/0"])
def test_problems_are_pretty_as_well(client: FlaskClient, address: str) -> None:
    told = client.get(f"{address}{'&' if '?' in address else '?'}pretty")
    assert told.status_code >= 400
    assert told.text.startswith('{\n  "type": "')


def test_every_get_route_takes_pretty(client: FlaskClient) -> None:
    event = body(client.put("/v1/events/by/tracker/1", json=an_event()))
    client.post("/v1/topics", json={"id": "chips", "labels": {"en": "Chips"}})
    values = {
        "event_id": event["id"],
        "version": 1,
        "scheme": "tracker",
        "value": "1",
        "topic_id": "chips",
        "code": "gone",
    }
    rules = [rule for rule in client.application.url_map.iter_rules() if "GET" in (rule.methods or ())]
    for rule in rules:
        if set(rule.arguments) <= set(values):
            at = rule.build({name: values[name] for name in rule.arguments})
            assert at
            answer = client.get(at[1] + "?pretty" + ("&q=chips" if at[1] == "/v1/suggest" else ""))
            assert answer.status_code in (200, 503), at[1]
            assert not answer.is_json or answer.text.startswith("{\n  "), at[1]


def test_events_are_counted_when_that_is_asked(client: FlaskClient, conn: psycopg.Connection) -> None:
    for status in ("planned", "planned", "adopted"):
        client.post("/v1/events", json=an_event(status=status))
    conn.execute("ANALYZE event")
    conn.commit()

    counts = [
        body(client.get(f"/v1/events?limit=1{asked}"))["count"] for asked in ("", "&count=exact", "&count=estimate")
    ]
    assert counts == [None, {"value": 3, "kind": "exact"}, {"value": 3, "kind": "estimate"}]
    assert body(client.get("/v1/events?count=exact&status=planned&party=JP"))["count"] == {"value": 2, "kind": "exact"}
    assert body(client.get("/v1/events?count=estimate&status=planned&party=JP"))["count"]["kind"] == "estimate"
    assert body(client.get("/v1/events?count=exact&party=FR")) == {
        **NO_OTHER_FIELDS,
        "items": [],
        "count": {"value": 0, "kind": "exact"},
    }


def test_a_count_is_of_the_instant_that_the_list_is_of(client: FlaskClient) -> None:
    event = body(client.post("/v1/events", json=an_event()))
    client.post("/v1/events", json=an_event())
    asked = f"/v1/events?as_of={event['created_at']}&count="
    assert body(client.get(asked + "exact"))["count"] == {"value": 1, "kind": "exact"}
    assert body(client.get(asked + "estimate"))["count"]["kind"] == "estimate"


def test_next_and_first_keep_every_parameter(client: FlaskClient) -> None:
    for _ in range(3):
        client.post("/v1/events", json=an_event(tags=["R&D, é"[:3]]))
    asked = "/v1/events?limit=1&fields=title&count=exact&pretty=true&sort=-title&tag=R%26D&party=JP,US"
    page, seen = client.get(asked), 0
    while body(page)["next"]:
        first, following = (link.partition(">")[0].strip(" <") for link in page.headers["Link"].split(", <"))
        assert following == body(page)["next"]
        assert client.get(first).data == client.get(asked).data
        page, seen = client.get(body(page)["next"]), seen + 1
        assert page.text.startswith('{\n  "items": [\n    {\n      "id"')
        assert body(page)["count"] == {"value": 3, "kind": "exact"}
        assert list(body(page)["items"][0]) == ["id", "title"]
    assert seen == 2
    assert page.headers["Link"] == f'<{first}>; rel="first"'


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("fields=titel", 'There is no field "titel". Did you mean "title"?'),
        ("count=exakt", 'Must be one of: exact, estimate. Did you mean "exact"?'),
        ("pretty=ture", 'Must be true or false. Did you mean "true"?'),
        ("prety=true", 'Unknown field. Did you mean "pretty"?'),
        ("field=title", 'Unknown field. Did you mean "fields"?'),
        (
            "sort=titel",
            'Must be one of: relevance, date, announced, title, created_at, updated_at. Did you mean "title"?',
        ),
        ("status=planed", None),
        ("party=Japan", None),
    ],
)
def test_what_is_not_known_is_refused_with_the_nearest_that_is(
    anyone: FlaskClient, asked: str, told: str | None
) -> None:
    refused = anyone.get(f"/v1/events?{asked}")
    assert refused.status_code == 422
    fault = body(refused)["errors"][0]
    assert fault["parameter"] == asked.partition("=")[0]
    assert "Did you mean" in fault["detail"]
    assert told in (None, fault["detail"])


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        (None, 200),
        ("*/*", 200),
        ("", 200),
        ("application/*", 200),
        ("application/json", 200),
        ("application/json; charset=utf-8", 200),
        ("text/csv, application/json;q=0.1", 200),
        ("text/csv", 406),
        ("text/html", 406),
        ("application/json;q=0, */*", 406),
        ("application/json;q=0", 406),
    ],
)
def test_an_accept_that_takes_no_json_is_refused_by_a_problem(
    anyone: FlaskClient, accept: str | None, status: int
) -> None:
    answer = anyone.get("/v1/topics", headers={} if accept is None else {"Accept": accept})
    assert answer.status_code == status
    if status == 406:
        assert answer.content_type == "application/problem+json"
        assert body(answer)["errors"] == [{"detail": body(answer)["detail"], "header": "Accept"}]


def test_what_is_refused_by_accept_has_not_been_done(client: FlaskClient) -> None:
    assert client.post("/v1/events", json=an_event(), headers={"Accept": "text/csv"}).status_code == 406
    assert body(client.get("/v1/events?count=exact"))["count"]["value"] == 0


def test_errors_are_problems_whatever_is_accepted(anyone: FlaskClient) -> None:
    assert anyone.get("/nothing", headers={"Accept": "text/csv"}).content_type == "application/problem+json"
