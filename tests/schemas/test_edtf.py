"""EDTF dates against values worked out by hand, and against the `edtf` package as an oracle."""

from datetime import date
from math import inf

import edtf
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from schemas.edtf import MAX_LENGTH, Bounds, EdtfError, bounds

#: The same examples on every run, and few: the oracle takes milliseconds for each.
steadily = settings(derandomize=True, deadline=None, max_examples=150)
#: The same without the oracle.
steadily_and_often = settings(steadily, max_examples=1000)


def days(earliest: str | None, latest: str | None) -> Bounds:
    """Return bounds from days as ISO writes them."""
    return Bounds(*(None if end is None else date.fromisoformat(end) for end in (earliest, latest)))


def oracle_bounds(text: str) -> Bounds:
    """Return the strict bounds by the `edtf` package, its infinities as None."""
    parsed = edtf.parse_edtf(text)
    return Bounds(
        *(None if end in (-inf, inf) else date(*end[:3]) for end in (parsed.lower_strict(), parsed.upper_strict()))
    )


years = st.integers(1, 9999).map("{:04}".format)
months = st.integers(1, 12).map("{:02}".format)
qualifiers = st.sampled_from(["", "?", "~", "%"])
iso_days = st.dates().map(date.isoformat)
iso_months = st.builds("{}-{}".format, years, months)
seasons = st.builds("{}-{}".format, years, st.integers(21, 24))
groups = st.builds("{}-{}".format, years, st.integers(33, 41))
vague_years = st.integers(1, 999).map("{:03}X".format) | st.integers(1, 99).map("{:02}XX".format)
vague_months = st.builds("{}-XX{}".format, years, st.sampled_from(["", "-XX"]))
vague_days = st.builds("{}-XX".format, iso_months)

plain = years | iso_months | iso_days
vague = vague_years | vague_months | vague_days
qualified = st.builds("{}{}".format, plain | vague, qualifiers)
singles = qualified | st.builds("{}{}".format, seasons | groups, qualifiers)

times = st.times().map(lambda time: time.replace(microsecond=0).isoformat())
zones = st.sampled_from(["", "Z", "+02", "-05:00", "+13:45", "-00:30", "+14:00"])
date_times = st.builds("{}T{}{}".format, iso_days, times, zones)

#: Dates that the oracle reads within an interval: no quarters, and an X only in a year opposite an unqualified date.
interval_ends = st.builds("{}{}".format, plain | seasons, qualifiers)


def first_day(single: str) -> date:
    """Return the first day of a date that is not an interval."""
    return bounds(single).earliest or date.min


def last_day(single: str) -> date:
    """Return the last day of a date that is not an interval."""
    return bounds(single).latest or date.max


def ordered_interval(*ends: str) -> str:
    """Return the interval of two dates, the one that begins earlier first."""
    return "/".join(sorted(ends, key=first_day))


def answer(text: str) -> Bounds | str:
    """Return the bounds of a text, or the sentence that refuses it."""
    try:
        return bounds(text)
    except EdtfError as refused:
        return str(refused)


@steadily
@given(qualified | seasons | groups)
@example("2024-02")
@example("1900-02-XX")
@example("9999")
def test_a_date_has_the_bounds_that_the_edtf_package_gives_it(text: str) -> None:
    assert bounds(text) == oracle_bounds(text)


@steadily
@given(date_times)
@example("2024-04-01T24:00:00Z")
def test_a_date_time_is_the_day_that_the_edtf_package_gives_it(text: str) -> None:
    assert bounds(text) == oracle_bounds(text) == days(text[:10], text[:10])


@steadily
@given(
    st.builds(ordered_interval, interval_ends, interval_ends)
    | st.builds(ordered_interval, vague_years, plain | seasons)
)
def test_an_interval_has_the_bounds_that_the_edtf_package_gives_it(text: str) -> None:
    assert bounds(text) == oracle_bounds(text)


@steadily
@given(st.builds("{}/..".format, interval_ends) | st.builds("../{}".format, interval_ends))
def test_an_open_interval_has_the_one_bound_that_the_edtf_package_gives_it(text: str) -> None:
    assert bounds(text) == oracle_bounds(text)


