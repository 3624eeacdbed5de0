"""/v1/events/{id}/merge."""

from concurrent.futures import ThreadPoolExecutor
from itertools import count
from threading import Barrier
from typing import Any

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from service.ids import uuid7
from tests.factories import an_event

PATCH = "application/merge-patch+json"


def json_of(answer: TestResponse) -> Any:
    """Return the JSON of the response."""
    return answer.json


def record(client: FlaskClient, **fields: Any) -> str:
    """Create an event and return its id."""
    answer = client.post("/v1/events", json=an_event(**fields))
    assert answer.status_code == 201, answer.json
    id_: str = json_of(answer)["id"]
    return id_


def merge(client: FlaskClient, goes: str, into: str, if_match: str | None = "*", **headers: str) -> TestResponse:
    if if_match:
        headers["If-Match"] = if_match
    return client.post(f"/v1/events/{goes}/merge", json={"into": into}, headers=headers)


def get_event(client: FlaskClient, id: str) -> dict[str, Any]:
    answer = client.get(f"/v1/events/{id}")
    assert answer.status_code == 200, answer.json
    document: dict[str, Any] = json_of(answer)
    return document


@pytest.fixture
def two(client: FlaskClient) -> tuple[str, str]:
    """Return the ids of an event that goes and of one that stays."""
    source = {"type": "news_article", "url": "https://news.example/1"}
    goes = record(
        client,
        external_ids=[{"scheme": "theirs", "value": "1"}],
        sources=[source | {"id": "same"}, {"id": "report", "type": "report", "title": "New", "derived_from": ["same"]}],
        figures=[{"id": "money", "measure": "budget", "value": "7"}],
        citations=[
            {"fact": "participants/jp", "source": "report", "stance": "supports"},
            {"fact": "figures/money", "source": "same", "stance": "supports"},
        ],
        tags=["a", "b"],
    )
    stays = record(
        client,
        external_ids=[{"scheme": "ours", "value": "1"}],
        sources=[source | {"id": "article", "publisher": "News"}, {"id": "report", "type": "report", "title": "Old"}],
        citations=[{"fact": "title", "source": "article", "stance": "supports"}],
        tags=["b", "c"],
    )
    return goes, stays


def test_the_parts_of_the_old_event_move_to_the_new_one(client: FlaskClient, two: tuple[str, str]) -> None:
    goes, stays = two
    before = get_event(client, stays)
    answer = merge(client, goes, stays, '"1"')

    assert (answer.status_code, answer.headers["ETag"]) == (200, '"2"')
    assert answer.headers["Content-Location"] == f"/v1/events/{stays}"
    after = json_of(answer)
    assert after == get_event(client, stays)
    assert {name: after[name] for name in before if after[name] != before[name]} == {
        "external_ids": [{"scheme": "ours", "value": "1"}, {"scheme": "theirs", "value": "1"}],
        "sources": [
            *before["sources"],
            before["sources"][1] | {"id": "report-2", "title": "New", "derived_from": ["article"]},
        ],
        "citations": [
            *before["citations"],
            {"fact": "participants/jp", "source": "report-2", "stance": "supports", "quote": None},
        ],
        "tags": ["b", "c", "a"],
        "change": {
            "kind": "enrichment",
            "reason": f"Merged with the event {goes}. One citation of facts that this record lacks stayed "
            "behind: figures/money.",
        },
        "version": 2,
        "updated_at": after["updated_at"],
        "content_changed_at": after["updated_at"],
    }
    assert json_of(client.get("/v1/events/by/theirs/1"))["id"] == stays


def test_the_old_event_redirects_to_the_new_one(client: FlaskClient, two: tuple[str, str]) -> None:
    goes, stays = two
    merge(client, goes, stays)
    answers = [client.get(f"/v1/events/{goes}{rest}") for rest in ("", "/relations?limit=2")]
    assert [(answer.status_code, answer.headers["Location"]) for answer in answers] == [
        (308, f"/v1/events/{stays}{rest}") for rest in ("", "/relations?limit=2")
    ]
    assert [event["id"] for event in json_of(client.get("/v1/events"))["items"]] == [stays]


def test_a_change_of_the_old_event_is_refused_with_a_link_to_the_new_one(
    client: FlaskClient, two: tuple[str, str]
) -> None:
    goes, stays = two
    merge(client, goes, stays)
    match, at = {"If-Match": "*"}, f"/v1/events/{goes}"
    answers = [
        client.put(at, json=an_event(), headers=match),
        client.patch(at, json={}, headers=match | {"Content-Type": PATCH}),
        client.delete(at, headers=match),
        merge(client, goes, stays),
    ]
    refused = (409, f'</v1/events/{stays}>; rel="canonical"')
    assert [(answer.status_code, answer.headers["Link"]) for answer in answers] == [refused] * 4


