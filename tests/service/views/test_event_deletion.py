"""Deletion: the event is gone, its revisions remain."""

from typing import Any

import psycopg
import pytest
from flask.testing import FlaskClient

from tests.factories import an_event, create_event
from tests.service.problems import NO_OTHER_FIELDS, problem_of


def deleted_event(client: FlaskClient, **fields: Any) -> dict[str, Any]:
    """Return an event that was deleted after it was read."""
    event = create_event(client, **fields)
    answer = client.delete(f"/v1/events/{event['id']}", headers={"If-Match": '"1"'})
    assert (answer.status_code, answer.data) == (204, b"")
    return event


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("if_match", ['"1"', '"2"', "*"])
def test_a_deleted_event_answers_410(client: FlaskClient, method: str, if_match: str) -> None:
    event = deleted_event(client)
    answer = client.open(
        f"/v1/events/{event['id']}", method=method, json=an_event(title="Back"), headers={"If-Match": if_match}
    )
    assert problem_of(answer) == (410, "gone", [])


def test_head_of_a_deleted_event_answers_410(client: FlaskClient) -> None:
    assert client.head(f"/v1/events/{deleted_event(client)['id']}").status_code == 410


def test_the_revisions_of_a_deleted_event_can_be_read(client: FlaskClient) -> None:
    event = deleted_event(client)
    revision = client.get(f"/v1/events/{event['id']}/revisions/1")
    assert (revision.status_code, revision.get_json()) == (200, event)


def test_the_version_of_the_deletion_answers_410_and_the_next_404(client: FlaskClient) -> None:
    event = deleted_event(client)
    assert problem_of(client.get(f"/v1/events/{event['id']}/revisions/2")) == (410, "gone", [])
    assert problem_of(client.get(f"/v1/events/{event['id']}/revisions/3")) == (404, "not-found", [])


def test_a_deleted_event_is_not_listed(client: FlaskClient) -> None:
    other = create_event(client, tags=["a"])
    deleted_event(client, tags=["a"])
    for address in ("/v1/events", "/v1/events?tag=a", "/v1/events?sort=title", "/v1/events?sort=-updated_at"):
        assert client.get(address).get_json() == {"items": [other]} | NO_OTHER_FIELDS


def test_a_deletion_frees_the_external_ids(client: FlaskClient) -> None:
    mine = [{"scheme": "tracker", "value": "1"}, {"scheme": "tracker", "value": "2"}]
    deleted_event(client, external_ids=mine)
    assert create_event(client, external_ids=mine)["external_ids"] == mine


def test_a_deletion_has_its_author(client: FlaskClient, conn: psycopg.Connection) -> None:
    deleted_event(client, change={"kind": "enrichment", "reason": "New"})
    rows = conn.execute(
        """
        SELECT version, key_id = (SELECT id FROM api_key), change_kind, reason, document = ''
          FROM event_revision
         ORDER BY version
        """
    ).fetchall()
    assert rows == [(1, True, "enrichment", "New", False), (2, True, None, None, True)]


def test_deleting_twice_leaves_one_tombstone(client: FlaskClient, conn: psycopg.Connection) -> None:
    event = deleted_event(client)
    assert client.delete(f"/v1/events/{event['id']}", headers={"If-Match": "*"}).status_code == 410
    assert conn.execute("SELECT version, record_state FROM event").fetchall() == [(2, "deleted")]