@steadily
@given(singles)
def test_an_unknown_end_bounds_nothing(text: str) -> None:
    """The `edtf` package differs: it places an unknown end ten years away."""
    ends = bounds(text)
    assert bounds(f"{text}/") == Bounds(ends.earliest, None)
    assert bounds(f"/{text}") == Bounds(None, ends.latest)


@steadily
@given(singles, singles)
def test_an_interval_runs_from_the_first_day_of_its_start_to_the_last_day_of_its_end(one: str, other: str) -> None:
    """The `edtf` package cannot read these within an interval: quarters, seasons and an X on both sides."""
    start, end = ordered_interval(one, other).split("/")
    assert bounds(f"{start}/{end}") == Bounds(first_day(start), last_day(end))


@steadily
@given(seasons | groups, qualifiers)
def test_a_qualifier_does_not_move_the_bounds_of_a_season_or_quarter(text: str, qualifier: str) -> None:
    """The `edtf` package refuses a qualified season outside an interval."""
    assert bounds(text + qualifier) == bounds(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024", days("2024-01-01", "2024-12-31")),
        ("0001", days("0001-01-01", "0001-12-31")),
        ("2023-02", days("2023-02-01", "2023-02-28")),
        ("2024-02-XX~", days("2024-02-01", "2024-02-29")),
        ("2024-02-29", days("2024-02-29", "2024-02-29")),
        ("201X%", days("2010-01-01", "2019-12-31")),
        ("20XX", days("2000-01-01", "2099-12-31")),
        ("2004-XX", days("2004-01-01", "2004-12-31")),
        ("1985-XX-XX?", days("1985-01-01", "1985-12-31")),
        ("2024-21", days("2024-03-01", "2024-05-31")),
        ("2024-22", days("2024-06-01", "2024-08-31")),
        ("2024-23", days("2024-09-01", "2024-11-30")),
        ("2024-24", days("2024-12-01", "2024-12-31")),
        ("2024-33", days("2024-01-01", "2024-03-31")),
        ("2024-34", days("2024-04-01", "2024-06-30")),
        ("2024-35", days("2024-07-01", "2024-09-30")),
        ("2024-36", days("2024-10-01", "2024-12-31")),
        ("2024-37", days("2024-01-01", "2024-04-30")),
        ("2024-39", days("2024-09-01", "2024-12-31")),
        ("2024-40", days("2024-01-01", "2024-06-30")),
        ("2024-41", days("2024-07-01", "2024-12-31")),
        ("2024-33/2024-35?", days("2024-01-01", "2024-09-30")),
        ("2004-XX/2005", days("2004-01-01", "2005-12-31")),
        ("2024-04/2024-04-15", days("2024-04-01", "2024-04-15")),
        ("2024-04/..", days("2024-04-01", None)),
        ("../2024-04~", days(None, "2024-04-30")),
        ("2024/", days("2024-01-01", None)),
        ("/2024", days(None, "2024-12-31")),
        ("2024-04-01T23:59:59-11:00", days("2024-04-01", "2024-04-01")),
        # The `edtf` package refuses this zone, Python's spelling of UTC.
        ("2024-04-01T09:00:00+00:00", days("2024-04-01", "2024-04-01")),
    ],
)
def test_a_date_has_the_bounds_worked_out_by_hand(text: str, expected: Bounds) -> None:
    assert bounds(text) == expected


