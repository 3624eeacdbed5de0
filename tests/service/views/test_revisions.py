"""/v1/events/{id}/revisions and diff."""

import copy
import random
from typing import Any

import jsonpatch
import psycopg
import pytest
from flask.testing import FlaskClient

from service.events.diff import BOOKKEEPING, patch_between
from service.store.keys import publish_key
from tests.factories import an_event


def record(client: FlaskClient, **fields: Any) -> str:
    """Create an event and return its address."""
    return client.post("/v1/events", json=an_event(**fields)).headers["Location"]


def get_json(client: FlaskClient, address: str) -> Any:
    """Return the JSON at `address`."""
    return client.get(address).json


def revise(client: FlaskClient, address: str, **fields: Any) -> Any:
    """Patch the current version, and return the response."""
    return client.patch(address, json=fields, headers={"If-Match": "*"})


def delete(client: FlaskClient, address: str) -> None:
    assert client.delete(address, headers={"If-Match": "*"}).status_code == 204


def without_bookkeeping(document: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name not in BOOKKEEPING}


def test_revisions_are_listed_newest_first_with_their_author(client: FlaskClient, database: str) -> None:
    address = record(client)
    first = get_json(client, address)
    second = revise(client, address, title="B", change={"kind": "correction", "reason": "A typing error"}).json
    delete(client, address)
    with psycopg.connect(database) as conn:
        [[key, deleted_at]] = conn.execute("SELECT api_key.id, updated_at FROM api_key, event").fetchall()
        publish_key(conn, key, "The policy team")
    by = {"name": "The policy team"}

    listed = get_json(client, f"{address}/revisions")

    assert listed == {
        "items": [
            {
                "version": 3,
                "recorded_at": f"{deleted_at:%Y-%m-%dT%H:%M:%S.%fZ}",
                "record_state": "deleted",
                "change": {"kind": None, "reason": None},
                "key": by,
                "url": None,
            },
            {
                "version": 2,
                "recorded_at": second["updated_at"],
                "record_state": "active",
                "change": {"kind": "correction", "reason": "A typing error"},
                "key": by,
                "url": f"{address}/revisions/2",
            },
            {
                "version": 1,
                "recorded_at": first["created_at"],
                "record_state": "active",
                "change": {"kind": None, "reason": None},
                "key": by,
                "url": f"{address}/revisions/1",
            },
        ],
        "next": None,
    }
    assert get_json(client, listed["items"][1]["url"]) == second
    assert client.get(f"{address}/revisions/3").status_code == 410


@pytest.mark.parametrize("public_name", [None, "The policy team"])
def test_readers_see_the_public_name_of_a_key_alone(
    client: FlaskClient, anyone: FlaskClient, conn: psycopg.Connection, public_name: str | None
) -> None:
    address = record(client)
    revise(client, address, title="B")
    [[key]] = conn.execute("SELECT id FROM api_key").fetchall()
    publish_key(conn, key, public_name)
    conn.commit()
    own = [anyone.get(address + path) for path in ("/revisions", "/diff?from=0", "/revisions/1", "")]
    feed = [anyone.get(path) for path in ("/v1/changes", "/v1/changes?include=none", "/v1/changes?kind=update")]
    files = [anyone.get(f"/v1/events.{suffix}") for suffix in ("csv", "ndjson", "atom", "jsonfeed")]
    for answer in own + feed + files:
        assert answer.status_code == 200, answer.text
        assert "of a test" not in answer.text
        assert str(key) not in answer.text
        answer.close()
    author = {"name": public_name} if public_name else None
    listed = [one["key"] for one in own[0].get_json()["items"] + own[1].get_json()["changes"]]
    assert listed + [one["key"] for one in feed[0].get_json()["items"]] == [author] * 6


def test_a_revision_without_a_key_has_null(client: FlaskClient, database: str) -> None:
    address = record(client)
    with psycopg.connect(database) as conn:
        conn.execute("UPDATE event_revision SET key_id = NULL")
    assert get_json(client, f"{address}/revisions")["items"][0]["key"] is None


