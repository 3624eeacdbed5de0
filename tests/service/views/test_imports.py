"""POST /v1/imports: many rows at once, each with its due."""

import gzip
import json
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.factories import a_full_event, an_event, create_event, create_topic
from tests.imports import (
    CSV,
    TABLES,
    count_rows,
    counts,
    errors,
    event,
    import_report,
    ndjson,
    row,
    send,
    titles,
)
from tests.service.conftest import make_key, running
from tests.service.problems import problem_of


def test_new_rows_create_complete_events(client: FlaskClient, database: str) -> None:
    create_topic(client, "trade")
    rows = [row(1, topics=[{"id": "trade"}], sources=[{"type": "report", "url": "https://example.org/1"}]), row(2)]
    report = import_report(client, ndjson(*rows))
    assert (report["state"], report["rows"], report["errors"], report["line"]) == ("done", counts(created=2), [], 2)
    stored = event(client, 1)
    assert stored == client.get(f"/v1/events/{stored['id']}/revisions/1").get_json()
    assert (stored["version"], stored["topics"], stored["participants"][0]["id"]) == (
        1,
        [{"id": "trade", "role": None}],
        "jp",
    )
    assert [one["id"] for one in client.get("/v1/events?q=policy").get_json()["items"]] != []
    assert count_rows(database, *TABLES) == dict(zip(TABLES, (2, 2, 2, 1, 0, 2, 2, 2), strict=True))


def test_an_imported_event_equals_a_posted_one(client: FlaskClient) -> None:
    create_topic(client, "trade")
    earlier = create_event(client, title="The one before")
    full = a_full_event(relations=[{"type": "follows", "event": earlier["id"]}])
    posted = client.post("/v1/events", json=full).get_json()
    full["external_ids"][0]["value"] = "2"
    import_report(client, ndjson(full))
    own = {"id", "external_ids", "created_at", "updated_at", "content_changed_at"}
    assert without(event(client, 2), own) == without(posted, own)


def without(record: dict[str, Any], names: set[str]) -> dict[str, Any]:
    return {name: value for name, value in record.items() if name not in names}


def test_a_known_row_updates_its_event_only_if_it_says_something_new(client: FlaskClient) -> None:
    import_report(client, ndjson(row(1), row(2), row(3)))
    report = import_report(client, ndjson(row(1), row(2, title="Another title"), row(4)))
    assert report["rows"] == counts(created=1, updated=1, unchanged=1)
    assert [(event(client, value)["title"], event(client, value)["version"]) for value in (1, 2, 3, 4)] == [
        ("Policy 1", 1),
        ("Another title", 2),
        ("Policy 3", 1),
        ("Policy 4", 1),
    ]


def test_a_reformatted_row_with_the_same_content_makes_no_revision(client: FlaskClient, database: str) -> None:
    import_report(client, ndjson(row(1)))
    fields = json.dumps(row(1) | {"status": None}, indent=None, separators=(" , ", " : ")).encode()
    assert import_report(client, ndjson(fields))["rows"] == counts(unchanged=1)
    assert import_report(client, ndjson(fields))["rows"] == counts(unchanged=1)
    assert count_rows(database, "event_revision", "outbox") == {"event_revision": 1, "outbox": 1}


def test_a_repeated_row_overwrites_edits_unless_keep_edits_is_set(client: FlaskClient) -> None:
    import_report(client, ndjson(row(1)))
    edit(client, 1, title="Edited")
    assert import_report(client, ndjson(row(1)), keep_edits="true")["rows"] == counts(unchanged=1)
    assert event(client, 1)["title"] == "Edited"
    assert import_report(client, ndjson(row(1)))["rows"] == counts(updated=1)
    assert (event(client, 1)["title"], event(client, 1)["version"]) == ("Policy 1", 3)


def edit(client: FlaskClient, value: object, **fields: Any) -> None:
    stored = event(client, value)
    answer = client.patch(f"/v1/events/{stored['id']}", json=fields, headers={"If-Match": f'"{stored["version"]}"'})
    assert answer.status_code == 200


def test_the_later_of_two_rows_about_one_event_updates_it(client: FlaskClient) -> None:
    report = import_report(client, ndjson(row(1), row(2), row(1, title="Later"), row(1, title="Latest"), row(3)))
    assert report["rows"] == counts(created=3, updated=2)
    assert (event(client, 1)["title"], event(client, 1)["version"]) == ("Latest", 3)


