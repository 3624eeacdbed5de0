"""Figures: flat, and summed only where that makes sense."""

from decimal import Decimal
from typing import Any

import pytest

from service.events.figures import figure_filter_of, flat_figures, period_type, sums_of
from service.exports.table_columns import FIGURES
from service.search.filters.parser import filter_of_text
from service.store.events.figures import FigureGroup
from tests.factories import a_full_event
from tests.records import ID, a_record


def amounts(value: str, count: int = 1, inexact: int = 0, **changes: Any) -> FigureGroup:
    fields: dict[str, Any] = {
        "measure": "investment",
        "currency": "EUR",
        "unit": None,
        "value_type": "actual",
        "period": "2020",
    }
    number = Decimal(value)
    values = dict.fromkeys(("sum", "sum_max", "least", "greatest"), number)
    return FigureGroup(**fields | changes | values, count=count, inexact=inexact)


def sums(*groups: FigureGroup) -> list[str | None]:
    return [group["sum"] for group in sums_of(groups)]


def test_a_figure_stands_with_its_event_its_subject_its_period_and_its_source() -> None:
    record = a_record(
        **a_full_event(
            citations=[
                {"fact": "figures/budget", "source": "wire", "stance": "contradicts"},
                {"fact": "figures/budget", "source": "report", "stance": "supports", "quote": {"exact": "almost 20"}},
                {"fact": "figures/budget", "source": "wire", "stance": "supports"},
            ]
        )
    )
    budget, share = [figure for _, figure in flat_figures(record, None)]
    assert list(budget) == [column.name for column in FIGURES]
    assert budget == {
        "event_id": ID,
        "event_title": "A policy",
        "event_type": "agreement",
        "event_status": "planned",
        "event_date": "2024-04-02",
        "event_date_earliest": "2024-04-02",
        "event_date_latest": "2024-04-02",
        "figure_id": "budget",
        "measure": "budget",
        "label": "Budget",
        "comparator": "equal",
        "value": "19.8",
        "value_max": None,
        "currency": "EUR",
        "unit": None,
        "value_type": "estimate",
        "period": "2024",
        "period_earliest": "2024-01-01",
        "period_latest": "2024-12-31",
        "subject": "jp",
        "subject_name": "Japan",
        "subject_jurisdiction": "JP",
        "as_reported": "almost 20",
        "source_title": "Report",
        "source_publisher": "Press",
        "source_url": "https://example.org/report",
        "source_published": "2024-04-03",
        "quote": "almost 20",
    }
    unknown = ("subject", "subject_name", "period", "period_earliest", "source_title", "quote")
    assert (share["figure_id"], {share[name] for name in unknown}) == ("share", {None})


@pytest.mark.parametrize(
    ("query", "places"),
    [
        ("", [0, 1]),
        ("party=JP", [0, 1]),
        ("figure_measure=market_share", [1]),
        ("figure_currency=EUR,USD&party=JP", [0]),
        ("figure_unit=%25", [1]),
        ("figure_min=20", [1]),
        ("figure_max=19.8", [0]),
        ("figure_measure=budget&figure_min=20", []),
    ],
)
def test_what_a_filter_asks_of_a_figure_selects_figures(query: str, places: list[int]) -> None:
    figure_filter = figure_filter_of(filter_of_text(query))
    assert [place for place, _ in flat_figures(a_record(**a_full_event()), figure_filter)] == places


@pytest.mark.parametrize(
    ("query", "matches"),
    [
        ("figure_min=15", True),
        ("figure_min=15.1", False),
        ("figure_max=10", True),
        ("figure_max=9.9", False),
        ("figure_min=11&figure_max=12", True),
        ("figure_min=1&figure_max=100", True),
    ],
)
def test_a_range_matches_what_it_overlaps(query: str, *, matches: bool) -> None:
    figures = [{"measure": "budget", "value": "10", "value_max": "15", "currency": "EUR"}]
    record = a_record(**a_full_event(figures=figures, citations=[]))
    assert bool(list(flat_figures(record, figure_filter_of(filter_of_text(query))))) is matches


@pytest.mark.parametrize(
    ("period", "kind"),
    [
        (None, None),
        ("2024", "year"),
        ("2024~", "year"),
        ("2024-04", "month"),
        ("2024-04?", "month"),
        ("2024-22", "season"),
        ("2024-33", "quarter"),
        ("2024-38", "third"),
        ("2024-41", "half"),
        ("2024-04-01", "day"),
        ("2024-04-01T09:30:00Z", "day"),
        ("2024-01/2024-06", "interval"),
        ("2024/..", "interval"),
        ("201X", "range"),
        ("2024-XX", "range"),
        ("2024-04-XX", "range"),
    ],
)
def test_a_period_is_of_a_type(period: str | None, kind: str | None) -> None:
    assert period_type(period) == kind


def test_what_agrees_is_summed_exactly() -> None:
    [group] = sums_of([amounts("0.1", count=2, inexact=1), amounts("1" + "0" * 29 + ".2", period="2021")])
    assert group == {
        "measure": "investment",
        "currency": "EUR",
        "unit": None,
        "value_type": "actual",
        "period_type": "year",
        "count": 3,
        "inexact": 1,
        "sum": "1" + "0" * 29 + ".3",
        "sum_max": "1" + "0" * 29 + ".3",
        "least": "0.1",
        "greatest": "1" + "0" * 29 + ".2",
    }


@pytest.mark.parametrize(
    "other",
    [
        {"measure": "budget"},
        {"currency": "USD"},
        {"currency": None, "unit": "GWh"},
        {"value_type": "target"},
        {"value_type": None},
        {"period": "2020-04"},
        {"period": None},
    ],
)
def test_what_differs_is_not_sums_of(other: dict[str, Any]) -> None:
    assert sums(amounts("1"), amounts("2", **other)) in (["1", "2"], ["2", "1"])


@pytest.mark.parametrize(
    "changes",
    [
        {"measure": "market_share", "currency": None, "unit": "%"},
        {"measure": "price"},
        {"measure": "duration", "currency": None, "unit": "years"},
        {"measure": "growth", "currency": None, "unit": "Percent"},
        {"measure": "count", "currency": None, "unit": None},
    ],
)
def test_what_does_not_add_up_has_no_sum_but_its_extremes(changes: dict[str, Any]) -> None:
    [group] = sums_of([amounts("1", **changes), amounts("20", **changes | {"period": "2021"})])
    assert (group["sum"], group["least"], group["greatest"], group["count"]) == (None, "1", "20", 2)


@pytest.mark.parametrize(
    ("periods", "total"),
    [
        (("2019/2023", "2020/2024"), "3"),
        (("2021-02-15/2021-03-14", "2021-03-15/2021-04-14"), "3"),
        (("201X", "202X"), "3"),
        (("2021/..", "2021/.."), "3"),
        (("2021/2027", "2020-01/2020-06"), None),
        (("2021/..", "2022/.."), None),
        (("2021/9999", "2022/9999"), None),
        (("201X", "2024-XX"), None),
    ],
)
def test_intervals_are_summed_where_all_are_as_long(periods: tuple[str, str], total: str | None) -> None:
    [group] = sums_of([amounts("1", period=periods[0]), amounts("2", period=periods[1])])
    assert (group["sum"], group["least"], group["greatest"]) == (total, "1", "2")


def test_numbers_are_written_as_a_record_writes_them() -> None:
    assert sums(amounts("1E+3"), amounts("-2.50", measure="cost"), amounts("0.00", measure="budget")) == [
        "0",
        "-2.5",
        "1000",
    ]
