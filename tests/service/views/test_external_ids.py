"""/v1/events/by: events by external id."""

from concurrent.futures import ThreadPoolExecutor

import psycopg
from flask import Flask
from flask.testing import FlaskClient

from tests.factories import an_event

AT = "/v1/events/by/our-tracker/42"


def test_an_upsert_creates_then_does_nothing_then_replaces(client: FlaskClient) -> None:
    created = client.put(AT, json=an_event())
    same = client.put(AT, json=an_event())
    replaced = client.put(AT, json=an_event(title="Another"))

    assert [(answer.status_code, answer.headers["ETag"]) for answer in (created, same, replaced)] == [
        (201, '"1"'),
        (200, '"1"'),
        (200, '"2"'),
    ]
    assert created.get_json()["external_ids"] == [{"scheme": "our-tracker", "value": "42"}]
    assert (
        created.headers["Location"] == created.headers["Content-Location"] == f"/v1/events/{created.get_json()['id']}"
    )
    assert "Location" not in same.headers


def test_an_event_is_read_by_its_external_id(client: FlaskClient) -> None:
    created = client.put(AT, json=an_event())
    response = client.get(AT)
    assert (response.status_code, response.data, response.headers["ETag"]) == (200, created.data, '"1"')
    assert response.headers["Content-Location"] == created.headers["Location"]
    assert client.get(AT, headers={"If-None-Match": '"1"'}).status_code == 304
    assert client.get("/v1/events/by/our-tracker/43").status_code == 404


def test_an_id_may_contain_slashes_and_any_letters(client: FlaskClient) -> None:
    address = "/v1/events/by/celex/32023R1542/%C3%84%20%2F%3F"
    created = client.put(address, json=an_event())
    assert created.get_json()["external_ids"] == [{"scheme": "celex", "value": "32023R1542/Ä /?"}]
    assert client.get(address).data == created.data


def test_conditions_apply(client: FlaskClient) -> None:
    assert client.put(AT, json=an_event(), headers={"If-Match": '"1"'}).status_code == 412
    assert client.put(AT, json=an_event(), headers={"If-None-Match": "*"}).status_code == 201
    assert client.put(AT, json=an_event(), headers={"If-None-Match": "*"}).status_code == 412
    assert client.put(AT, json=an_event(title="B"), headers={"If-Match": '"7"'}).status_code == 412
    assert client.put(AT, json=an_event(title="B"), headers={"If-Match": '"1"'}).status_code == 200


def test_a_body_with_another_id_than_the_address_is_refused(client: FlaskClient) -> None:
    body = an_event(external_ids=[{"scheme": "our-tracker", "value": "43"}])
    answer = client.put(AT, json=body)
    assert (answer.status_code, answer.get_json()["errors"][0]["pointer"]) == (422, "#/external_ids")


def test_an_address_without_a_valid_external_id_is_refused(client: FlaskClient) -> None:
    assert client.put("/v1/events/by/Our%20Tracker/42", json=an_event()).status_code == 422
    assert client.put("/v1/events/by/ours/" + "x" * 201, json=an_event()).status_code == 422
    assert client.put("/v1/events/by/ours/%01", json=an_event()).status_code == 422


def test_an_external_id_of_another_event_is_a_conflict(client: FlaskClient) -> None:
    client.put("/v1/events/by/theirs/1", json=an_event())
    body = an_event(external_ids=[{"scheme": "theirs", "value": "1"}])
    assert client.put(AT, json=body).status_code == 409
    assert client.get(AT).status_code == 404


def test_twenty_upserts_of_a_new_id_at_once_make_one_event(app: Flask, key: str, database: str) -> None:
    def put(number: int) -> int:
        headers = {"Authorization": f"Bearer {key}"}
        return app.test_client().put(AT, json=an_event(title=f"From {number}"), headers=headers).status_code

    with ThreadPoolExecutor(4) as threads:
        statuses = list(threads.map(put, range(20)))

    assert sorted(statuses) == [200] * 19 + [201]
    with psycopg.connect(database) as conn:
        assert conn.execute("SELECT count(*), max(version) FROM event").fetchone() == (1, 20)
