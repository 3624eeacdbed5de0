"""The evidence that two records are of one event."""

from datetime import date
from typing import Any

import pytest

from service.events.evidence import FAR, NEAR, Evidence, Span, Traits, days_between, evidence_of
from service.events.titles import compare_titles
from tests.records import a_date, a_record


def a_law(title: str, edtf: str | None = "2020-06-15", *, party: str | None = "JP", **fields: Any) -> Traits:
    participants = [{"name": "Government", "role": "party", "jurisdiction": party}]
    dates = [a_date(edtf)] if edtf else []
    return Traits(a_record(title=title, participants=participants, dates=dates, **fields))


def judge(new: Traits, stored: Traits, *, shares_source: bool = False) -> Evidence:
    """Return the evidence, which is the same in the other direction."""
    evidence = evidence_of(new, stored, shares_source=shares_source)
    assert evidence.is_likely == evidence_of(stored, new, shares_source=shares_source).is_likely
    return evidence


@pytest.mark.parametrize("edtf", ["2020-06-18", "2020-06", "2020-07", "2020", "2019", "2021-06-15", "2021-07-20", None])
def test_one_title_with_another_date_of_about_a_year_is_likely_one_event(edtf: str | None) -> None:
    assert judge(a_law("Renewable Energy Act", edtf), a_law("renewable energy act")).is_likely


@pytest.mark.parametrize("edtf", ["2021-08-15", "2030", "1999-06-15"])
def test_one_title_years_apart_is_another_event(edtf: str) -> None:
    assert not judge(a_law("Renewable Energy Act", edtf), a_law("Renewable Energy Act")).is_likely


def test_one_title_with_one_number_is_one_event_whatever_the_date() -> None:
    stored = a_law("Renewable Energy Act (resolution 62/2009)")
    assert judge(a_law("Renewable Energy Act, Resolution 62/2009", "2009"), stored).is_likely


@pytest.mark.parametrize(
    ("title", "other"),
    [
        ("Third amendment to the water act", "Fourth amendment to the water act"),
        ("Budget act 2021", "Budget act 2022"),
        ("Budget act 2020", "Budget act 2019"),  # one of them is the year of the date
        ("Act no. 117 of 2010 on biofuels", "Act no. 118 of 2010 on biofuels"),
        ("Tariffs on steel from Korea", "Tariffs on steel from Turkey"),
        ("Solar auction, phase II", "Solar auction"),
        ("Climate change act", "Climate change (Scotland) act"),
        ("Loi de finances rectificative", "Loi de finances"),
        ("Gesetz zum Ausbau der Windkraft", "Gesetz zum Ausbau der Wasserkraft"),
    ],
)
def test_titles_of_a_series_are_of_several_events(title: str, other: str) -> None:
    assert not judge(a_law(title), a_law(other)).is_likely


@pytest.mark.parametrize(
    ("title", "party", "is_likely"),
    [
        ("Renewable Energy Act", "JP", True),
        ("Renewable Energy Act of Japan", "JP", True),
        ("Renewable Energy Act", "KR", False),
        ("Renewable Energy Act", None, False),
    ],
)
def test_a_title_counts_for_the_same_party(title: str, party: str | None, *, is_likely: bool) -> None:
    assert judge(a_law(title, party=party), a_law("Renewable Energy Act")).is_likely is is_likely


@pytest.mark.parametrize(
    ("title", "party"),
    [
        ("Clean Power Plan of the United States of America", "US"),
        ("Clean Power Plan for Great Britain", "GB"),
        ("Republic of Korea: Clean Power Plan", "KR"),
        ("California Clean Power Plan", "US-CA"),
    ],
)
def test_any_name_of_the_party_is_implied_by_it(title: str, party: str) -> None:
    assert judge(a_law(title, party=party), a_law("Clean Power Plan", party=party)).is_likely
    assert not judge(a_law(title, party="JP"), a_law("Clean Power Plan", party="JP")).is_likely


def test_events_without_parties_are_compared_with_each_other() -> None:
    assert judge(a_law("Renewable Energy Act", party=None), a_law("Renewable Energy Act", party=None)).is_likely


