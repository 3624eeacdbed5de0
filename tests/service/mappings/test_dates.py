"""Dates as trackers write them."""

import pytest

from tests.mappings import faults_of, record_of, refusals_of


def _toml(value: str) -> str:
    return f'[[event.dates]]\nkind = "adopted"\nmodality = "actual"\nedtf = {value}'


def _edtf(value: str, text: str) -> str | None:
    record = record_of(_toml(value), f'day,id\n"{text}",1\n')
    return record["dates"][0]["edtf"] if "dates" in record else None


@pytest.mark.parametrize(
    ("form", "text", "edtf"),
    [
        ("dd/mm/yyyy", "25/12/2008", "2008-12-25"),
        ("mm/dd/yyyy", "12/25/2008", "2008-12-25"),
        ("d.m.yyyy", "5.3.2020", "2020-03-05"),
        ("yyyymmdd", "20200305", "2020-03-05"),
        ("yyyy-mm-dd*", "2020-03-05T10:00:00", "2020-03-05"),
        ("d month yyyy", "5 March 2020", "2020-03-05"),
        ("month d, yyyy", "MARCH 5, 2020", "2020-03-05"),
        ("mon yyyy", "Sept 2020", "2020-09"),
        ("mm/yyyy", "04/2024", "2024-04"),
        ("yyyy", "2024", "2024"),
        ("Qq yyyy", "Q3 2024", "2024-35"),
        ("ended yyyy", "Ended 2024", "2024"),
        ("dd/mm/yy", "25/12/08", "2008-12-25"),
        ("d-mon-yy", "1-Apr-68", "2068-04-01"),
        ("m/d/yy", "4/1/69", "1969-04-01"),
        ("yymmdd", "991231", "1999-12-31"),
        ("'yy", "'00", "2000"),
        ("Qq yy", "Q3 24", "2024-35"),
        ("edtf", "2024-04/2024-06", "2024-04/2024-06"),
    ],
)
def test_a_date_is_as_precise_as_its_format(form: str, text: str, edtf: str) -> None:
    assert _edtf(f'{{ column = "day", date = "{form}" }}', text) == edtf


def test_the_first_matching_format_is_used() -> None:
    value = '{ column = "day", date = ["25/12/yyyy", "dd/mm/yyyy", "yyyy"] }'
    assert [_edtf(value, text) for text in ("25/12/2008", "26/12/2008", "2008")] == ["2008", "2008-12-26", "2008"]


def test_dates_can_be_approximate_and_uncertain() -> None:
    value = '{ column = "day", date = "yyyy", approximate = ["c. yyyy", "about yyyy"], uncertain = "yyyy?" }'
    dates = [_edtf(value, text) for text in ("2008", "c. 2008", "About 2008", "2008?")]
    assert dates == ["2008", "2008~", "2008~", "2008?"]


@pytest.mark.parametrize(
    ("start", "end", "edtf"),
    [
        ("2008", "2010", "2008/2010"),
        ("2008", "2008", "2008"),
        ("2008", "", "2008/"),
        ("", "2010", "/2010"),
    ],
)
def test_two_columns_make_an_interval(start: str, end: str, edtf: str) -> None:
    toml = _toml('{ from = "{start}", to = { column = "end", date = "yyyy" } }')
    assert record_of(toml, f"start,end,id\n{start},{end},1\n")["dates"][0]["edtf"] == edtf


def test_an_empty_date_is_left_out() -> None:
    assert _edtf('{ column = "day", date = "yyyy" }', "") is None
    assert record_of(_toml('{ from = "{start}", to = "{end}" }'), "start,end,id\n,,1\n") == {}


@pytest.mark.parametrize(
    ("value", "text", "problem"),
    [
        (
            '{ column = "day", date = ["dd/mm/yyyy", "yyyy"] }',
            "31/02/2020",
            "is not a date written as dd/mm/yyyy or yyyy.",
        ),
        ('{ column = "day", date = "yyyy" }', "soon", "is not a date written as yyyy."),
    ],
)
def test_an_invalid_date_is_refused(value: str, text: str, problem: str) -> None:
    assert refusals_of(_toml(value), f"day\n{text}\n") == [((2,), [f'day: "{text}" {problem}'])]


def test_an_invalid_date_can_be_left_out() -> None:
    assert _edtf('{ column = "day", date = "yyyy", unknown = "" }', "soon") is None


def test_an_interval_that_ends_before_it_begins_is_refused() -> None:
    [(_, [message])] = refusals_of(_toml('{ from = "{start}", to = "{end}" }'), "start,end\n2020,2010\n")
    assert message.startswith('start, end: "2020/2010" ')


@pytest.mark.parametrize(
    ("form", "message"),
    [
        ("dd/mm", '"dd/mm" has no year'),
        ("yy yyyy", '"yy yyyy" has a part of the date twice.'),
        ("yyyy yyyy", '"yyyy yyyy" has a part of the date twice.'),
        ("dd yyyy", '"dd yyyy" has a day but no month.'),
    ],
)
def test_a_format_without_a_date_is_a_fault_of_the_mapping(form: str, message: str) -> None:
    [fault] = faults_of(_toml(f'{{ column = "day", date = "{form}" }}'))
    assert fault.startswith(f"event.dates[1].edtf.date: {message}")
