"""Faults of a mapping: all reported at once, each with its path in the file."""

import copy
import tomllib
from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.errors import Invalid
from service.mappings import Mapping, load_mapping, parse_mapping
from service.mappings.loader import compile_mapping
from tests.mappings import MAPPINGS, faults_of

steadily = settings(derandomize=True, deadline=None, max_examples=150)


@pytest.mark.parametrize(
    ("toml", "faults"),
    [
        ("evnt = 1", ['evnt: is not a known key here. Did you mean "event"?']),
        ("file.skip_lines = 99999999999999999999", ["file.skip_lines: must be 1000000000000000000 at most."]),
        ('event.titel = "x"', ['event.titel: is not a known key here. Did you mean "title"?']),
        (
            "event.title = 1",
            ['event.title: must be a text such as "{column}", or a table such as { column = "…", table = "…" }.'],
        ),
        (
            'event.title = { colum = "x" }',
            [
                'event.title.colum: is not a known key here. Did you mean "column"?',
                "event.title: needs one of column, text or first_of, or from and to.",
            ],
        ),
        (
            'event.title = { column = "x", text = "y" }',
            ["event.title: needs one of column, text or first_of, or from and to."],
        ),
        ('event.title = "{x"', ['event.title: has an unmatched "{"; write {{ for the character.']),
        ('event.title = "[x]"', ["event.title: has no column in its [ ]; write [[ and ]] for the characters."]),
        ('event.title = "[{x}"', ['event.title: has an unclosed "["; write [[ for the character.']),
        ('event.title = "{}"', ["event.title: names no column."]),
        (
            'event.title = { column = "x", rows = "last" }',
            ["event.title.rows: needs a [group], by which several rows make one event."],
        ),
        (
            'event.title = { column = "x", unknown = "" }',
            ["event.title.unknown: needs one of find, table, date, number, as beside it."],
        ),
        (
            'event.title = { column = "x", times = 2 }',
            ["event.title.times: needs number beside it."],
        ),
        ('event.title = { column = "x", cut = 3 }', ["event.title.cut: must be 10 or more."]),
        (
            'event.title = { column = "x", when = { column = "y" } }',
            ["event.title.when: needs one of is, is_not, filled, up_to."],
        ),
        (
            'event.title = { column = "x", when = { column = "y", up_to = "soon" } }',
            ['event.title.when.up_to: "soon" is not a date such as 2021, 2021-04 or 2021-04-01.'],
        ),
        (
            'event.title = { column = "x", number = "#,###" }',
            ['event.title.number: "#,###" is not one of "1,234.56", "1.234,56".'],
        ),
        (
            'event.title = { column = "x", table = "nams" }\ntables.names = { a = "b" }',
            ['event.title.table: "nams" is not one of "names". Did you mean "names"?'],
        ),
        ('tables.names = { a = "b" }', ["tables.names: is not used."]),
        (
            'event.title = { column = "x", table = { a = "1", A = "2" } }',
            ["event.title.table.A: appears twice in this table; case and white space are ignored."],
        ),
        ('[[event.dates]]\nedtf = "{day}"', ["event.dates[1]: needs kind.", "event.dates[1]: needs modality."]),
        (
            '[[event.dates]]\nkind = "adopted"\nedtf = "{a}"\nmodality = "actual"\neach = { column = "x" }',
            [
                "event.dates[1].each: needs into: names for the pieces of each text.",
            ],
        ),
        ("group.order = []", ['group: needs by, which is the same for all rows of an event, such as by = "{id}".']),
        (
            'file.encoding = "klingon"',
            ['file.encoding: "klingon" is not an encoding; try utf-8, utf-16 or windows-1252.'],
        ),
        ('file.delimiter = "||"', ["file.delimiter: must be one character."]),
        ("event.participants = []", ["event: needs [[event.participants]]."]),
    ],
)
def test_a_fault_is_reported_with_its_path(toml: str, faults: list[str]) -> None:
    assert faults_of(toml) == faults