def test_a_name_counts_as_a_title_but_not_against_the_numbers_of_titles() -> None:
    named: dict[str, Any] = {"names": [{"value": "Energy Act", "kind": "common"}]}
    assert judge(a_law("Energy Act Japan (2020)", **named), a_law("Energy Act")).is_likely
    assert not judge(a_law("Energy Act (2020)", **named), a_law("Energy Act (2021)", **named)).is_likely


@pytest.mark.parametrize(
    ("title", "edtf", "is_likely"),
    [
        ("Energy Strategy (2020)", "2021-02", True),  # the year of the other date
        ("Energy Strategy 2021", "2021-02", False),
        ("Energy Strategy 2030", "2020-06", True),
        ("Energy Strategy 2030", "2021-02", False),
    ],
)
def test_a_number_in_one_title_alone_needs_a_near_date(title: str, edtf: str, *, is_likely: bool) -> None:
    assert judge(a_law(title, edtf), a_law("Energy Strategy")).is_likely is is_likely


def test_one_number_outweighs_other_words() -> None:
    stored = a_law("Law no 9366 on Railroad Electrification")
    assert judge(a_law("Law 9366 on Railway Electrification"), stored).is_likely
    assert not judge(a_law("Law on Railway Electrification"), stored).is_likely
    assert not judge(a_law("Amendment of Law 9366 on Railroad Electrification"), stored).is_likely
    assert not judge(a_law("Law 9366 on Railway Electrification", "2025"), stored).is_likely


def test_an_external_id_that_a_title_names_outweighs_most_words() -> None:
    stored = a_law("HB 374: Clean Water Act")
    bill = [{"scheme": "bill", "value": "HB-374"}]
    assert judge(a_law("An act for water that is clean", external_ids=bill), stored).is_likely
    assert not judge(a_law("An act for roads and rails", external_ids=bill), stored).is_likely
    assert not judge(
        a_law("An act for water that is clean", external_ids=[{"scheme": "bill", "value": "HB-375"}]), stored
    ).is_likely


def test_a_tracker_that_has_both_tells_them_apart_unless_they_have_one_title() -> None:
    ids = [[{"scheme": "tracker", "value": value}] for value in "ab"]
    stored = a_law("Energy Strategy", external_ids=ids[0])
    assert not judge(a_law("Energy Strategy 2030", external_ids=ids[1]), stored).is_likely
    assert judge(a_law("Energy Strategy", external_ids=ids[1]), stored).is_likely
    assert not judge(a_law("Water", external_ids=ids[1]), stored, shares_source=True).is_likely


@pytest.mark.parametrize(
    ("title", "edtf", "is_likely"),
    [
        ("Quite another title", "2020-06-15", True),
        ("Quite another title", None, True),
        ("Quite another title", "2020-09-15", False),
        ("Energy Act 12", "2020-06-15", False),
    ],
)
def test_a_common_source_counts_for_the_same_days_and_numbers(title: str, edtf: str | None, *, is_likely: bool) -> None:
    assert judge(a_law(title, edtf), a_law("Energy Act 11"), shares_source=True).is_likely is is_likely


JUNE = (date(2020, 6, 1), date(2020, 6, 30))


@pytest.mark.parametrize(
    ("other", "days"),
    [
        ((date(2020, 6, 30), date(2020, 7, 5)), 0),
        ((date(2020, 7, 3), date(2020, 7, 5)), 3),
        ((date(2020, 5, 1), date(2020, 5, 30)), 2),
        ((None, None), None),
    ],
)
def test_days_between_spans(other: Span, days: int | None) -> None:
    assert days_between(JUNE, other) == days_between(other, JUNE) == days


def test_the_likelier_of_two_has_more_in_common() -> None:
    same = compare_titles("Energy Act", "Energy Act")
    ranked = [
        Evidence(same, gap=0, shares_source=True),
        Evidence(same, gap=FAR, alike=3),
        Evidence(same, gap=0, alike=1),
        Evidence(same, gap=NEAR, alike=1),
        Evidence(compare_titles("Energy Act 12", "Energy Act"), gap=0, alike=5),
    ]
    assert sorted(ranked, key=lambda one: one.rank, reverse=True) == ranked
