"""/v1/events: create, read, replace and patch."""

from typing import Any

import psycopg
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from schemas.events import EventSchema
from tests.factories import an_event, create_event, create_topic
from tests.service.conftest import make_key
from tests.service.problems import problem_of

MERGE_PATCH = "application/merge-patch+json"
NO_REASON = {"kind": None, "reason": None}

Event = dict[str, Any]


def url(event: Event) -> str:
    """Return the address of `event`."""
    return f"/v1/events/{event['id']}"


def put(client: FlaskClient, event: Event, body: Event) -> TestResponse:
    """Replace `event`, in the version that was read, by `body`."""
    return client.put(url(event), json=body, headers={"If-Match": f'"{event["version"]}"'})


def patch(client: FlaskClient, event: Event, **changes: Any) -> TestResponse:
    """Patch `event`, in the version that was read, with `changes`."""
    headers = {"If-Match": f'"{event["version"]}"', "Content-Type": MERGE_PATCH}
    return client.patch(url(event), json=changes, headers=headers)


def revisions(conn: psycopg.Connection) -> list[Any]:
    """Return version, reason and key of every revision."""
    return conn.execute("SELECT version, change_kind, reason FROM event_revision ORDER BY version").fetchall()


def test_a_new_event_can_be_read_at_its_location(client: FlaskClient) -> None:
    created = client.post("/v1/events", json=an_event(title="Ärger"))
    assert (created.status_code, created.headers["ETag"]) == (201, '"1"')
    assert created.headers["Location"] == url(created.get_json())
    response = client.get(created.headers["Location"])
    assert (response.status_code, response.content_type, response.data) == (200, "application/json", created.data)
    assert (response.headers["ETag"], response.headers["Cache-Control"]) == ('"1"', "private, no-cache")


def test_a_minimal_event_comes_back_with_every_key(client: FlaskClient) -> None:
    event = create_event(client)
    assert event.keys() == EventSchema().fields.keys()
    assert event == an_event() | {
        "id": event["id"],
        **dict.fromkeys(("summary", "description", "lang", "status", "merged_into")),
        **{name: [] for name in ("external_ids", "names", "instruments", "dates", "topics", "figures")},
        **{name: [] for name in ("statements", "citations", "relations", "tags")},
        "participants": [
            {"id": "jp", "name": "Japan", "type": None, "role": "party", "jurisdiction": "JP"}
            | dict.fromkeys(("position", "on_behalf_of", "as_reported"))
        ],
        "sources": [
            {"id": "report", "type": "news_article", "derived_from": []}
            | dict.fromkeys(("tier", "title", "publisher", "author", "url", "lang", "published"))
            | dict.fromkeys(("accessed_at", "archive_url"))
        ],
        "change": NO_REASON,
        "verification": "single_source",
        "version": 1,
        "created_at": event["created_at"],
        "updated_at": event["created_at"],
        "content_changed_at": event["created_at"],
        "record_state": "active",
    }


def test_head_responds_like_get_without_a_body(client: FlaskClient) -> None:
    event = create_event(client)
    response, head = client.get(url(event)), client.head(url(event))
    own = {"X-Request-Id": "each its own"}
    assert (head.status_code, head.data) == (200, b"")
    assert dict(head.headers) | own == dict(response.headers) | own


def test_ids_are_unguessable_and_sort_by_time(client: FlaskClient) -> None:
    first, second = create_event(client)["id"], create_event(client)["id"]
    assert (first[14], second[14], first[:13] <= second[:13]) == ("7", "7", True)


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete"])
def test_an_unknown_event_is_not_found(client: FlaskClient, method: str) -> None:
    unknown = "/v1/events/01980000-0000-7000-8000-000000000000"
    response = client.open(unknown, method=method, json=an_event(), headers={"If-Match": "*"})
    assert problem_of(response) == (404, "not-found", [])


def test_a_record_can_be_read_edited_and_put_back(client: FlaskClient) -> None:
    event = create_event(client, dates=[{"kind": "reported", "edtf": "2024-04", "modality": "actual"}], tags=["a"])
    answer = put(client, event, event | {"title": "Another title"})
    now = answer.get_json()["updated_at"]
    changed = event | {"title": "Another title", "version": 2, "updated_at": now, "content_changed_at": now}
    assert (answer.status_code, answer.headers["ETag"], answer.get_json()) == (200, '"2"', changed)
    assert now > event["updated_at"]
    assert client.get(url(event)).data == answer.data