@pytest.mark.parametrize(
    ("toml", "fault"),
    [
        ('event.status = "in-force"', 'event.status: "in-force" is not valid here. Must be one of'),
        (
            'event.status = { column = "s", table = { yes = "inforce" } }',
            'event.status: "inforce" is not valid here. Must be one of',
        ),
        ('event.lang = "english!"', 'event.lang: "english!" is not valid here. Must be a BCP 47 language tag'),
        (
            '[[event.sources]]\ntype = "report"\nurl = "example.org"',
            'event.sources[1].url: "example.org" is not valid here. Must be an http',
        ),
        (
            '[[event.participants]]\nname = "J"\nrole = "party"\njurisdiction = "Japn"',
            'event.participants[1].jurisdiction: "Japn" is not a known country or union',
        ),
        (
            '[[event.dates]]\nkind = "adopted"\nedtf = { text = "2020", date = "dd/mm/yyyy" }\nmodality = "actual"',
            'event.dates[1].edtf: "2020" is not a date written as dd/mm/yyyy.',
        ),
        (
            '[[event.participants]]\nid = "jp"\nname = "J"\nrole = "party"\non_behalf_of = "jpn"',
            'event.participants[1].on_behalf_of: no [[event.participants]] has the id "jpn". Did you mean "jp"?',
        ),
        (
            '[[event.citations]]\nfact = "dates/end"\nsource = "x"\nstance = "supports"',
            'event.citations[1].fact: no [[event.dates]] has the id "end".',
        ),
    ],
)
def test_a_value_that_is_never_valid_is_reported_before_any_row_is_read(toml: str, fault: str) -> None:
    assert [detail for detail in faults_of(toml) if detail.startswith(fault)] != []


def test_all_faults_are_reported_at_once() -> None:
    with pytest.raises(Invalid) as caught:
        parse_mapping('[event]\ntitel = "x"\nevent_type = "lw"\n', "laws.toml")
    assert caught.value.detail == "laws.toml cannot be used:"
    assert [fault.detail.partition(":")[0] for fault in caught.value.faults] == [
        *("event.titel", "event", "event.event_type", "event", "event"),
    ]


def test_a_missing_file_or_invalid_toml_is_reported(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match=r"laws\.toml is not TOML: "):
        parse_mapping("[event", "laws.toml")
    with pytest.raises(Invalid, match=r"laws\.toml is not TOML: "):
        parse_mapping(f"file.skip_lines = {'9' * 5_000}", "laws.toml")
    with pytest.raises(Invalid, match=r"laws\.toml is nested too deep"):
        parse_mapping(f"file = {'[' * 5_000}{']' * 5_000}", "laws.toml")
    with pytest.raises(Invalid, match=r"laws\.toml cannot be read: "):
        load_mapping(tmp_path / "laws.toml")


ODD: tuple[Any, ...] = (
    *("", "x", "{a}", "{", "[a]", "*", "{a}[", 5, -1, True, 1.5, date(2020, 1, 1), [], ["a"], [1], {}),
    *({"column": "a"}, {"text": 1}, [{"column": "a"}], {"a": {"b": 1}}, {"from": "{a}"}, {"first_of": "x"}),
)
EXAMPLES = [tomllib.loads(path.read_text()) for path in sorted(MAPPINGS.glob("*.toml"))]


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place of a mapping but the lines of its tables, which are many and alike."""
    if path:
        yield path
    if path[:1] != ("tables",):
        for key in value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
            yield from _places(value[key], (*path, key))


@steadily
@given(st.data())
def test_a_mapping_with_any_change_is_compiled_or_refused(data: st.DataObject) -> None:
    content = copy.deepcopy(data.draw(st.sampled_from(EXAMPLES)))
    path = data.draw(st.sampled_from(list(_places(content))))
    around: Any = content
    for step in path[:-1]:
        around = around[step]
    if isinstance(around, dict) and data.draw(st.booleans()):
        around[data.draw(st.sampled_from(["rows", "each", "when", "table", "odd", "split", "unknown"]))] = around.pop(
            path[-1]
        )
    else:
        around[path[-1]] = data.draw(st.sampled_from(ODD))
    with suppress(Invalid):
        assert isinstance(compile_mapping(content), Mapping)
