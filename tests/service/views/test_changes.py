"""/v1/changes: every committed write exactly once, in one order, from any cursor."""

from typing import Any

import psycopg
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from service.feed import reader
from tests.answers import body
from tests.factories import a_topic, an_event, create_event, create_topic
from tests.imports import import_report, ndjson, row
from tests.service.problems import details, problem_of

CHANGES = "/v1/changes"

#: Another generation.
OTHER = "3b241101-e2bb-4255-8caf-4136c566a962"


def test_creation_update_and_deletion_have_one_entry_each(client: FlaskClient) -> None:
    event = create_event(client, tags=["a"])
    patch = {"title": "B", "tags": ["b"], "change": {"kind": "correction", "reason": "Misread."}}
    updated = write(client, "PATCH", event, patch)
    write(client, "DELETE", updated)

    first, second, third = entries(client)
    assert first == {
        "seq": 1,
        "kind": "create",
        "event_id": event["id"],
        "version": 1,
        "change": {"kind": None},
        "changed": None,
        "occurred_at": event["updated_at"],
        "key": None,
        "merged_into": None,
        "document": event,
    }
    assert second == first | {
        "seq": 2,
        "kind": "update",
        "version": 2,
        "change": {"kind": "correction"},
        "changed": ["tags", "title"],
        "occurred_at": updated["updated_at"],
        "document": updated,
    }
    assert third | {"occurred_at": None} == first | {
        "seq": 3,
        "kind": "delete",
        "version": 3,
        "document": None,
        "occurred_at": None,
    }


def test_a_merge_has_an_entry_for_each_of_the_two_events(client: FlaskClient) -> None:
    goes, stays = create_event(client, tags=["a"]), create_event(client)
    write(client, "POST", goes, {"into": stays["id"]}, at="/merge")

    merged, target_entry = entries(client)[2:]
    assert [merged[name] for name in ("kind", "event_id", "merged_into")] == ["merge", goes["id"], stays["id"]]
    assert merged["changed"] == ["merged_into", "record_state"]
    assert (merged["document"]["record_state"], merged["document"]["merged_into"]) == ("merged", stays["id"])
    assert [target_entry[name] for name in ("kind", "event_id", "merged_into")] == ["update", stays["id"], None]
    assert target_entry["changed"] == ["tags"]


def test_unchanged_and_refused_writes_have_no_entry(client: FlaskClient) -> None:
    event = create_event(client, external_ids=[{"scheme": "celex", "value": "1"}])
    assert write(client, "PATCH", event, {"title": event["title"]})["version"] == 1
    assert client.post("/v1/events", json=an_event(external_ids=event["external_ids"])).status_code == 409
    assert client.delete(f"/v1/events/{event['id']}", headers={"If-Match": '"7"'}).status_code == 412
    assert client.post("/v1/events", json=an_event(topics=[{"id": "unknown"}])).status_code == 422

    assert [entry["seq"] for entry in entries(client)] == [1]


def test_an_import_has_one_entry_a_row_in_order(client: FlaskClient) -> None:
    import_report(client, ndjson(row(1), row(2)))
    import_report(client, ndjson(row(3), row(2, title="Another title"), row(1)))
    items = entries(client)
    assert [(one["kind"], one["document"]["title"], one["changed"]) for one in items] == [
        ("create", "Policy 1", None),
        ("create", "Policy 2", None),
        ("create", "Policy 3", None),
        ("update", "Another title", ["title"]),
    ]


def test_a_replayed_request_has_one_entry(client: FlaskClient) -> None:
    for _ in range(2):
        client.post("/v1/events", json=an_event(), headers={"Idempotency-Key": "one"})
    assert [entry["seq"] for entry in entries(client)] == [1]


def test_following_the_cursor_returns_every_entry_exactly_once(client: FlaskClient) -> None:
    ids = [create_event(client)["id"] for _ in range(7)]
    event_ids, cursor, pages = [], "", 0
    while True:
        answer = page(client, limit="3", include="none", **{"after": cursor} if cursor else {})
        event_ids += [entry["event_id"] for entry in answer["items"]]
        cursor, pages = answer["cursor"], pages + 1
        if not answer["more"]:
            break

    assert (event_ids, pages) == (ids, 3)
    assert page(client, after=cursor) == {"items": [], "cursor": cursor, "more": False}


def test_documents_are_included_by_default(client: FlaskClient) -> None:
    event = create_event(client)
    assert [entry["document"] for entry in entries(client)] == [event]
    assert [entry["document"] for entry in entries(client, include="document")] == [event]
    assert [entry["document"] for entry in entries(client, include="none")] == [None]


