"""Concurrent writers in separate processes: one wins, the other gets an error."""

from functools import partial
from typing import Any

import psycopg

from tests.factories import an_event
from tests.faults.clients import Answer, at_once, send_request
from tests.faults.locks import all_waiting, count_events
from tests.servers import Served


def test_of_two_puts_with_one_etag_one_gets_200_and_the_other_412(served: Served, key: str) -> None:
    path, etag = create(served, key)
    outcomes = []
    for turn in range(50):
        answers = at_once(
            partial(write, served, key, ("PUT", path), etag, an_event(title=f"Left {turn}")),
            partial(write, served, key, ("PUT", path), etag, an_event(title=f"Right {turn}")),
        )
        outcomes.append(sorted(answer.status for answer in answers))
        etag = winner(answers).headers["ETag"]
        assert send_request(served.port, "GET", path).body == winner(answers).body

    assert outcomes == [[200, 412]] * 50
    assert etag == '"51"'


def test_of_a_patch_and_a_delete_with_one_etag_one_takes_effect(served: Served, key: str) -> None:
    for turn in range(10):
        path, etag = create(served, key)
        patched, deleted = at_once(
            partial(write, served, key, ("PATCH", path), etag, {"title": f"Patched {turn}"}),
            partial(write, served, key, ("DELETE", path), etag),
        )
        # A patch after the deletion gets 410.
        assert (patched.status, deleted.status) in {(200, 412), (412, 204), (410, 204)}
        assert send_request(served.port, "GET", path).status == (200 if patched.status == 200 else 410)


def test_of_two_posts_with_one_external_id_one_gets_201_and_the_other_409(
    served: Served, key: str, conn: psycopg.Connection
) -> None:
    before = count_events(conn)
    for turn in range(20):
        twin = an_event(external_ids=[{"scheme": "celex", "value": str(turn)}])
        answers = at_once(*[partial(send_request, served.port, "POST", "/v1/events", key=key, json=twin)] * 2)
        assert sorted(answer.status for answer in answers) == [201, 409]

    assert count_events(conn) == before + 20


def test_of_five_writers_with_one_version_one_wins(served: Served, key: str, conn: psycopg.Connection) -> None:
    path, etag = create(served, key)
    writers = [partial(write, served, key, ("PUT", path), etag, an_event(title=f"Title {turn}")) for turn in range(3)]
    writers += [
        partial(write, served, key, ("PATCH", path), etag, {"title": "Patched"}),
        partial(write, served, key, ("DELETE", path), etag),
    ]
    conn.execute("SELECT FROM event WHERE id = %s FOR UPDATE", [id_in(path)])

    with all_waiting(conn, *writers) as requests:
        pass
    answers = [one.result() for one in requests]

    assert sorted(answer.status for answer in answers)[1:] == [412] * 4
    assert winner(answers).status in {200, 204}
    versions = conn.execute("SELECT version FROM event_revision WHERE id = %s ORDER BY 1", [id_in(path)])
    assert versions.fetchall() == [(1,), (2,)]


def test_of_five_creators_with_one_external_id_one_wins(served: Served, key: str, conn: psycopg.Connection) -> None:
    path, _ = create(served, key)
    conn.execute("INSERT INTO event_external_id VALUES ('celex', 'held', %s)", [id_in(path)])
    twin = an_event(external_ids=[{"scheme": "celex", "value": "held"}])

    with all_waiting(
        conn, *[partial(send_request, served.port, "POST", "/v1/events", key=key, json=twin)] * 5
    ) as requests:
        pass

    assert sorted(one.result().status for one in requests) == [201, 409, 409, 409, 409]


def create(served: Served, key: str) -> tuple[str, str]:
    """Return the path and the ETag of a new event."""
    created = send_request(served.port, "POST", "/v1/events", key=key, json=an_event())
    assert created.status == 201, created.body
    return created.headers["Location"], created.headers["ETag"]


def id_in(path: str) -> str:
    return path.rpartition("/")[2]


def write(served: Served, key: str, request: tuple[str, str], etag: str, json: Any = None) -> Answer:
    return send_request(served.port, *request, key=key, json=json, headers={"If-Match": etag})


def winner(answers: list[Answer]) -> Answer:
    [won] = [answer for answer in answers if answer.status < 300]
    return won