@pytest.mark.parametrize(
    ("text", "fragment"),
    [
        ("", "leave an unknown date out"),
        ("/", "leave an unknown date out"),
        ("..", "leave an unknown date out"),
        ("../..", "leave an unknown date out"),
        ("../", "leave an unknown date out"),
        ("2024" * 17, f"at most {MAX_LENGTH} characters"),
        ("2024/2025/2026", "more than one slash"),
        ("2024/2023", "'2024/2023' ends before it begins"),
        ("2024-04-02/2024-04-01", "ends before it begins"),
        # The `edtf` package accepts these: it counts 29 days in every February.
        ("2023-02-29", "'2023-02-29' is not in the calendar; that month ends on 2023-02-28"),
        ("1900-02-29/2024", "that month ends on 1900-02-28"),
        ("2023-02-29T09:00:00Z", "that month ends on 2023-02-28"),
        ("2024-04-31", "that month ends on 2024-04-30"),
        ("2024-04-00", "not in the calendar"),
        ("2024-13", "has 13 for a month"),
        ("2024-00-XX", "has 00 for a month"),
        ("2024-25", "has 25 for a month"),
        ("2024-32/..", "has 32 for a month"),
        ("2024-42", "has 42 for a month"),
        ("2024-21-01", "a day in a season"),
        ("2024-33-XX", "a day in a season"),
        ("0000", "the year 0000"),
        ("00XX", "the year 0000"),
        ("000X/2024", "the year 0000"),
        ("-0044", "outside 0001 to 9999"),
        ("-0044-03-15/2024", "outside 0001 to 9999"),
        ("Y170000002", "outside 0001 to 9999"),
        ("Y-17E7", "outside 0001 to 9999"),
        ("+12024", "outside 0001 to 9999"),
        ("2XXX", "X in the wrong place"),
        ("XXXX", "X in the wrong place"),
        ("20X4", "X in the wrong place"),
        ("201X-04", "X in the wrong place"),
        ("2004-1X", "X in the wrong place"),
        ("2004-XX-15", "X in the wrong place"),
        ("2024-04-01T09:00", "is not a date-time"),
        ("2024-04-01T25:00:00Z", "is not a date-time"),
        ("2024-04-01T24:00:01Z", "is not a date-time"),
        ("2024-04-01T23:59:60Z", "is not a date-time"),
        ("2024-04-01T09:00:00.5Z", "is not a date-time"),
        ("2024-04-01T09:00:00-00:00", "is not a date-time"),
        ("2024-04-01T09:00:00+14:30", "is not a date-time"),
        ("2024-04-01T09:00:00Z?", "is not a date-time"),
        ("2024-04-01T09:00:00Z/..", "not within an interval"),
        ("[2024,2025]", "a set of dates"),
        ("{2024..2026}", "a set of dates"),
        ("2024?-04-01", "is not an EDTF date"),
        ("2024-04?~", "is not an EDTF date"),
        ("2024/..?", "is not an EDTF date"),
        ("1950S2", "is not an EDTF date"),
        ("20240401", "is not an EDTF date"),
        ("2024-4", "is not an EDTF date"),
        ("24", "is not an EDTF date"),
        (" 2024", "is not an EDTF date"),
        ("2024\n", r"'2024\n' is not an EDTF date"),
        ("2024-04-01T09:00:00Z\n", "is not a date-time"),
        ("\u0662\u0660\u0662\u0664", "is not an EDTF date"),
        ("2024-0\u0664", "is not an EDTF date"),
        ("2024\u201304", "is not an EDTF date"),
        ("April 2024", "is not an EDTF date"),
    ],
)
def test_a_text_that_is_not_a_date_is_refused_with_a_reason(text: str, fragment: str) -> None:
    with pytest.raises(EdtfError) as refused:
        bounds(text)
    assert fragment in str(refused.value)


@steadily
@given(singles, singles)
def test_an_interval_that_ends_before_it_begins_is_refused(one: str, other: str) -> None:
    earlier, later = ordered_interval(one, other).split("/")
    assume(first_day(later) > last_day(earlier))
    assert "ends before it begins" in str(answer(f"{later}/{earlier}"))


anything = st.text(st.characters(exclude_categories=())) | st.text("0123456789X-/.?~%TZ:+Y \n\u0664", max_size=30)


@steadily_and_often
@given(anything | st.builds("{}{}{}".format, singles | date_times, anything, singles))
def test_any_text_has_bounds_in_order_or_is_refused_with_a_printable_sentence(text: str) -> None:
    match answer(text):
        case str(sentence):
            assert sentence.isprintable()
        case Bounds(earliest, latest):
            assert earliest or latest
            assert (earliest or date.min) <= (latest or date.max)
