"""The API is killed while clients write: what was answered is kept, and nothing by halves."""

import time
from functools import partial
from itertools import count
from pathlib import Path
from threading import Event, Thread
from typing import Any

import psycopg

from tests.factories import an_event
from tests.faults.clients import DROPPED, Answer, send_request
from tests.faults.locks import all_waiting, count_events
from tests.servers import Served, serving

#: Creates that are tried, by how many clients, and after how many answers the API is killed.
CREATES, CLIENTS, ENOUGH = 500, 8, 150


def test_every_confirmed_create_survives_a_kill_and_every_event_is_complete(
    database: str, key: str, conn: psycopg.Connection, tmp_path: Path
) -> None:
    before = count_events(conn)
    # A killed gunicorn leaves its counters behind: they go to a folder that pytest removes.
    with serving(database, TMPDIR=str(tmp_path)) as served:
        answered = create_until_killed(served, key)
    assert ENOUGH <= len(answered) < CREATES

    with serving(database, TMPDIR=str(tmp_path)) as again:
        kept = [send_request(again.port, "GET", created.headers["Location"]) for created in answered]

    assert {created.status for created in answered} == {201}
    assert [read.body for read in kept] == [created.body for created in answered]
    assert len(answered) <= count_events(conn) - before <= len(answered) + CLIENTS
    assert conn.execute(UNWHOLE).fetchall() == []


def test_requests_in_progress_are_answered_when_the_api_stops(
    database: str, key: str, conn: psycopg.Connection
) -> None:
    with serving(database) as served:
        conn.execute("LOCK TABLE event IN ACCESS EXCLUSIVE MODE")
        creates = [
            partial(send_request, served.port, "POST", "/v1/events", key=key, json=numbered(CREATES + n))
            for n in range(4)
        ]
        with all_waiting(conn, *creates) as asked:
            served.process.terminate()
            time.sleep(1.5)

    assert [one.result().status for one in asked] == [201] * 4


#: Events that lack something that was written with them, and parts that lack their event.
UNWHOLE = """
SELECT event.id, revision.id, external.event_id
  FROM event
  FULL JOIN event_revision AS revision ON revision.id = event.id
  FULL JOIN event_external_id AS external ON external.event_id = event.id
 WHERE (event.version = 1
        AND revision.version = 1
        AND revision.document = event.document
        AND convert_from(event.document, 'UTF8')::jsonb -> 'external_ids'
            = jsonb_build_array(jsonb_build_object('scheme', external.scheme, 'value', external.value)))
       IS NOT TRUE
"""


def create_until_killed(served: Served, key: str) -> list[Answer]:
    """Return the responses of the creates before the API was killed."""
    numbers, answered, enough = count(), list[Answer](), Event()

    def create() -> None:
        while (number := next(numbers)) < CREATES:
            try:
                answered.append(send_request(served.port, "POST", "/v1/events", key=key, json=numbered(number)))
            except DROPPED:
                return
            if len(answered) >= ENOUGH:
                enough.set()

    clients = [Thread(target=create) for _ in range(CLIENTS)]
    for client in clients:
        client.start()
    assert enough.wait(60)
    served.kill()
    for client in clients:
        client.join()
    return answered


def numbered(number: int) -> dict[str, Any]:
    return an_event(title=f"Event {number}", external_ids=[{"scheme": "number", "value": str(number)}])