def test_the_revisions_of_both_events_remain(client: FlaskClient, two: tuple[str, str], database: str) -> None:
    goes, stays = two
    first = get_event(client, goes)
    merge(client, goes, stays)
    assert json_of(client.get(f"/v1/events/{goes}/revisions/1")) == first
    with psycopg.connect(database) as conn:
        rows = conn.execute(
            "SELECT version, record_state, merged_into::text, convert_from(document, 'UTF8')::json FROM event_revision"
            " WHERE id = %s ORDER BY version DESC",
            (goes,),
        ).fetchall()
    last = rows[0][3]
    change = {"kind": "correction", "reason": f"Merged into the event {stays}."}
    last_fields = {"version": 2, "record_state": "merged", "merged_into": stays, "change": change}
    assert rows[0][:3] == (2, "merged", stays)
    assert last == first | last_fields | {"updated_at": last["updated_at"]}
    assert last["updated_at"] > first["updated_at"]
    assert len(rows) == 2


def test_an_event_merged_twice_redirects_to_the_last_one(client: FlaskClient) -> None:
    one, two, three = (record(client, title=title) for title in ("One", "Two", "Three"))
    merge(client, one, two)
    merge(client, two, three)
    assert client.get(f"/v1/events/{one}").headers["Location"] == f"/v1/events/{three}"
    client.delete(f"/v1/events/{three}", headers={"If-Match": "*"})
    assert client.get(f"/v1/events/{one}").status_code == 308


def test_a_merge_requires_the_current_version(client: FlaskClient, two: tuple[str, str]) -> None:
    goes, stays = two
    assert merge(client, goes, stays, None).status_code == 428
    assert merge(client, goes, stays, '"7"').status_code == 412
    assert get_event(client, goes)["version"] == get_event(client, stays)["version"] == 1


def test_the_target_must_be_another_existing_event(client: FlaskClient, two: tuple[str, str]) -> None:
    goes, stays = two
    gone, moved, missing = record(client), record(client), str(uuid7())
    client.delete(f"/v1/events/{gone}", headers={"If-Match": "*"})
    merge(client, moved, stays)
    answers = [merge(client, goes, into) for into in (goes, missing, gone, moved)]
    assert [(answer.status_code, json_of(answer)["errors"][0]["pointer"]) for answer in answers] == [
        (422, "#/into"),
        (422, "#/into"),
        (409, "#/into"),
        (409, "#/into"),
    ]
    assert merge(client, missing, stays).status_code == 404
    assert merge(client, gone, stays).status_code == 410


def test_a_merge_that_adds_nothing_makes_no_version_of_the_target(client: FlaskClient) -> None:
    goes, stays = record(client), record(client)
    answer = merge(client, goes, stays)
    assert (answer.status_code, answer.headers["ETag"], get_event(client, stays)["version"]) == (200, '"1"', 1)
    assert client.get(f"/v1/events/{goes}").status_code == 308


def test_verification_follows_from_the_evidence_of_both(client: FlaskClient) -> None:
    goes, stays = (record(client, sources=[{"type": "news_article", "title": title}]) for title in ("A", "B"))
    assert get_event(client, stays)["verification"] == "single_source"
    assert json_of(merge(client, goes, stays))["verification"] == "corroborated"


def test_a_merge_beyond_the_limits_of_an_event_is_refused(client: FlaskClient) -> None:
    ids = [[{"scheme": scheme, "value": str(number)} for number in range(26)] for scheme in ("a", "b")]
    goes, stays = (record(client, external_ids=some) for some in ids)
    assert merge(client, goes, stays).status_code == 409
    assert (get_event(client, goes)["record_state"], get_event(client, stays)["version"]) == ("active", 1)


def test_an_upsert_reaches_the_event_with_the_moved_id(client: FlaskClient, two: tuple[str, str]) -> None:
    goes, stays = two
    merge(client, goes, stays)
    answer = client.put("/v1/events/by/theirs/1", json=an_event(title="New"))
    assert (answer.status_code, json_of(answer)["id"], json_of(answer)["version"]) == (200, stays, 3)


def test_a_repeated_merge_gets_the_same_response(client: FlaskClient, two: tuple[str, str]) -> None:
    answers = [merge(client, *two, **{"Idempotency-Key": "k"}) for _ in range(2)]
    assert answers[0].data == answers[1].data
    assert [answer.headers["Content-Location"] for answer in answers] == [f"/v1/events/{two[1]}"] * 2