def test_rows_with_different_ids_of_one_event_are_written_in_order(client: FlaskClient) -> None:
    import_report(client, ndjson(row(1)))
    id_ = event(client, 1)["id"]
    report = import_report(client, ndjson(an_event(id=id_, title="By id"), row(1, title="By external id")))
    assert report["rows"] == counts(updated=2)
    stored = event(client, 1)
    assert (stored["id"], stored["version"], stored["title"]) == (id_, 3, "By external id")


def test_invalid_rows_are_reported_with_line_and_pointer_and_the_others_imported(client: FlaskClient) -> None:
    rows: list[Any] = [
        row(1),
        b"",
        b"{not json",
        row(2, title=""),
        row(3, participants=[{"name": "UK", "role": "party", "jurisdiction": "UK"}, {"role": "host"}]),
        row(4, topics=[{"id": "nowhere"}]),
        b"[1, 2]",
        row(5, id="no-uuid"),
        row(5, id="00000000-0000-0000-0000-000000000000"),
        row(6),
    ]
    report = import_report(client, ndjson(*rows))
    assert (report["rows"], report["error_count"], report["line"]) == (counts(created=2, refused=7), 8, 10)
    assert errors(report) == [
        (3, None, "The line is not JSON: Expecting property name enclosed in double quotes at column 2."),
        (4, "#/title", "Must not be blank; leave it out or send null if it is unknown."),
        (
            5,
            "#/participants/0/jurisdiction",
            'Must be an ISO 3166 code such as US or US-CA, EU or XK. Did you mean "GB"?',
        ),
        (5, "#/participants/1/name", "Missing data for required field."),
        (6, "#/topics/0/id", 'There is no topic "nowhere".'),
        (7, None, "Send one record per line, not a list of records."),
        (8, "#/id", "Must be a UUID."),
        (9, "#/id", "Must be the id of an event, not the nil UUID."),
    ]
    assert titles(client) == ["Policy 1", "Policy 6"]


def test_an_atomic_import_with_a_refused_row_changes_nothing(client: FlaskClient, database: str) -> None:
    import_report(client, ndjson(row(1)))
    before = count_rows(database, *TABLES)
    report = import_report(
        client, ndjson(row(1, title="Changed"), row(2), row(3, title=""), row(4, topics=[{"id": "no"}])), mode="atomic"
    )
    assert (report["state"], report["reason"]) == ("failed", "2 rows were refused, so nothing was imported.")
    assert report["rows"] == counts(refused=2)
    assert [(line, pointer) for line, pointer, _ in errors(report)] == [(3, "#/title"), (4, "#/topics/0/id")]
    assert count_rows(database, *TABLES) == before
    assert import_report(client, ndjson(row(1, title="Changed"), row(2)), mode="atomic")["rows"] == counts(
        created=1, updated=1
    )
    assert titles(client) == ["Changed", "Policy 2"]


@pytest.mark.parametrize(("mode", "number"), [("partial", 1_000), ("atomic", 0)])
def test_an_unreadable_body_is_reported_with_the_progress_until_then(
    client: FlaskClient, mode: str, number: int
) -> None:
    damaged = gzip.compress(ndjson(*map(row, range(1_500)))) + b"no gzip"
    report = import_report(client, damaged, mode=mode)
    assert (report["state"], report["reason"]) == ("failed", "The gzip is damaged.")
    assert (report["rows"], report["line"]) == (counts(created=number), number)


@pytest.mark.parametrize("mode", ["partial", "atomic"])
def test_a_dry_run_reports_the_result_of_each_row_and_writes_nothing(
    client: FlaskClient, database: str, mode: str
) -> None:
    import_report(client, ndjson(row(1), row(2)))
    before = count_rows(database, *TABLES)
    rows = [row(1), row(2, title="Changed"), row(3), row(3), row(3, title="Again"), row(4, title="")]
    report = import_report(client, ndjson(*rows), dry_run="true", mode=mode)
    assert (report["dry_run"], report["rows"]) == (True, counts(created=1, updated=2, unchanged=2, refused=1))
    assert report["state"] == ("done" if mode == "partial" else "failed")
    assert count_rows(database, *TABLES) == before
    assert client.get(f"/v1/imports/{report['id']}").get_json() == report


def test_a_row_without_any_id_is_identified_by_its_content(client: FlaskClient) -> None:
    rows = [an_event(title="One"), an_event(title="Two"), an_event(title="One")]
    assert import_report(client, ndjson(*rows))["rows"] == counts(created=2, unchanged=1)
    reordered = dict(reversed(an_event(title="Two").items()))
    assert import_report(client, ndjson(reordered, an_event(title="One")))["rows"] == counts(unchanged=2)
    assert titles(client) == ["One", "Two"]