def test_a_page_ends_before_its_documents_get_too_large(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(4):
        create_event(client)
    monkeypatch.setattr(reader, "MOST_BYTES", 1_000)  # more than one such document, less than two

    first = page(client)
    assert ([entry["seq"] for entry in first["items"]], first["more"]) == ([1, 2], True)
    second = page(client, after=first["cursor"])
    assert ([entry["seq"] for entry in second["items"]], second["more"]) == ([3, 4], False)
    assert len(page(client, include="none")["items"]) == 4


def test_after_now_only_later_writes_follow(client: FlaskClient) -> None:
    create_event(client)
    now = page(client, after="now")
    assert now["items"] == []
    create_event(client)
    assert [entry["seq"] for entry in page(client, after=now["cursor"])["items"]] == [2]


@pytest.mark.parametrize("path", ["/v1/changes", "/v1/changes?include=none&kind=update"])
def test_head_responds_like_get(client: FlaskClient, path: str) -> None:
    create_event(client)
    assert (client.head(path).status_code, client.head(path).data) == (200, b"")


# Filters


def test_an_event_that_starts_to_match_is_returned_and_one_that_stops_leaves(
    client: FlaskClient,
) -> None:
    event = create_event(client, tags=["other"])
    event = write(client, "PATCH", event, {"tags": ["matching"]})
    event = write(client, "PATCH", event, {"title": "B"})
    event = write(client, "PATCH", event, {"tags": []})
    write(client, "PATCH", event, {"title": "C"})

    items = entries(client, tag="matching")
    assert kinds(items) == [(2, "update"), (3, "update"), (4, "leave")]
    assert items[2]["document"]["tags"] == []
    assert kinds(entries(client)) == [(1, "create"), (2, "update"), (3, "update"), (4, "update"), (5, "update")]


def test_a_deletion_is_returned_if_the_last_version_matched(client: FlaskClient) -> None:
    for tags in (["matching"], ["other"]):
        write(client, "DELETE", create_event(client, tags=tags))
    write(client, "POST", create_event(client, tags=["matching"]), {"into": create_event(client)["id"]}, at="/merge")

    items = entries(client, tag="matching")
    assert kinds(items) == [(1, "create"), (2, "delete"), (5, "create"), (7, "merge"), (8, "update")]
    assert items[3]["merged_into"] == items[4]["event_id"]


def test_the_whole_filter_language_is_supported(client: FlaskClient) -> None:
    create_topic(client, "energy")
    client.post("/v1/topics", json=a_topic("solar", broader=["energy"]))
    figure = {"measure": "investment", "value": "100", "currency": "EUR"}
    event = create_event(client, topics=[{"id": "solar"}], status="planned", figures=[figure])
    create_event(client, topics=[{"id": "energy"}], status="cancelled")

    for query in (
        {"topic": "energy", "not_status": "cancelled,denied"},
        {"topic": "solar", "party": "JP,EU"},
        {"figure_currency": "EUR", "figure_min": "50"},
        {"status": "planned", "created_from": event["created_at"]},
    ):
        assert [entry["event_id"] for entry in entries(client, **query)] == [event["id"]], query
    assert problem_of(client.get(CHANGES, query_string={"topic": "unknown"})) == (422, "invalid", ["topic"])


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"kind": "delete"}, [(3, "delete")]),
        ({"kind": "create,update"}, [(1, "create"), (2, "update"), (4, "create")]),
        ({"kind": "leave"}, []),
        ({"kind": "leave", "tag": "a"}, [(2, "leave")]),
        ({"kind": "update", "tag": "a"}, []),
        ({"kind": "create,delete", "tag": "a"}, [(1, "create"), (4, "create")]),
    ],
)
def test_kinds_can_be_chosen(client: FlaskClient, query: dict[str, str], expected: list[tuple[int, str]]) -> None:
    event = create_event(client, tags=["a"])
    write(client, "DELETE", write(client, "PATCH", event, {"tags": []}))
    create_event(client, tags=["a"])
    assert kinds(entries(client, **query)) == expected