def test_relations_move_and_none_leads_from_an_event_to_itself(client: FlaskClient) -> None:
    other, stays = record(client, title="Other"), record(client, title="Stays")
    relations = [
        {"type": "implements", "event": other},
        {"type": "follows", "event": stays},
        {"type": "cites", "uri": "urn:a:b"},
    ]
    goes = record(client, title="Goes", relations=relations)
    watcher = record(
        client, title="Watcher", relations=[{"type": "cites", "event": goes}, {"type": "cites", "event": stays}]
    )
    client.patch(
        f"/v1/events/{stays}",
        json={"relations": [{"type": "related", "event": goes}]},
        headers={"If-Match": "*", "Content-Type": PATCH},
    )

    merged = merge(client, goes, stays)
    assert merged.status_code == 200, merged.json

    def relations_of(id: str) -> list[tuple[str, str, str | None]]:
        items = json_of(client.get(f"/v1/events/{id}/relations"))["items"]
        return [(one["direction"], one["type"], one["event"] and one["event"]["id"]) for one in items]

    assert relations_of(stays) == [
        ("outgoing", "implements", other),
        ("outgoing", "cites", None),
        ("incoming", "cited_by", watcher),
    ]
    assert relations_of(other) == [("incoming", "implemented_by", stays)]
    assert relations_of(watcher) == [("outgoing", "cites", stays), ("outgoing", "cites", stays)]
    itself = client.patch(
        f"/v1/events/{stays}",
        json={"relations": [{"type": "related", "event": goes}]},
        headers={"If-Match": "*", "Content-Type": PATCH},
    )
    assert itself.status_code == 422


def test_two_merges_into_each_other_at_once_leave_one_event(app: Flask, key: str, client: FlaskClient) -> None:
    for _ in range(8):
        one, two = record(client, tags=["a"]), record(client, tags=["b"])
        statuses = at_once(app, key, [(one, two), (two, one)])
        assert sorted(statuses) == [200, 409]
        statuses = [client.get(f"/v1/events/{id_}").status_code for id_ in (one, two)]
        assert sorted(statuses) == [200, 308]


def test_a_change_at_the_same_time_is_not_lost(app: Flask, key: str, client: FlaskClient) -> None:
    for number in range(8):
        goes, stays = record(client, tags=["from the old"]), record(client)
        together, headers = Barrier(2), {"Authorization": f"Bearer {key}", "If-Match": '"1"'}

        def change(stays: str = stays, number: int = number) -> int:
            together.wait()  # noqa: B023 (both threads end within the iteration)
            body = {"summary": f"Changed {number}"}
            at = f"/v1/events/{stays}"
            return app.test_client().patch(at, json=body, headers=headers | {"Content-Type": PATCH}).status_code  # noqa: B023

        def join(goes: str = goes, stays: str = stays) -> int:
            together.wait()  # noqa: B023
            return app.test_client().post(f"/v1/events/{goes}/merge", json={"into": stays}, headers=headers).status_code  # noqa: B023

        with ThreadPoolExecutor(2) as threads:
            changed, merge_status = [future.result() for future in (threads.submit(change), threads.submit(join))]
        after = get_event(client, stays)
        assert (merge_status, after["tags"]) == (200, ["from the old"])
        assert (changed, after["summary"]) in ((200, f"Changed {number}"), (412, None))


def test_upserts_during_a_merge_all_reach_the_target(app: Flask, key: str, client: FlaskClient) -> None:
    headers, numbers = {"Authorization": f"Bearer {key}"}, count()
    for _ in range(5):
        id_ = {"scheme": "s", "value": str(next(numbers))}
        goes, stays = record(client, external_ids=[id_]), record(client)
        together = Barrier(3)

        def put(title: str, value: str = id_["value"]) -> int:
            together.wait()  # noqa: B023 (as above)
            at = f"/v1/events/by/s/{value}"
            return app.test_client().put(at, json=an_event(title=title), headers=headers).status_code

        def join(goes: str = goes, stays: str = stays) -> int:
            together.wait()  # noqa: B023
            return merge(client, goes, stays).status_code

        with ThreadPoolExecutor(3) as threads:
            puts = [threads.submit(put, title) for title in ("X", "Y")]
            merge_status = threads.submit(join)
            assert [future.result() for future in puts] == [200, 200]
            assert merge_status.result() == 200
        assert json_of(client.get(f"/v1/events/by/s/{id_['value']}"))["id"] == stays


def at_once(app: Flask, key: str, pairs: list[tuple[str, str]]) -> list[int]:
    """Return the statuses of merges that begin together."""
    together = Barrier(len(pairs))

    def one(goes: str, into: str) -> int:
        together.wait()
        client = app.test_client()
        return merge(client, goes, into, "*", Authorization=f"Bearer {key}").status_code

    with ThreadPoolExecutor(len(pairs)) as threads:
        return list(threads.map(one, *zip(*pairs, strict=True)))
