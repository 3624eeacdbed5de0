"""iCalendar: two other programs read the calendars with the meaning of the records."""

import json
import subprocess
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from icalendar import Calendar

from service.exports.ical import LINE, calendar, date_entries
from tests import strategies
from tests.node import MODULES, NODE
from tests.records import FEED, ID, a_date, a_record

#: Reads a calendar with ical.js and prints its complaints.
ICAL_JS = """
import ICAL from "%s";
import {readFileSync} from "node:fs";
ICAL.design.strict = true;
const calendar = new ICAL.Component(ICAL.parse(readFileSync(0, "utf8")));
const told = calendar.getAllSubcomponents("vevent").map((vevent) => {
  const event = new ICAL.Event(vevent);
  return {uid: event.uid, summary: event.summary, description: event.description,
          start: event.startDate.toString(), end: event.endDate.toString(), sequence: event.sequence,
          status: vevent.getFirstPropertyValue("status"), allDay: event.startDate.isDate};
});
console.log(JSON.stringify(told));
"""


def calendar_of(*records: dict[str, Any]) -> bytes:
    return calendar(FEED, date_entries(records))


def entries_in(text: bytes) -> list[dict[str, Any]]:
    """Return the entries by the icalendar package, with their main properties."""
    names = ("UID", "DTSTART", "DTEND", "SUMMARY", "STATUS")
    return [
        {name.lower(): _plain(entry[name]) for name in names if name in entry}
        for entry in Calendar.from_ical(text).events
    ]


def _plain(value: Any) -> Any:
    return value.dt if hasattr(value, "dt") else str(value)


def spans(*dates: dict[str, Any], **fields: Any) -> list[tuple[Any, ...]]:
    """Return first day, day after the last, status and heading of each entry."""
    entries = entries_in(calendar_of(a_record(dates=list(dates), **fields)))
    return [(one["dtstart"], one.get("dtend"), one["status"], one["summary"]) for one in entries]


def test_a_date_is_an_entry_with_all_its_properties() -> None:
    record = a_record(
        dates=[a_date("2024-04-02")],
        topics=[{"id": "trade"}],
        summary="In short; at length,\nor not.",
        status="launched",
        title="A policy, in short",
    ) | {"version": 3, "updated_at": "2024-04-05T06:07:08.900000Z"}
    entries: list[Any] = Calendar.from_ical(calendar_of(record)).events
    [entry] = entries
    assert {name: _plain(value) for name, value in entry.items() if name != "CATEGORIES"} == {
        "UID": f"{ID}-launched",
        "DTSTAMP": datetime(2024, 4, 5, 6, 7, 8, tzinfo=UTC),
        "LAST-MODIFIED": datetime(2024, 4, 5, 6, 7, 8, tzinfo=UTC),
        "CREATED": datetime(2024, 4, 1, 9, 30, tzinfo=UTC),
        "SEQUENCE": "3",
        "DTSTART": date(2024, 4, 2),
        "DTEND": date(2024, 4, 3),
        "SUMMARY": "A policy, in short: launched",
        "DESCRIPTION": "Date: 2024-04-02 (actual)\nannouncement · launched · launched 2024-04-02 · Japan\n"
        "In short; at length,\nor not.",
        "STATUS": "CONFIRMED",
        "URL": f"https://policy.example/v1/events/{ID}",
        "TRANSP": "TRANSPARENT",
        "X-POLICYTRAIL-KIND": "launched",
        "X-POLICYTRAIL-MODALITY": "actual",
        "X-POLICYTRAIL-EDTF": "2024-04-02",
    }
    assert [str(one) for one in entry["CATEGORIES"].cats] == ["announcement", "trade"]


@pytest.mark.parametrize(
    ("edtf", "first", "behind"),
    [
        ("2024-04", (2024, 4, 1), (2024, 5, 1)),
        ("2024-33", (2024, 1, 1), (2024, 4, 1)),
        ("2024", (2024, 1, 1), (2025, 1, 1)),
        ("201X", (2010, 1, 1), (2020, 1, 1)),
        ("2024-04-29/2024-05-02", (2024, 4, 29), (2024, 5, 3)),
        ("2024-02-29", (2024, 2, 29), (2024, 3, 1)),
        ("0001", (1, 1, 1), (2, 1, 1)),
    ],
)
def test_an_imprecise_date_covers_all_its_possible_days(
    edtf: str, first: tuple[int, int, int], behind: tuple[int, int, int]
) -> None:
    [(start, end, _, _)] = spans(a_date(edtf))
    assert (start, end) == (date(*first), date(*behind))


def test_an_expected_date_is_tentative() -> None:
    assert spans(
        a_date("2024-04", "expected", id="plan"),
        a_date("2024-06-30", "deadline", "due"),
        a_date("2024-04-02", resolves="plan"),
    ) == [
        (date(2024, 4, 1), date(2024, 5, 1), "TENTATIVE", "A policy: launched (expected)"),
        (date(2024, 6, 30), date(2024, 7, 1), "CONFIRMED", "A policy: due (deadline)"),
        (date(2024, 4, 2), date(2024, 4, 3), "CONFIRMED", "A policy: launched"),
    ]


