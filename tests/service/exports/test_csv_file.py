"""CSV: other programs read it, and spreadsheets evaluate none of it."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.exports.columns import COLUMNS
from service.exports.csv_file import csv_file, join_members, shield, split_members, unshield
from service.exports.from_columns import event_of_row
from tests import strategies
from tests.csv_rows import rows_of
from tests.records import a_record


def test_line_ends_and_quotes_follow_rfc_4180() -> None:
    file = b"".join(csv_file(["a", "b"], [[["one,two", 'say "x"']], [["line\nbreak", None]]]))
    assert file == b'a,b\r\n"one,two","say ""x"""\r\n"line\nbreak",\r\n'


def test_a_byte_order_mark_comes_first_on_request_only() -> None:
    assert b"".join(csv_file(["é"], [[["ü"]]], bom=True)) == b"\xef\xbb\xbf" + "é\r\nü\r\n".encode()
    assert b"".join(csv_file(["é"], [])) == "é\r\n".encode()


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+1",
        "-1+1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n=1",
        "'=1",
        "\uff1d1",
        '=HYPERLINK("https://example.org","x")',
        "-2+3+cmd|' /C calc'!A0",
    ],
)
def test_a_formula_gets_an_apostrophe(text: str) -> None:
    [row] = rows_of(a_record(title=text))
    assert row["title"] == f"'{text}"
    assert event_of_row(row)["title"] == text


@pytest.mark.parametrize("text", ["-5", "-0.25", "'quoted'", "a=b", "1-2", "~", ""])
def test_other_text_stays_unchanged(text: str) -> None:
    assert shield(text) == unshield(text) == text


@given(st.text(st.sampled_from("'=+-@\t\r\n1a ;\\")))
def test_a_shield_can_always_be_removed(text: str) -> None:
    assert unshield(shield(text)) == text
    assert shield(text)[:1] not in tuple("=+@\t\r\n")


@given(st.lists(st.text(st.sampled_from("a;\\, '\"\n"), min_size=1).map(str.strip).filter(bool)))
def test_a_list_with_any_members_can_be_read_back(members: list[str]) -> None:
    assert split_members(join_members(members)) == members


@pytest.mark.parametrize("cell", ["a;b", " a ; b ", "a;  b"])
def test_white_space_around_members_does_not_matter(cell: str) -> None:
    assert split_members(cell) == ["a", "b"]


def test_long_lines_and_every_script_are_readable() -> None:
    text = "電池と素材の対話\u2028\u0085" + "x" * 5_000 + "عاجل 🏳️ \u202e"
    [row] = rows_of(a_record(description=text), bom=True)
    assert row["description"] == text


@settings(max_examples=25)
@given(strategies.events())
def test_every_record_is_one_row_for_another_program(event: dict[str, Any]) -> None:
    record = a_record(**event)
    [row] = rows_of(record)
    assert row.keys() == {column.name for column in COLUMNS}
    assert None not in row.values()
    assert unshield(row["title"]) == record["title"]
    assert unshield(row["description"]) == (record["description"] or "")