def test_computed_fields_cannot_be_set(client: FlaskClient) -> None:
    claimed = {
        "id": "01980000-0000-7000-8000-000000000000",
        "verification": "official",
        "version": 7,
        "created_at": "2001-01-01T00:00:00Z",
        "updated_at": "not even a date",
        "content_changed_at": None,
        "record_state": "deleted",
        "merged_into": 5,
    }
    honest = create_event(client)
    boastful = create_event(client, **claimed)
    its_own = {name: boastful[name] for name in ("id", "created_at", "updated_at", "content_changed_at")}
    assert boastful == honest | its_own
    assert boastful["id"] != claimed["id"]
    assert put(client, honest, an_event(**claimed)).get_json() == honest


def test_put_removes_missing_fields(client: FlaskClient) -> None:
    event = create_event(client, summary="Short", tags=["a"])
    replaced = put(client, event, an_event()).get_json()
    assert (replaced["summary"], replaced["tags"]) == (None, [])


def test_a_merge_patch_changes_its_fields_and_null_removes_one(client: FlaskClient) -> None:
    event = create_event(client, summary="Short", status="planned", tags=["a", "b"])
    answer = patch(client, event, status="agreed", summary=None, tags=["c"])
    now = answer.get_json()["updated_at"]
    changes = {"status": "agreed", "summary": None, "tags": ["c"]}
    assert (answer.status_code, answer.headers["ETag"]) == (200, '"2"')
    assert answer.get_json() == event | changes | {"version": 2, "updated_at": now, "content_changed_at": now}


def test_a_patch_may_have_the_type_of_plain_json(client: FlaskClient) -> None:
    event = create_event(client)
    answer = client.patch(url(event), json={"status": "agreed"}, headers={"If-Match": '"1"'})
    assert answer.get_json()["status"] == "agreed"


@pytest.mark.parametrize(
    ("changes", "places"),
    [
        ({"title": None}, ["#/title"]),
        ({"status": "decided"}, ["#/status"]),
        ({"participants": {"0": {}}}, ["#/participants"]),
        ({"sources": []}, ["#/sources"]),
        ({"titel": "x"}, ["#/titel"]),
        ({"citations": [{"fact": "dates/never", "source": "report", "stance": "supports"}]}, ["#/citations/0/fact"]),
    ],
)
def test_a_patch_with_an_invalid_result_changes_nothing(client: FlaskClient, changes: Event, places: list[str]) -> None:
    event = create_event(client)
    assert problem_of(patch(client, event, **changes)) == (422, "invalid", places)
    assert client.get(url(event)).get_json() == event


def test_a_write_of_unchanged_content_makes_no_version(client: FlaskClient, conn: psycopg.Connection) -> None:
    event = create_event(client, tags=["a"], dates=[{"kind": "due", "edtf": "2024", "modality": "deadline"}])
    reason = {"kind": "correction", "reason": "None, really"}
    for answer in (
        put(client, event, event),
        put(client, event, an_event(tags=["a"], dates=[{"kind": "due", "edtf": "2024", "modality": "deadline"}])),
        put(client, event, event | {"change": reason}),
        patch(client, event),
        patch(client, event, tags=["a"], change=reason),
    ):
        assert (answer.status_code, answer.headers["ETag"], answer.get_json()) == (200, '"1"', event)
    assert revisions(conn) == [(1, None, None)]


def test_parts_without_an_id_get_one_that_the_same_put_keeps(client: FlaskClient) -> None:
    body = an_event(
        names=[{"value": "One"}, {"value": "Two"}, {"value": "Three", "kind": "short"}],
        participants=[{"name": "Japan", "role": "party"}, {"name": "Japan", "role": "host"}],
        dates=[{"kind": "launched", "edtf": "2024", "modality": "expected"}],
        figures=[{"measure": "budget", "value": "1", "period": "2024"}],
        statements=[{"text": "So."}],
        sources=[{"type": "report"}, {"type": "report", "publisher": "Σ"}, {"id": "report", "type": "report"}],
    )
    event = create_event(client, **body)
    parts = ("names", "participants", "dates", "figures", "statements", "sources")
    assert {part: [member["id"] for member in event[part]] for part in parts} == {
        "names": ["name", "name-2", "short"],
        "participants": ["japan", "japan-2"],
        "dates": ["launched"],
        "figures": ["budget-2024"],
        "statements": ["statement"],
        "sources": ["report-2", "unnamed", "report"],
    }
    assert put(client, event, body).get_json() == event


