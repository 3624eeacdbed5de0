"""Which of an event's dates it is listed by."""

from datetime import date
from typing import Any

import pytest

from schemas.edtf import Bounds
from service.search.index.features import announced_date, main_date

Dates = list[dict[str, Any]]


def dates(*said: str) -> Dates:
    """Dates from their kind, EDTF and modality: `launched 2024 expected`; what happened needs no third word."""
    words = [(*one.split(), "actual")[:3] for one in said]
    return [{"kind": kind, "edtf": edtf, "modality": modality} for kind, edtf, modality in words]


def day(text: str) -> Bounds:
    """The bounds of one day."""
    return Bounds(date.fromisoformat(text), date.fromisoformat(text))


@pytest.mark.parametrize(
    ("said", "foremost"),
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
def test_the_foremost_date_stands_for_the_event(said: list[str], foremost: str) -> None:
    assert main_date(dates(*said)) == main_date(dates(*reversed(said))) == day(foremost)


@pytest.mark.parametrize(
    ("said", "earliest"),
    [
        (["announced 2024-02-01"], "2024-02-01"),
        (["announced 2024-02-01", "announced 2024-01-01"], "2024-01-01"),
        (["announced 2024-02-01", "reported 2024-01-01"], "2024-02-01"),
        (["reported 2024-02-01", "reported 2024-01-01"], "2024-01-01"),
        (["announced 2024-02-01 expected", "reported 2024-03-01"], "2024-03-01"),
        (["announced ../2020-01-01", "announced 2024-02-01"], "2024-02-01"),
    ],
)
def test_it_was_announced_when_it_first_was_or_else_when_it_was_reported(said: list[str], earliest: str) -> None:
    assert announced_date(dates(*said)) == announced_date(dates(*reversed(said))) == day(earliest)


@pytest.mark.parametrize("said", [[], ["launched 2024"], ["announced 2024 expected", "reported 2024 deadline"]])
def test_what_nobody_announced_or_reported_has_no_such_date(said: list[str]) -> None:
    assert announced_date(dates(*said)) is None


def test_an_event_without_dates_has_no_main_date() -> None:
    assert main_date([]) is None


def test_a_date_spans_all_that_it_can_mean() -> None:
    assert main_date(dates("launched 2024-33")) == Bounds(date(2024, 1, 1), date(2024, 3, 31))
    assert main_date(dates("launched ../2024-04")) == Bounds(None, date(2024, 4, 30))
    assert main_date(dates("launched 2024-04/..")) == Bounds(date(2024, 4, 1), None)