def test_a_filtered_page_scans_a_limited_number_of_entries(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(7):
        create_event(client, tags=["matching"] if number == 5 else [])
    monkeypatch.setattr(reader, "SCAN", 2)

    pages = [page(client, tag="matching", include="none")]
    while pages[-1]["more"]:
        pages.append(page(client, tag="matching", include="none", after=pages[-1]["cursor"]))
    assert [kinds(one["items"]) for one in pages] == [[], [], [(6, "create")], []]


def test_a_waiting_client_gets_a_rare_match_beyond_one_page(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(7):
        create_event(client, tags=["matching"] if number == 5 else [])
    monkeypatch.setattr(reader, "SCAN", 2)
    assert kinds(page(client, tag="matching", wait="20")["items"]) == [(6, "create")]


def test_one_request_cannot_scan_the_whole_feed(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(14):
        create_event(client)
    monkeypatch.setattr(reader, "SCAN", 1)
    answer = page(client, tag="matching", wait="20")
    assert (answer["items"], answer["more"]) == ([], True)


# Cursors


@pytest.mark.parametrize(
    "cursor", ["", "0", "then", OTHER, f"{OTHER}:", f"{OTHER}:-1", f"{OTHER}:01", f"{OTHER}:{10**18}", f"{OTHER}:1 "]
)
def test_a_malformed_cursor_is_refused(client: FlaskClient, cursor: str) -> None:
    assert problem_of(client.get(CHANGES, query_string={"after": cursor})) == (400, "malformed", ["after"])


def test_a_cursor_of_another_generation_has_expired(client: FlaskClient) -> None:
    create_event(client)
    generation, _, seq = page(client)["cursor"].partition(":")
    for cursor in (f"{OTHER}:{seq}", f"{OTHER}:0", f"{generation}:{int(seq) + 1}"):
        for headers in ({}, {"Accept": "text/event-stream"}):
            assert_gone(client.get(CHANGES, query_string={"after": cursor}, headers=headers))


def test_a_cursor_before_the_oldest_entry_has_expired(client: FlaskClient, conn: psycopg.Connection) -> None:
    for _ in range(3):
        create_event(client)
    cursors = [page(client, limit="1")["cursor"], page(client, limit="2")["cursor"]]
    conn.execute("DELETE FROM feed WHERE seq <= 2")
    conn.execute("UPDATE feed_head SET floor = 2")
    conn.commit()

    assert_gone(client.get(CHANGES, query_string={"after": cursors[0]}))
    assert kinds(page(client, after=cursors[1])["items"]) == [(3, "create")]
    assert kinds(page(client)["items"]) == [(3, "create")]


@pytest.mark.parametrize(
    ("query", "place"),
    [
        ({"limit": "0"}, "limit"),
        ({"wait": "-1"}, "wait"),
        ({"wait": "1.5"}, "wait"),
        ({"wait": "soon"}, "wait"),
        ({"kind": "created"}, "kind"),
        ({"include": "everything"}, "include"),
        ({"sort": "title"}, "sort"),
        ({"cursor": "x"}, "cursor"),
    ],
)
def test_an_unknown_parameter_is_refused(client: FlaskClient, query: dict[str, str], place: str) -> None:
    assert problem_of(client.get(CHANGES, query_string=query)) == (422, "invalid", [place])


def test_a_mistyped_kind_gets_a_suggestion(client: FlaskClient) -> None:
    assert "create" in details(client.get(CHANGES, query_string={"kind": "created"}))


def test_a_key_that_may_read_events_may_follow_them(anyone: FlaskClient) -> None:
    assert anyone.get(CHANGES).status_code == 200
    assert anyone.get(CHANGES, headers={"Authorization": "Bearer nonsense"}).status_code == 401


def assert_gone(answer: TestResponse) -> None:
    assert problem_of(answer) == (410, "cursor-expired", [])
    assert "/v1/events?snapshot=true" in body(answer)["detail"]
    assert answer.headers["Link"] == '</v1/events?snapshot=true>; rel="start"'


def page(client: FlaskClient, **query: str) -> Any:
    """Return a page of /v1/changes."""
    answer = client.get(CHANGES, query_string=query)
    assert answer.status_code == 200, answer.text
    return body(answer)


def entries(client: FlaskClient, **query: str) -> Any:
    return page(client, **query)["items"]


def kinds(items: list[dict[str, Any]]) -> list[tuple[int, str]]:
    """Return the number and kind of each entry."""
    return [(entry["seq"], entry["kind"]) for entry in items]


def write(
    client: FlaskClient, method: str, event: dict[str, Any], content: Any = None, *, at: str = ""
) -> dict[str, Any]:
    """Return the JSON of the response to a change of the event, or nothing without a body."""
    answer = client.open(
        f"/v1/events/{event['id']}{at}", method=method, json=content, headers={"If-Match": f'"{event["version"]}"'}
    )
    assert answer.status_code in (200, 204), answer.text
    return dict(answer.get_json(silent=True) or {})
