"""The main date of an event."""

from datetime import date
from typing import Any

import pytest

from schemas.edtf import Bounds
from service.search.index.features import announced_date, main_date

Dates = list[dict[str, Any]]


def dates(*entries: str) -> Dates:
    """Return dates of texts such as `launched 2024 expected`: kind, EDTF and modality, `actual` without it."""
    words = [(*one.split(), "actual")[:3] for one in entries]
    return [{"kind": kind, "edtf": edtf, "modality": modality} for kind, edtf, modality in words]


def day(text: str) -> Bounds:
    """Return the bounds of one day."""
    return Bounds(date.fromisoformat(text), date.fromisoformat(text))


@pytest.mark.parametrize(
    ("entries", "foremost"),
    [
        # What happened goes before what is only expected or due.
        (["reported 2024-01-01", "launched 2023-01-01 expected"], "2024-01-01"),
        (["other 2024-01-01", "signed 2023-01-01 deadline"], "2024-01-01"),
        # Then the kind decides.
        (["reported 2020-01-01", "launched 2024-01-01"], "2024-01-01"),
        (["signed 2020-01-01", "launched 2024-01-01"], "2024-01-01"),
        (["agreed 2020-01-01", "adopted 2024-01-01"], "2024-01-01"),
        (["announced 2024-01-01", "published 2020-01-01"], "2024-01-01"),
        (["in_force 2020-01-01", "announced 2024-01-01"], "2024-01-01"),
        (["proposed 2024-01-01", "reported 2020-01-01"], "2024-01-01"),
        (["meeting 2020-01-01", "reported 2024-01-01"], "2024-01-01"),
        # Then the earliest.
        (["launched 2024-01-01", "launched 2023-01-01"], "2023-01-01"),
        (["ends 2024-01-01", "review 2023-01-01"], "2023-01-01"),
        (["launched ../2020-01-01", "launched 2024-01-01"], "2024-01-01"),
        (["launched 2025-01-01 expected", "due 2020-01-01 deadline"], "2025-01-01"),
    ],
)
def test_the_foremost_date_is_the_main_date(entries: list[str], foremost: str) -> None:
    assert main_date(dates(*entries)) == main_date(dates(*reversed(entries))) == day(foremost)


@pytest.mark.parametrize(
    ("entries", "earliest"),
    [
        (["announced 2024-02-01"], "2024-02-01"),
        (["announced 2024-02-01", "announced 2024-01-01"], "2024-01-01"),
        (["announced 2024-02-01", "reported 2024-01-01"], "2024-02-01"),
        (["reported 2024-02-01", "reported 2024-01-01"], "2024-01-01"),
        (["announced 2024-02-01 expected", "reported 2024-03-01"], "2024-03-01"),
        (["announced ../2020-01-01", "announced 2024-02-01"], "2024-02-01"),
    ],
)
def test_the_announced_date_is_the_earliest_or_else_the_reported_one(entries: list[str], earliest: str) -> None:
    assert announced_date(dates(*entries)) == announced_date(dates(*reversed(entries))) == day(earliest)


@pytest.mark.parametrize("entries", [[], ["launched 2024"], ["announced 2024 expected", "reported 2024 deadline"]])
def test_an_event_that_was_not_announced_or_reported_has_no_such_date(entries: list[str]) -> None:
    assert announced_date(dates(*entries)) is None


def test_an_event_without_dates_has_no_main_date() -> None:
    assert main_date([]) is None


def test_a_main_date_has_the_bounds_of_its_edtf_text() -> None:
    assert main_date(dates("launched 2024-33")) == Bounds(date(2024, 1, 1), date(2024, 3, 31))
    assert main_date(dates("launched ../2024-04")) == Bounds(None, date(2024, 4, 30))
    assert main_date(dates("launched 2024-04/..")) == Bounds(date(2024, 4, 1), None)