def test_an_expected_date_of_a_policy_that_was_called_off_is_cancelled() -> None:
    entries = spans(a_date("2024-04", "expected", "in_force"), a_date("2024-01-05"), status="withdrawn")
    assert [status for _, _, status, _ in entries] == ["CANCELLED", "CONFIRMED"]


def test_an_open_end_is_put_in_words_and_adds_no_day() -> None:
    assert spans(a_date("2024-04/.."), a_date("../2024-06", kind="ends")) == [
        (date(2024, 4, 1), date(2024, 4, 2), "CONFIRMED", "A policy: launched, from this day"),
        (date(2024, 6, 30), date(2024, 7, 1), "CONFIRMED", "A policy: ends, until this day"),
    ]


def test_a_day_outside_the_calendar_is_omitted() -> None:
    before_christ = a_date("2024") | {"resolves": None, "earliest": "-0044-03-15", "latest": "-0044-03-15"}
    unknown = a_date("2024") | {"resolves": None, "earliest": None, "latest": None}
    assert entries_in(calendar_of(a_record() | {"dates": [before_christ, unknown]})) == []


def test_the_last_day_of_the_calendar_has_no_end() -> None:
    assert spans(a_date("9999-12-31")) == [(date(9999, 12, 31), None, "CONFIRMED", "A policy: launched")]


def test_no_line_is_longer_than_75_octets_and_no_character_is_split() -> None:
    title = "次世代電池に関する欧州と日本の対話、" * 25 + "🏳️🇯🇵" * 20
    text = calendar_of(a_record(title=title[:500], summary="長" * 5_000, dates=[a_date("2024")]))
    lines = text.removesuffix(b"\r\n").split(b"\r\n")
    assert LINE - 3 < max(map(len, lines)) <= LINE
    assert [line.decode() for line in lines]
    [entry] = Calendar.from_ical(text).events
    assert str(entry["SUMMARY"]) == f"{title[:500]}: launched"
    assert str(entry["DESCRIPTION"]).endswith("長" * 5_000)


def test_a_line_of_just_75_octets_is_not_folded_and_one_more_is() -> None:
    fits = "x" * (LINE - len("SUMMARY:: launched"))
    text = calendar_of(a_record(title=fits, dates=[a_date("2024")]), a_record(title=f"{fits}y", dates=[a_date("2024")]))
    assert f"SUMMARY:{fits}: launched\r\n".encode() in text
    assert f"SUMMARY:{fits}y: launche\r\n d\r\n".encode() in text


def test_line_breaks_and_control_characters_are_escaped() -> None:
    record = a_record(summary="one\r\ntwo\rthree\nBEGIN:VEVENT\nfour\tfive\u2028six\u0085seven", dates=[a_date("2024")])
    record["title"] = "A\x00\x07\x1b\x7f policy"  # the schema refuses these
    [entry] = entries_in(text := calendar_of(record))
    assert entry["summary"] == "A policy: launched"
    assert b"one\\ntwo\\nthree\\nBEGIN:VEVENT\\nfour\tfive" in text.replace(b"\r\n ", b"")


def test_an_empty_calendar_can_be_read() -> None:
    assert entries_in(calendar_of()) == []


@settings(max_examples=25)
@given(strategies.events())
def test_every_record_can_be_read(event: dict[str, Any]) -> None:
    record = a_record(**event)
    entries = entries_in(calendar_of(record))
    assert [one["uid"] for one in entries] == [f"{ID}-{entry['id']}" for entry in record["dates"]]
    assert all(one["dtstart"] < one.get("dtend", date.max) or one["dtstart"] == date.max for one in entries)


def test_ical_js_reads_the_same() -> None:
    record = a_record(
        title="電池; a, b\\c",
        summary="In\nshort " + "長" * 300,
        dates=[a_date("2024-04", "expected"), a_date("2023-11-05", kind="adopted"), a_date("2024/..", kind="ends")],
    )
    text = calendar_of(record)
    script = ICAL_JS % (MODULES / "ical.js" / "dist" / "ical.js").as_uri()
    ran = subprocess.run([NODE, "--input-type=module", "--eval", script], input=text, capture_output=True, check=False)
    assert ran.stderr == b""
    entries = json.loads(ran.stdout)
    assert [(one["uid"], one["start"], one["end"], one["status"], one["allDay"]) for one in entries] == [
        (f"{ID}-launched", "2024-04-01", "2024-05-01", "TENTATIVE", True),
        (f"{ID}-adopted", "2023-11-05", "2023-11-06", "CONFIRMED", True),
        (f"{ID}-ends", "2024-01-01", "2024-01-02", "CONFIRMED", True),
    ]
    assert entries[0]["summary"] == "電池; a, b\\c: launched (expected)"
    assert entries[0]["description"].endswith("In\nshort " + "長" * 300)