def test_a_reason_belongs_to_its_version_alone(client: FlaskClient, conn: psycopg.Connection) -> None:
    reason = {"kind": "development", "reason": "The ministers met."}
    first = create_event(client, change={"kind": "enrichment", "reason": None})
    second = patch(client, first, status="agreed", change=reason).get_json()
    third = patch(client, second, status="adopted").get_json()
    fourth = put(client, third, an_event(status="launched")).get_json()
    assert [event["change"] for event in (second, third, fourth)] == [reason, NO_REASON, NO_REASON]
    assert revisions(conn) == [
        (1, "enrichment", None),
        (2, "development", "The ministers met."),
        (3, None, None),
        (4, None, None),
    ]


def test_a_version_has_the_key_of_its_author(client: FlaskClient, conn: psycopg.Connection, database: str) -> None:
    event = create_event(client)
    writer = make_key(database, "events:write")
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {writer}"
    patch(client, event, status="agreed")
    rows = conn.execute(
        "SELECT version, scopes FROM event_revision JOIN api_key ON api_key.id = key_id ORDER BY version"
    ).fetchall()
    assert rows == [(1, ["admin"]), (2, ["events:write"])]


def test_tags_and_external_ids_are_not_content(client: FlaskClient) -> None:
    event = create_event(client)
    filed = patch(client, event, tags=["a"], external_ids=[{"scheme": "x", "value": "1"}]).get_json()
    assert (filed["version"], filed["content_changed_at"]) == (2, event["content_changed_at"])
    assert filed["updated_at"] > event["updated_at"]
    changed = patch(client, filed, tags=["b"], summary="New").get_json()
    assert (changed["version"], changed["content_changed_at"]) == (3, changed["updated_at"])


def test_every_revision_is_equal_byte_for_byte_to_its_response(client: FlaskClient) -> None:
    created = client.post("/v1/events", json=an_event(title="北京 🌍"))
    changed = patch(client, created.get_json(), title="Other")
    for version, served in enumerate((created, changed), 1):
        revision = client.get(f"{created.headers['Location']}/revisions/{version}")
        assert (revision.status_code, revision.data) == (200, served.data)
        assert revision.headers["ETag"] == f'"{version}"'
        revalidation = client.get(revision.request.path, headers={"If-None-Match": f'"{version}"'})
        assert (revalidation.status_code, revalidation.data) == (304, b"")


@pytest.mark.parametrize("version", ["0", "3", "99999999999999999999", "9" * 5000, "-1", "x"])
def test_an_unknown_version_is_not_found(client: FlaskClient, version: str) -> None:
    event = create_event(client)
    assert problem_of(client.get(f"{url(event)}/revisions/{version}")) == (404, "not-found", [])


def test_an_event_with_an_unknown_topic_is_refused(client: FlaskClient) -> None:
    create_topic(client, "trade")
    topics = [{"id": "trade"}, {"id": "trad"}]
    assert problem_of(client.post("/v1/events", json=an_event(topics=topics))) == (422, "invalid", ["#/topics/1/id"])
    event = create_event(client, topics=topics[:1])
    assert problem_of(put(client, event, an_event(topics=topics))) == (422, "invalid", ["#/topics/1/id"])
    assert problem_of(patch(client, event, topics=topics[1:])) == (422, "invalid", ["#/topics/0/id"])


def test_an_external_id_belongs_to_one_event(client: FlaskClient) -> None:
    one = {"scheme": "tracker", "value": "1"}
    same_value = {"scheme": "other", "value": "1"}
    owner = create_event(client, external_ids=[one])
    assert problem_of(client.post("/v1/events", json=an_event(external_ids=[same_value, one]))) == (409, "conflict", [])
    other = create_event(client, external_ids=[same_value])
    assert problem_of(put(client, other, an_event(external_ids=[one]))) == (409, "conflict", [])
    assert problem_of(patch(client, other, external_ids=[one, same_value])) == (409, "conflict", [])
    assert client.get("/v1/events?sort=created_at").get_json()["items"] == [owner, other]


def test_an_external_id_is_free_after_its_event_drops_it(client: FlaskClient) -> None:
    one, two = {"scheme": "tracker", "value": "1"}, {"scheme": "tracker", "value": "2"}
    owner = create_event(client, external_ids=[one])
    assert patch(client, owner, external_ids=[two]).status_code == 200
    assert create_event(client, external_ids=[one])["external_ids"] == [one]
