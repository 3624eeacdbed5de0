"""/v1/agenda: what is still to come, across events."""

import csv
import io
from datetime import UTC, date, datetime
from typing import Any

import psycopg
import pytest
from flask.testing import FlaskClient
from icalendar import Calendar

from service.exports.table_columns import AGENDA
from tests.answers import body
from tests.factories import create_event
from tests.records import a_date
from tests.servers import ROOT
from tests.service.problems import problem_of

MIGRATION = ROOT / "migrations" / "0012_agenda.sql"
TODAY = "today=2024-04-10"
PROMISE = {"id": "promise", "text": "We will.", "speaker": "jp", "kind": "commitment"}


@pytest.fixture
def events(client: FlaskClient) -> list[dict[str, Any]]:
    """Events of which something is to come."""
    said: list[tuple[str, dict[str, Any]]] = [
        ("Late", {"dates": [a_date("2024-03", "expected"), a_date("2023", "deadline", "due")]}),
        ("Soon", {"dates": [a_date("2024-04", "expected", id="plan"), a_date("2024-04-10", "deadline", "due")]}),
        ("Some day", {"dates": [a_date("2024", "expected"), a_date("2025/..", "expected", "ends")]}),
        ("Promised", {"statements": [PROMISE], "status": "planned"}),
        ("Done", {"dates": [a_date("2024-04", "expected", id="plan"), a_date("2024-04-02", resolves="plan")]}),
        ("Off", {"dates": [a_date("2024-05", "expected")], "status": "cancelled"}),
    ]
    return [create_event(client, title=title, **facts) for title, facts in said]


def agenda(client: FlaskClient, asked: str = TODAY) -> dict[str, Any]:
    """Titles and items of each group; None where it was not asked for."""
    told = body(client.get(f"/v1/agenda?{asked}"))
    return {
        group: [(one["event_title"], one["item"], one["days"]) for one in found["items"]]
        for group, found in told.items()
        if group != "today" and found is not None
    }


@pytest.mark.usefixtures("events")
def test_what_is_to_come_is_grouped_by_when_it_is_due(client: FlaskClient) -> None:
    assert agenda(client) == {
        "overdue": [("Late", "dates/launched", -10), ("Late", "dates/due", -101)],
        "this_month": [("Soon", "dates/due", 0), ("Soon", "dates/plan", 20)],
        "later": [("Some day", "dates/launched", 265)],
        "undated": [("Some day", "dates/ends", None), ("Promised", "statements/promise", None)],
    }


@pytest.mark.usefixtures("events")
def test_seen_from_another_day_it_is_another_group(client: FlaskClient) -> None:
    assert [len(found) for found in agenda(client, "today=2023-12-31").values()] == [0, 1, 4, 2]
    assert [len(found) for found in agenda(client, "today=2030-01-01").values()] == [5, 0, 0, 2]
    assert [len(found) for found in agenda(client, "today=0001-01-01").values()] == [0, 0, 5, 2]
    assert [len(found) for found in agenda(client, "today=9999-12-31").values()] == [5, 0, 0, 2]
    assert body(client.get("/v1/agenda"))["today"] == datetime.now(UTC).date().isoformat()


@pytest.mark.usefixtures("events")
@pytest.mark.parametrize(
    ("asked", "titles"),
    [
        ("status=planned", {"Promised"}),
        ("date_kind=ends", {"Some day"}),
        ("not_date_kind=launched", {"Promised"}),
        ("party=FR", set()),
        ("group=overdue", {"Late"}),
    ],
)
def test_filters_select_the_events(client: FlaskClient, asked: str, titles: set[str]) -> None:
    assert {title for found in agenda(client, f"{TODAY}&{asked}").values() for title, _, _ in found} == titles


@pytest.mark.usefixtures("events")
def test_a_group_by_itself_leaves_the_others_null(client: FlaskClient) -> None:
    told = body(client.get(f"/v1/agenda?{TODAY}&group=later"))
    assert [name for name, found in told.items() if found is None] == ["overdue", "this_month", "undated"]


@pytest.mark.usefixtures("events")
@pytest.mark.parametrize("gathered", [True, False])
def test_each_group_has_pages_of_its_own_that_keep_the_day(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch, *, gathered: bool
) -> None:
    if not gathered:
        monkeypatch.setattr("service.store.events.agenda.MOST_GATHERED", -1)
    whole = agenda(client)
    for group, expected in whole.items():
        address, seen = f"/v1/agenda?{TODAY}&group={group}&limit=1", []
        while address:
            page = body(client.get(address))
            assert page["today"] == "2024-04-10"
            seen += [(one["event_title"], one["item"], one["days"]) for one in page[group]["items"]]
            address = page[group]["next"]
        assert seen == expected
    follow = body(client.get(f"/v1/agenda?{TODAY}&limit=1"))["overdue"]["next"]
    assert follow.startswith("/v1/agenda?limit=1&today=2024-04-10&group=overdue&cursor=")
    assert [one["item"] for one in body(client.get(follow))["overdue"]["items"]] == ["dates/due"]