def test_revisions_come_in_pages(client: FlaskClient) -> None:
    address = record(client)
    for number in range(6):
        revise(client, address, title=f"Title {number}")

    pages, url = [], f"{address}/revisions?limit=3"
    while url:
        listed = get_json(client, url)
        pages.append([revision["version"] for revision in listed["items"]])
        url = listed["next"]

    assert pages == [[7, 6, 5], [4, 3, 2], [1]]


def test_a_cursor_of_another_events_revisions_is_refused(client: FlaskClient) -> None:
    one, other = record(client), record(client)
    revise(client, one, title="B")
    following = get_json(client, f"{one}/revisions?limit=1")["next"]
    assert client.get(following.replace(one, other)).status_code == 400


def test_an_unknown_event_has_no_revisions(client: FlaskClient) -> None:
    nowhere = "/v1/events/00000000-0000-7000-8000-000000000000"
    assert [client.get(f"{nowhere}/{what}").status_code for what in ("revisions", "revisions/1", "diff")] == [404] * 3


def test_a_diff_has_the_last_change_and_its_reason(client: FlaskClient) -> None:
    address = record(client, tags=["metals"])
    revise(client, address, tags=["metals", "batteries"], change={"kind": "enrichment", "reason": None})
    revise(client, address, title="B", summary="Said anew", change={"kind": "development", "reason": "They met"})
    revisions = get_json(client, f"{address}/revisions")["items"]

    assert get_json(client, f"{address}/diff") == {
        "from": 2,
        "to": 3,
        "patch": [
            {"op": "replace", "path": "/title", "value": "B"},
            {"op": "replace", "path": "/summary", "value": "Said anew"},
        ],
        "changes": revisions[:1],
        "next": None,
    }
    assert get_json(client, f"{address}/diff?to=2")["patch"] == [{"op": "add", "path": "/tags/1", "value": "batteries"}]
    assert get_json(client, f"{address}/diff?from=1")["changes"] == revisions[:2]
    assert get_json(client, f"{address}/diff?from=2&to=2")["patch"] == []


def test_computed_fields_are_in_the_diff(client: FlaskClient) -> None:
    launch = {"id": "launch", "kind": "launched", "edtf": "2024-04", "modality": "actual"}
    address = record(client, dates=[launch])
    revise(
        client,
        address,
        dates=[launch | {"edtf": "2024-04-02"}],
        sources=[{"id": "report", "type": "news_article"}, {"id": "release", "type": "press_release"}],
    )
    patch = get_json(client, f"{address}/diff")["patch"]
    assert {operation["path"] for operation in patch} == {
        "/dates/0/edtf",
        "/dates/0/earliest",
        "/dates/0/latest",
        "/sources/1",
        "/verification",
    }


def test_the_first_version_and_a_deletion_replace_the_whole_document(client: FlaskClient) -> None:
    address = record(client)
    content = without_bookkeeping(get_json(client, address))
    first = get_json(client, f"{address}/diff")
    delete(client, address)
    last = get_json(client, f"{address}/diff")
    all_of_it = get_json(client, f"{address}/diff?from=0")

    assert (first["from"], first["to"], first["patch"]) == (0, 1, [{"op": "replace", "path": "", "value": content}])
    assert (last["from"], last["to"], last["patch"]) == (1, 2, [{"op": "replace", "path": "", "value": None}])
    assert (all_of_it["patch"], [change["version"] for change in all_of_it["changes"]]) == ([], [2, 1])


def test_a_backward_diff_reverts_a_change(client: FlaskClient) -> None:
    address = record(client, summary="As it was", tags=["one", "two"])
    before = get_json(client, address)
    revise(client, address, summary="A mistake", tags=["three"])

    back = get_json(client, f"{address}/diff?from=2&to=1")
    undone: Any = client.patch(
        address, json=back["patch"], headers={"If-Match": '"2"', "Content-Type": "application/json-patch+json"}
    )

    assert [change["version"] for change in back["changes"]] == [2]
    assert (undone.status_code, without_bookkeeping(undone.json)) == (200, without_bookkeeping(before))


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("from=7", 404),
        ("to=7", 404),
        ("to=999999999", 404),
        ("to=9999999999", 422),
        ("from=-1", 422),
        ("from=one", 422),
        ("from=1&form=2", 422),
        ("to=", 422),
    ],
)
def test_invalid_versions_are_refused(client: FlaskClient, query: str, status: int) -> None:
    assert client.get(f"{record(client)}/diff?{query}").status_code == status


