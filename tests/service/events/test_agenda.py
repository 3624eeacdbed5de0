"""The open items of an event, and their description on the agenda."""

from datetime import date
from typing import Any

import pytest

from service.events.agenda import describe_item, group_ranges
from service.events.write import CALLED_OFF, open_items
from service.exports.table_columns import AGENDA
from service.store.events.links import OpenItem
from tests.records import ID, a_date, a_record

PROMISE = {"id": "promise", "text": "We will.", "speaker": "jp", "kind": "commitment"}


def items(**fields: Any) -> list[OpenItem]:
    return open_items(a_record(**fields))


def test_expected_dates_and_deadlines_are_open_and_due_on_their_last_possible_day() -> None:
    dates = [a_date("2024-04", "expected"), a_date("2024-06-30", "deadline", "due"), a_date("2024", kind="adopted")]
    assert items(dates=dates) == [
        OpenItem("dates/launched", date(2024, 4, 30)),
        OpenItem("dates/due", date(2024, 6, 30)),
    ]


def test_a_resolved_date_is_no_longer_open() -> None:
    plan, launch = a_date("2024-04", "expected", id="plan"), a_date("2024-04-02", resolves="plan")
    assert items(dates=[plan, launch]) == []
    moved = a_date("2025", "expected", id="moved", resolves="plan")
    assert items(dates=[plan, moved]) == [OpenItem("dates/moved", date(2025, 12, 31))]


def test_a_date_without_an_end_is_never_overdue() -> None:
    assert items(dates=[a_date("2024/..", "expected"), a_date("../2024-06", "deadline", "due")]) == [
        OpenItem("dates/launched", None),
        OpenItem("dates/due", date(2024, 6, 30)),
    ]


@pytest.mark.parametrize(
    ("changes", "is_open"),
    [
        ({}, True),
        ({"outcome": "pending"}, True),
        ({"outcome": "fulfilled"}, False),
        ({"outcome": "broken"}, False),
        ({"resolved_by": "status"}, False),
        ({"kind": "forecast"}, False),
        ({"kind": None}, False),
    ],
)
def test_a_commitment_is_open_until_its_outcome_is_known(changes: dict[str, Any], is_open: bool) -> None:  # noqa: FBT001 (a case)
    assert items(statements=[PROMISE | changes]) == [OpenItem("statements/promise", None)] * is_open


@pytest.mark.parametrize("status", sorted(CALLED_OFF))
def test_a_policy_that_was_called_off_has_no_open_items(status: str) -> None:
    assert items(status=status, dates=[a_date("2024", "expected")], statements=[PROMISE]) == []


def test_an_item_is_described_on_a_given_day() -> None:
    record = a_record(dates=[a_date("2024-04", "expected")], statements=[PROMISE], status="planned")
    item = describe_item(record, "dates/launched", date(2024, 4, 30), date(2024, 5, 2))
    assert item == {
        "event_id": ID,
        "event_title": "A policy",
        "event_type": "announcement",
        "event_status": "planned",
        "item": "dates/launched",
        "kind": "launched",
        "modality": "expected",
        "edtf": "2024-04",
        "earliest": "2024-04-01",
        "text": None,
        "speaker": None,
        "due": "2024-04-30",
        "days": -2,
        "parties": ["JP"],
    }
    assert {**item, "group": None}.keys() == {column.name for column in AGENDA}
    promise = describe_item(record, "statements/promise", None, date(2024, 5, 2))
    assert promise | {"item": "statements/promise", "kind": "commitment", "modality": "pending"} == promise
    assert (promise["text"], promise["speaker"], promise["due"], promise["days"]) == ("We will.", "Japan", None, None)


@pytest.mark.parametrize(
    "today", [date(2024, 2, 29), date(2024, 12, 31), date(2024, 4, 1), date.min, date.max], ids=str
)
def test_every_day_is_in_one_group_and_no_other(today: date) -> None:
    spans = group_ranges(today)
    days = {date.min, date(2024, 2, 29), date(2024, 3, 1), date(2024, 4, 30), date(2024, 12, 31), date.max, today}
    for day in days:
        within = [
            name
            for name, span in spans.items()
            if not span.undated and (span.first or date.min) <= day <= (span.last or date.max)
        ]
        is_this_month = (day.year, day.month) == (today.year, today.month)
        assert within == ["overdue" if day < today else "this_month" if is_this_month else "later"], (today, day)
