"""The facets, and the years and months in which an event counts."""

import pytest

from schemas.edtf import bounds
from schemas.facets import FACETS
from service.search.index import facet_keys
from service.search.index.facet_keys import MOST_MONTHS, MOST_YEARS, months_of, years_of
from service.store.search.facets import COUNTED_ONLY


def test_the_facets_of_the_schema_are_those_of_the_index() -> None:
    assert tuple(facet_keys.FACETS) == FACETS
    assert {
        facet_keys.FACETS["year"],
        facet_keys.FACETS["month"],
        facet_keys.TOPIC_SET,
        facet_keys.WITHOUT,
    } == COUNTED_ONLY


@pytest.mark.parametrize(
    ("edtf", "years", "months"),
    [
        ("2024-04-01", ["2024"], ["2024-04"]),
        ("2024-04~", ["2024"], ["2024-04"]),
        ("2024-33", ["2024"], ["2024-01", "2024-02", "2024-03"]),
        ("2023-12/2024-01", ["2023", "2024"], ["2023-12", "2024-01"]),
        ("2024-04/..", ["2024"], ["2024-04"]),
        ("../2024-04", ["2024"], ["2024-04"]),
        ("0099-12", ["0099"], ["0099-12"]),
        ("9999-12-31", ["9999"], ["9999-12"]),
    ],
)
def test_a_date_counts_in_every_year_and_month_that_it_overlaps(edtf: str, years: list[str], months: list[str]) -> None:
    assert (years_of(bounds(edtf)), months_of(bounds(edtf))) == (years, months)


def test_a_long_period_counts_in_its_first_years_and_months() -> None:
    years, months = years_of(bounds("1900/2100")), months_of(bounds("1900/2100"))
    assert (len(years), years[0], len(months), months[-1]) == (MOST_YEARS, "1900", MOST_MONTHS, "1901-12")