def test_a_diff_across_very_many_versions_links_to_the_rest(client: FlaskClient, database: str) -> None:
    address = record(client)
    with psycopg.connect(database) as conn:
        conn.execute("UPDATE event SET version = 300")
        conn.execute(
            "INSERT INTO event_revision"
            " SELECT (jsonb_populate_record(event_revision, jsonb_build_object('version', number))).*"
            "   FROM event_revision, generate_series(2, 300) AS number"
        )

    difference = get_json(client, f"{address}/diff?from=0")
    rest = get_json(client, difference["next"])

    assert [change["version"] for change in difference["changes"]] == list(range(300, 100, -1))
    assert rest["items"][0]["version"] == 100


def test_a_patch_turns_any_record_into_any_other() -> None:
    chance = random.Random(6902)  # noqa: S311 (a test's own)
    for _ in range(200):
        before = a_random_record(chance)
        after = chance.choice([changed(before, chance), a_random_record(chance)])
        untouched = copy.deepcopy(before)

        patch = patch_between(before, after)

        assert jsonpatch.apply_patch(before, patch) == after
        assert patch_between(before, after) == patch
        assert before == untouched


def a_random_record(chance: random.Random) -> dict[str, Any]:
    members = [{"id": f"f{number}", "value": chance.choice("123"), "unit": None} for number in range(12)]
    return {
        "title": chance.choice(["A", "B/C", "~"]),
        "status": chance.choice([None, "agreed"]),
        "figures": chance.sample(members, chance.randrange(10)),
        "tags": [chance.choice("abcdef") for _ in range(chance.randrange(8))],
        "sources": [{"id": f"s{number}", "derived_from": chance.sample("abcde", 3)} for number in range(3)],
        "citations": [{"fact": chance.choice("ab"), "quote": chance.choice([None, {"exact": "x"}])} for _ in range(5)],
    }


def changed(before: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    after = copy.deepcopy(before)
    other = a_random_record(chance)
    for name in chance.sample(list(after), 2):
        after[name] = other[name]
    chance.shuffle(after["figures"])
    return after


@pytest.mark.parametrize("kind", ["correction", "development", "enrichment"])
def test_the_kind_of_a_change_belongs_to_its_version_alone(client: FlaskClient, kind: str) -> None:
    address = record(client)
    reason_given = {"kind": kind, "reason": "Because"}
    changed_so = revise(client, address, title="B", change=reason_given).json
    changed_again = revise(client, address, title="C").json
    listed = get_json(client, f"{address}/revisions")["items"]

    assert changed_so["change"] == reason_given
    assert changed_again["change"] == {"kind": None, "reason": None}
    assert [revision["change"]["kind"] for revision in listed] == [None, kind, None]


def test_an_unknown_kind_of_change_is_refused(client: FlaskClient) -> None:
    answer = revise(client, record(client), title="B", change={"kind": "corection"})
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, "#/change/kind")
    assert 'Did you mean "correction"?' in answer.json["errors"][0]["detail"]


def test_content_changed_at_moves_with_the_content_alone(client: FlaskClient) -> None:
    address = record(client)
    first = get_json(client, address)
    filed = revise(client, address, tags=["metals"], external_ids=[{"scheme": "ours", "value": "1"}]).json
    enriched = revise(client, address, summary="More is known").json
    same = revise(client, address, summary="More is known", change={"kind": "correction", "reason": "None"}).json

    assert (first["content_changed_at"], filed["content_changed_at"]) == (first["created_at"], first["created_at"])
    assert filed["updated_at"] > first["updated_at"]
    assert enriched["content_changed_at"] == enriched["updated_at"] > filed["updated_at"]
    assert same == enriched