def test_a_row_removes_no_external_ids_of_other_systems(client: FlaskClient) -> None:
    ids = [{"scheme": "tracker", "value": "1"}, {"scheme": "other", "value": "9"}]
    import_report(client, ndjson(row(1, external_ids=ids)))
    import_report(client, ndjson(row(1, title="Changed")))
    assert (event(client, 1)["title"], event(client, 1)["external_ids"]) == ("Changed", ids)


def test_an_event_gets_no_more_external_ids_than_allowed(client: FlaskClient) -> None:
    names = [{"scheme": "other", "value": str(number)} for number in range(50)]
    assert import_report(client, ndjson(row(1)))["rows"] == counts(created=1)
    report = import_report(client, ndjson(row(1, external_ids=[*event(client, 1)["external_ids"], *names[:49]])))
    assert report["rows"] == counts(updated=1)
    report = import_report(client, ndjson(row(1, external_ids=[names[0], names[49]])))
    assert errors(report) == [(1, "#/external_ids", "Longer than maximum length 50.")]
    assert len(event(client, 1)["external_ids"]) == 50


def test_a_row_whose_external_ids_belong_to_two_events_is_refused(client: FlaskClient) -> None:
    import_report(client, ndjson(row(1), row(2)))
    both = [{"scheme": "tracker", "value": "1"}, {"scheme": "tracker", "value": "2"}]
    report = import_report(client, ndjson(row(1, external_ids=both)))
    owner = event(client, 2)["id"]
    assert errors(report) == [(1, "#/external_ids/1", f'The tracker "2" belongs to the event {owner}.')]


def test_rows_about_deleted_or_merged_events_are_refused(client: FlaskClient) -> None:
    import_report(client, ndjson(*(row(value) for value in range(1, 5))))
    gone, stays, goes = (event(client, value)["id"] for value in (1, 2, 3))
    assert client.delete(f"/v1/events/{gone}", headers={"If-Match": '"1"'}).status_code == 204
    assert client.post(f"/v1/events/{goes}/merge", json={"into": stays}, headers={"If-Match": '"1"'}).status_code == 200
    report = import_report(client, ndjson(an_event(id=gone), an_event(id=goes), row(3), row(1), row(4)))
    assert report["rows"] == counts(created=1, unchanged=1, refused=3)
    assert errors(report) == [
        (1, "#/id", f"The event {gone} was deleted."),
        (2, "#/id", f"The event {goes} was merged into {stays}; change that one."),
        (3, "#/external_ids", f"The event {goes} had this id, and was merged into {stays}."),
    ]
    assert event(client, 1)["id"] != gone
    assert event(client, 3)["id"] == stays


def test_progress_comes_first_and_the_report_in_the_last_line(client: FlaskClient) -> None:
    response = send(client, ndjson(row(1)))
    first, *_, last = [json.loads(line) for line in response.text.splitlines()]
    assert response.headers["Content-Type"] == "application/x-ndjson"
    assert first == {"id": last["id"], "state": "running", "line": 0, "bytes": 0, "rows": counts()}
    assert response.headers["Location"] == f"/v1/imports/{last['id']}"
    assert client.get(response.headers["Location"]).get_json() == last


def test_accept_json_answers_with_the_report_alone(client: FlaskClient) -> None:
    response = send(client, ndjson(row(1)), headers={"Accept": "application/json"})
    report = response.get_json()
    assert (response.status_code, response.headers["Content-Type"]) == (201, "application/json")
    assert report == client.get(response.headers["Location"]).get_json()


def test_ten_thousand_invalid_rows_are_counted_and_all_recorded_and_the_first_thousand_reported(
    client: FlaskClient,
) -> None:
    report = import_report(client, ndjson(*({"title": str(number)} for number in range(10_000))))
    assert (report["rows"], report["error_count"]) == (counts(refused=10_000), 30_000)
    assert len(report["errors"]) == 1_000
    lines = [json.loads(line) for line in client.get(report["errors_url"]).text.splitlines()]
    assert [line["line"] for line in lines] == [number for number in range(1, 10_001) for _ in range(3)]
    assert lines[:1_000] == report["errors"]


def test_gzip_is_recognised_by_its_header_or_its_first_bytes(client: FlaskClient) -> None:
    packed = gzip.compress(ndjson(row(1), row(2)))
    assert import_report(client, packed)["rows"] == counts(created=2)
    answer = send(client, packed + gzip.compress(ndjson(row(3))), headers={"Content-Encoding": "gzip"})
    assert json.loads(answer.text.splitlines()[-1])["rows"] == counts(created=1, unchanged=2)


