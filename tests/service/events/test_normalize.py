"""Normalization: from the content of a request to the stored record."""

from copy import deepcopy
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from schemas.events import EventSchema, NewEventSchema
from service.events.normalize import is_unchanged, normalize, timestamp
from service.events.patch import merge_patch
from tests.factories import a_full_event, an_event

ID = "01980000-0000-7000-8000-000000000000"
MONDAY = datetime(2024, 4, 1, 9, 30, tzinfo=UTC)
TUESDAY = MONDAY + timedelta(days=1)

Record = dict[str, Any]


def normalized(event: Record, now: datetime = MONDAY, before: Record | None = None) -> Record:
    """Return the record of the fields."""
    return normalize(NewEventSchema().load(event), id=ID, now=now, before=before)


def test_a_first_version_has_every_key_and_the_computed_fields() -> None:
    record = normalized(an_event())
    assert record.keys() == EventSchema().fields.keys()
    monday = "2024-04-01T09:30:00.000000Z"
    computed = ("id", "verification", "version", "created_at", "updated_at", "content_changed_at", "record_state")
    assert {name: record[name] for name in (*computed, "merged_into")} == {
        "id": ID,
        "verification": "single_source",
        "version": 1,
        "created_at": monday,
        "updated_at": monday,
        "content_changed_at": monday,
        "record_state": "active",
        "merged_into": None,
    }


@pytest.mark.parametrize(
    ("changes", "content_changed"),
    [
        ({"tags": ["new"]}, False),
        ({"external_ids": [{"scheme": "x", "value": "1"}]}, False),
        ({"tags": ["new"], "external_ids": []}, False),
        ({"change": {"kind": "correction", "reason": "So."}}, False),
        ({"title": "New"}, True),
        ({"summary": None}, True),
        ({"tags": ["new"], "lang": "de"}, True),
        ({"sources": [{"id": "report", "type": "report"}]}, True),
    ],
)
def test_the_next_version_follows_the_previous_one(changes: Record, *, content_changed: bool) -> None:
    event = an_event(summary="Short", external_ids=[{"scheme": "x", "value": "0"}])
    before = normalized(event)
    after = normalized(event | changes, TUESDAY, before)
    assert (after["version"], after["created_at"], after["updated_at"]) == (2, before["created_at"], timestamp(TUESDAY))
    assert after["content_changed_at"] == timestamp(TUESDAY if content_changed else MONDAY)


def test_computed_fields_are_no_change() -> None:
    before = normalized(a_full_event())
    assert is_unchanged(normalized(a_full_event(change={"kind": "correction"}), TUESDAY, before), before)
    assert is_unchanged(normalized(deepcopy(before), TUESDAY, before), before)


@pytest.mark.parametrize("field", sorted(NewEventSchema().fields.keys() - {"change"}))
def test_every_field_that_a_client_sends_counts_as_a_change(field: str) -> None:
    before = normalized(a_full_event(citations=[]))
    altered = before | {field: [] if isinstance(before[field], list) else "something else"}
    if altered[field] == before[field]:
        altered[field] = ["something else"]
    assert not is_unchanged(altered, before)


def test_the_order_of_a_list_counts() -> None:
    before = normalized(an_event(tags=["a", "b"]))
    assert not is_unchanged(normalized(an_event(tags=["b", "a"]), TUESDAY, before), before)


def test_dates_get_their_first_and_last_possible_day() -> None:
    dates = [
        {"kind": "launched", "edtf": edtf, "modality": "expected"}
        for edtf in ("2024-04-01", "2024-33", "2024/..", "../2024-02")
    ]
    days = [(date["earliest"], date["latest"]) for date in normalized(an_event(dates=dates))["dates"]]
    assert days == [
        ("2024-04-01", "2024-04-01"),
        ("2024-01-01", "2024-03-31"),
        ("2024-01-01", None),
        (None, "2024-02-29"),
    ]


@pytest.mark.parametrize(
    ("part", "members", "ids"),
    [
        ("participants", ["European Commission", "Müller & Söhne", "日本", "日本", "---"], [
            "european-commission", "muller-sohne", "unnamed", "unnamed-2", "unnamed-3"]),
        ("participants", ["x" * 300, "x" * 300], ["x" * 48, "x" * 48 + "-2"]),
        ("participants", ["\uff2aapan", "_Japan_", "JAPAN 2"], ["japan", "japan-2", "japan-2-2"]),
    ],
)  # fmt: skip
def test_a_participant_without_an_id_gets_one_from_its_name(part: str, members: list[str], ids: list[str]) -> None:
    event = an_event(**{part: [{"name": name, "role": "party"} for name in members]})
    assert [member["id"] for member in normalized(event)[part]] == ids


def test_a_generated_id_avoids_the_ids_of_the_request() -> None:
    event = an_event(participants=[{"name": "Japan", "role": "party"}, {"id": "japan", "name": "It", "role": "host"}])
    assert [who["id"] for who in normalized(event)["participants"]] == ["japan-2", "japan"]


def test_parts_get_ids_from_their_content() -> None:
    record = normalized(
        an_event(
            figures=[
                {"measure": "budget", "value": "1", "subject": "jp", "period": "2024/2025"},
                {"measure": "count", "value": "1"},
            ],
            statements=[{"text": "So.", "speaker": "jp", "kind": "opinion"}, {"text": "So."}],
            sources=[{"type": "report", "publisher": "NIKKEI Asia"}, {"type": "report"}],
            names=[{"value": "x", "kind": "short"}, {"value": "y"}],
            dates=[{"kind": "in_force", "edtf": "2024", "modality": "actual"}],
        )
    )
    parts = ("figures", "statements", "sources", "names", "dates")
    assert {part: [member["id"] for member in record[part]] for part in parts} == {
        "figures": ["jp-budget-2024-2025", "count"],
        "statements": ["jp-opinion", "statement"],
        "sources": ["nikkei-asia", "report"],
        "names": ["short", "name"],
        "dates": ["in-force"],
    }


@pytest.mark.parametrize(
    ("instant", "text"),
    [
        (MONDAY, "2024-04-01T09:30:00.000000Z"),
        (MONDAY.replace(microsecond=7), "2024-04-01T09:30:00.000007Z"),
        (datetime(2024, 4, 1, 1, tzinfo=timezone(timedelta(hours=9))), "2024-03-31T16:00:00.000000Z"),
    ],
)
def test_an_instant_is_written_in_utc_to_the_microsecond(instant: datetime, text: str) -> None:
    assert timestamp(instant) == text


@pytest.mark.parametrize(
    ("target", "patch", "result"),
    [
        # The examples of RFC 7396, appendix A.
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        (["a", "b"], ["c", "d"], ["c", "d"]),
        ({"a": "b"}, ["c"], ["c"]),
        ({"a": "foo"}, None, None),
        ({"a": "foo"}, "bar", "bar"),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_a_merge_patch_follows_rfc_7396(target: Any, patch: Any, result: Any) -> None:
    copy = deepcopy(target)
    assert merge_patch(target, patch) == result
    assert target == copy
