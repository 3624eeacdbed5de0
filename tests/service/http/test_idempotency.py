"""A POST that is sent again."""

from concurrent.futures import ThreadPoolExecutor

import psycopg
from flask import Flask
from flask.testing import FlaskClient

from tests.factories import a_topic, an_event

TOKEN = {"Idempotency-Key": '"8e03978e-40d5-43dd-bc93-6894a57f9324"'}


def events_in(database: str) -> int:
    with psycopg.connect(database) as conn:
        return int(conn.execute("SELECT count(*) FROM event").fetchall()[0][0])


def test_a_repeated_request_gets_the_stored_response(client: FlaskClient, database: str) -> None:
    first = client.post("/v1/events", json=an_event(), headers=TOKEN)
    again = client.post("/v1/events", json=an_event(), headers=TOKEN)

    assert (first.status_code, again.status_code, again.data) == (201, 201, first.data)
    assert [again.headers[name] for name in ("ETag", "Location")] == [first.headers[n] for n in ("ETag", "Location")]
    assert ("Idempotent-Replayed" in first.headers, again.headers["Idempotent-Replayed"]) == (False, "true")
    assert events_in(database) == 1


def test_another_body_with_the_same_key_is_refused(client: FlaskClient, database: str) -> None:
    client.post("/v1/events", json=an_event(), headers=TOKEN)
    other = client.post("/v1/events", json=an_event(title="Another"), headers=TOKEN)

    assert (other.status_code, other.get_json()["errors"][0]["header"]) == (422, "Idempotency-Key")
    assert events_in(database) == 1


def test_a_client_error_is_replayed(client: FlaskClient) -> None:
    first = client.post("/v1/events", json=an_event(title=""), headers=TOKEN)
    again = client.post("/v1/events", json=an_event(title=""), headers=TOKEN)

    assert (first.status_code, again.status_code, again.data) == (422, 422, first.data)
    assert again.headers["Content-Type"] == "application/problem+json"


def test_a_conflict_rolls_back_and_is_replayed(client: FlaskClient, database: str) -> None:
    taken = an_event(external_ids=[{"scheme": "ours", "value": "1"}])
    client.post("/v1/events", json=taken)
    answers = [client.post("/v1/events", json=taken, headers=TOKEN) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [409, 409]
    assert answers[1].headers["Idempotent-Replayed"] == "true"
    assert events_in(database) == 1


def test_fifty_concurrent_requests_create_one_event(app: Flask, key: str, database: str) -> None:
    def post(_: int) -> tuple[int, str | None]:
        headers = TOKEN | {"Authorization": f"Bearer {key}"}
        answer = app.test_client().post("/v1/events", json=an_event(), headers=headers)
        return answer.status_code, (answer.json or {}).get("id")

    with ThreadPoolExecutor(50) as threads:
        answers = list(threads.map(post, range(50)))

    assert {status for status, _ in answers} <= {201, 409, 503}
    assert len({id_ for status, id_ in answers if status == 201}) == 1
    assert events_in(database) == 1


def test_a_key_applies_to_one_caller_and_one_route(client: FlaskClient) -> None:
    assert client.post("/v1/events", json=an_event(), headers=TOKEN).status_code == 201
    assert client.post("/v1/topics", json=a_topic("batteries"), headers=TOKEN).status_code == 201


def test_a_malformed_key_is_refused(client: FlaskClient) -> None:
    for token in ("", '"', "a b", "x" * 256, "é".encode().decode("latin-1")):
        answer = client.post("/v1/events", json=an_event(), headers={"Idempotency-Key": token})
        assert answer.status_code == 422, (token, answer.json)
        assert answer.get_json()["errors"][0]["header"] == "Idempotency-Key"