@pytest.mark.usefixtures("events")
def test_a_cursor_belongs_to_its_group_and_day(client: FlaskClient) -> None:
    follow = body(client.get(f"/v1/agenda?{TODAY}&group=overdue&limit=1"))["overdue"]["next"]
    for other in (follow.replace("overdue", "later"), follow.replace("2024-04-10", "2024-04-11"), follow + "x"):
        assert problem_of(client.get(other)).status == 400
    assert problem_of(client.get(follow.replace("&group=overdue", ""))).status == 400
    assert problem_of(client.get("/v1/agenda?cursor=x")).status == 400


@pytest.mark.parametrize("today", ["2024-4-1", "20240401", "2024-02-30", "today", "", "0000-01-01"])
def test_today_is_a_day(anyone: FlaskClient, today: str) -> None:
    answer = anyone.get(f"/v1/agenda?today={today}")
    assert (answer.status_code, body(answer)["errors"][0]["parameter"]) == (422, "today")


@pytest.mark.usefixtures("events")
def test_csv_holds_all_of_it_with_its_group(client: FlaskClient) -> None:
    rows = list(csv.DictReader(io.StringIO(client.get(f"/v1/agenda.csv?{TODAY}").text, newline="")))
    assert list(rows[0]) == [column.name for column in AGENDA]
    assert [(row["group"], row["event_title"], row["item"], row["days"]) for row in rows] == [
        (group, title, item, "" if days is None else str(days))
        for group, found in agenda(client).items()
        for title, item, days in found
    ]


@pytest.mark.usefixtures("events")
def test_the_calendar_has_the_items_with_a_day(client: FlaskClient) -> None:
    answer = client.get(f"/v1/agenda.ics?{TODAY}")
    found: list[Any] = Calendar.from_ical(answer.data).events
    assert [(str(one["SUMMARY"]), one["DTSTART"].dt) for one in found] == [
        ("Late: launched (expected)", date(2024, 3, 1)),
        ("Late: due (deadline)", date(2023, 1, 1)),
        ("Soon: due (deadline)", date(2024, 4, 10)),
        ("Soon: launched (expected)", date(2024, 4, 1)),
        ("Some day: launched (expected)", date(2024, 1, 1)),
        ("Some day: ends, from this day (expected)", date(2025, 1, 1)),
    ]
    assert client.get(f"/v1/agenda.ics?{TODAY}", headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304
    assert client.get("/v1/agenda", headers={"Accept": "text/calendar"}).content_type == "text/calendar; charset=utf-8"


def test_what_changes_changes_the_agenda(client: FlaskClient) -> None:
    event = create_event(client, dates=[a_date("2024-03", "expected", id="plan")], statements=[PROMISE])
    at, matched = f"/v1/events/{event['id']}", {"If-Match": "*"}
    assert [len(found) for found in agenda(client).values()] == [1, 0, 0, 1]

    client.patch(at, json={"dates": [a_date("2024-06", "expected", id="plan")]}, headers=matched)
    assert [len(found) for found in agenda(client).values()] == [0, 0, 1, 1]

    client.patch(at, json={"statements": [PROMISE | {"outcome": "fulfilled"}]}, headers=matched)
    assert [len(found) for found in agenda(client).values()] == [0, 0, 1, 0]

    client.delete(at, headers=matched)
    assert [len(found) for found in agenda(client).values()] == [0, 0, 0, 0]


def test_a_merged_event_has_nothing_to_come(client: FlaskClient) -> None:
    dates = [a_date("2024-06", "expected", id="plan")]
    goes, stays = (create_event(client, title=title, dates=dates)["id"] for title in ("A", "B"))
    client.post(f"/v1/events/{goes}/merge", json={"into": stays}, headers={"If-Match": "*"})
    assert agenda(client)["later"] == [("B", "dates/plan", 81)]


@pytest.mark.usefixtures("events")
def test_the_migration_finds_the_same_items_as_a_write(conn: psycopg.Connection) -> None:
    asked = "SELECT event_id, item, due::text FROM event_agenda ORDER BY 1, 2"
    kept = conn.execute(asked).fetchall()
    conn.execute("DROP TABLE event_agenda")
    conn.execute(MIGRATION.read_text())
    assert conn.execute(asked).fetchall() == kept
    assert len(kept) == 7