def test_csv_is_imported(client: FlaskClient) -> None:
    header = b"external_ids,title,event_type,parties,party_jurisdictions,source_type\r\n"
    report = import_report(client, header + b"tracker:1,A law,legislation,Japan,JP,legal_text\r\n", kind=CSV)
    assert (report["format"], report["rows"]) == ("csv", counts(created=1))
    assert event(client, 1)["participants"][0]["jurisdiction"] == "JP"


@pytest.mark.parametrize(
    ("kind", "headers", "problem"),
    [
        ("application/json", {}, (415, "unsupported-media-type")),
        ("text/csv; charset=utf-16", {}, (415, "unsupported-media-type")),
        (CSV, {"Content-Encoding": "br"}, (415, "unsupported-media-type")),
        (CSV, {}, (422, "invalid")),
        (CSV, {"Accept": "image/png"}, (406, "not-acceptable")),
    ],
)
def test_an_unreadable_request_is_a_problem_and_begins_no_import(
    client: FlaskClient, kind: str, headers: dict[str, str], problem: tuple[int, str]
) -> None:
    answer = send(client, b"heading\n1\n", kind=kind, headers=headers)
    assert problem_of(answer)[:2] == problem
    assert client.get("/v1/imports").get_json()["items"] == []


def test_bytes_beyond_the_limit_are_refused_at_once_or_when_they_arrive(database: str) -> None:
    with running(database, max_import_bytes=200_000) as app:
        client = app.test_client()
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {make_key(database, 'events:write')}"
        assert problem_of(send(client, b" " * 200_001)).status == 413
        packed = gzip.compress(ndjson(row(1)) + b"\n" * 300_000)
        report = import_report(client, packed)
        assert (report["state"], report["reason"]) == (
            "failed",
            "An import may have at most 200,000 bytes, decompressed.",
        )


def test_an_import_needs_the_scope_to_write_and_is_visible_to_its_key_and_to_admins(
    client: FlaskClient, anyone: FlaskClient, database: str
) -> None:
    assert problem_of(send(anyone, ndjson(row(1)))).status == 401
    keys = {name: {"Authorization": f"Bearer {make_key(database, name)}"} for name in ("events:read", "events:write")}
    assert problem_of(send(anyone, ndjson(row(1)), headers=keys["events:read"])).status == 403
    address = send(anyone, ndjson(row(1)), headers=keys["events:write"]).headers["Location"]
    other = {"Authorization": f"Bearer {make_key(database, 'events:write')}"}
    assert [anyone.get(address, headers=one).status_code for one in (keys["events:write"], other)] == [200, 404]
    assert anyone.get(f"{address}/errors", headers=other).status_code == 404
    assert [
        len(anyone.get("/v1/imports", headers=one).get_json()["items"]) for one in (keys["events:write"], other)
    ] == [1, 0]
    assert client.get(address).status_code == 200


def test_imports_are_listed_newest_first_in_pages(client: FlaskClient) -> None:
    ids = [import_report(client, ndjson(row(number)))["id"] for number in range(3)]
    first = client.get("/v1/imports?limit=2").get_json()
    second = client.get(first["next"]).get_json()
    assert [one["id"] for one in first["items"] + second["items"]] == ids[::-1]
    assert second["next"] is None
    assert "errors" not in first["items"][0]


def test_an_idempotency_key_returns_the_finished_import(client: FlaskClient, database: str) -> None:
    key = {"Idempotency-Key": "mine"}
    first = send(client, ndjson(row(1)), headers=key)
    last = first.text.splitlines()[-1]
    again = send(client, ndjson(row(1)), headers=key)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.headers["Location"] == first.headers["Location"]
    assert again.text.splitlines() == [last]
    assert problem_of(send(client, ndjson(row(2)), headers=key))[:2] == (422, "invalid")
    assert count_rows(database, "event", "import") == {"event": 1, "import": 1}


def test_an_idempotency_key_of_a_failed_import_runs_it_again(client: FlaskClient) -> None:
    key = {"Idempotency-Key": "mine"}
    failed = json.loads(send(client, ndjson(row(1), b"{"), headers=key, mode="atomic").text.splitlines()[-1])
    assert failed["state"] == "failed"
    done = json.loads(send(client, ndjson(row(1)), headers=key, mode="atomic").text.splitlines()[-1])
    assert (done["state"], done["id"] != failed["id"]) == ("done", True)


def test_imports_beyond_the_limit_are_refused_until_one_has_finished(database: str) -> None:
    with running(database, max_imports=1) as app:
        client = app.test_client()
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {make_key(database, 'events:write')}"
        running_one = send(client, ndjson(row(1)))
        assert problem_of(send(client, ndjson(row(2)))) == (503, "unavailable", [])
        running_one.close()
        assert import_report(client, ndjson(row(2)))["rows"] == counts(created=1)
