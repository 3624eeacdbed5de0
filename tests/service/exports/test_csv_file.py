"""CSV: what is written can be read by others, does no harm in a spreadsheet, and says what the record said."""

import csv
import io
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.events import NewEventSchema
from service.exports.columns import COLUMNS
from service.exports.csv_file import csv_file, join_members, shield, split_members, unshield
from service.exports.export import FileFormat, write_documents
from service.exports.from_columns import READ_COLUMNS, event_of_row
from service.strict_json import render
from tests import strategies
from tests.factories import a_full_event
from tests.records import a_date, a_record

NAMES = [column.name for column in COLUMNS]


def rows_of(*records: dict[str, Any], bom: bool = False) -> list[dict[str, str]]:
    """The records as another program reads them from CSV."""
    text = b"".join(write_documents(FileFormat("csv", bom=bom), [[render(record) for record in records]])).decode(
        "utf-8-sig"
    )
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_a_row_says_what_the_record_says() -> None:
    [row] = rows_of(a_record(**a_full_event()))
    assert list(row) == NAMES
    assert {name: cell for name, cell in row.items() if cell} == {
        "id": "01980000-0000-7000-8000-000000000001",
        "external_ids": "tracker:1",
        "title": "A policy",
        "names": "Policy",
        "summary": "In short.",
        "description": "At length.",
        "lang": "en",
        "event_type": "agreement",
        "instruments": "cooperation",
        "status": "planned",
        "verification": "single_source",
        "date_kind": "launched",
        "date": "2024-04-02",
        "date_modality": "actual",
        "date_earliest": "2024-04-02",
        "date_latest": "2024-04-02",
        "dates": "launched 2024-04 expected; launched 2024-04-02 actual",
        "parties": "Japan",
        "party_jurisdictions": "JP",
        "participants": "party: Japan (JP); spokesperson: The minister (JP)",
        "jurisdictions": "JP",
        "topics": "trade",
        "tags": "materials",
        "source_type": "news_article",
        "source_count": "2",
        "figure_count": "2",
        "statement_count": "1",
        "relation_count": "2",
        "version": "1",
        "created_at": "2024-04-01T09:30:00.000000Z",
        "updated_at": "2024-04-01T09:30:00.000000Z",
        "content_changed_at": "2024-04-01T09:30:00.000000Z",
    }


def test_lines_end_and_cells_are_quoted_as_rfc_4180_has_it() -> None:
    file = b"".join(csv_file(["a", "b"], [[["one,two", 'say "x"']], [["line\nbreak", None]]]))
    assert file == b'a,b\r\n"one,two","say ""x"""\r\n"line\nbreak",\r\n'


def test_a_byte_order_mark_stands_first_where_it_is_asked_for_and_only_there() -> None:
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
def test_what_a_spreadsheet_would_take_for_a_formula_begins_with_an_apostrophe(text: str) -> None:
    [row] = rows_of(a_record(title=text))
    assert row["title"] == f"'{text}"
    assert event_of_row(row)["title"] == text


@pytest.mark.parametrize("text", ["-5", "-0.25", "'quoted'", "a=b", "1-2", "~", ""])
def test_what_is_no_formula_stays_as_it_is(text: str) -> None:
    assert shield(text) == unshield(text) == text


@given(st.text(st.sampled_from("'=+-@\t\r\n1a ;\\")))
def test_a_shield_can_always_be_taken_away(text: str) -> None:
    assert unshield(shield(text)) == text
    assert shield(text)[:1] not in tuple("=+@\t\r\n")


@given(st.lists(st.text(st.sampled_from("a;\\, '\"\n"), min_size=1).map(str.strip).filter(bool)))
def test_a_list_can_be_read_back_whatever_its_members_hold(members: list[str]) -> None:
    assert split_members(join_members(members)) == members


@pytest.mark.parametrize("cell", ["a;b", " a ; b ", "a;  b"])
def test_white_space_around_members_does_not_matter(cell: str) -> None:
    assert split_members(cell) == ["a", "b"]


def test_very_long_lines_and_every_script_arrive() -> None:
    text = "電池と素材の対話\u2028\u0085" + "x" * 5_000 + "عاجل 🏳️ \u202e"
    [row] = rows_of(a_record(description=text), bom=True)
    assert row["description"] == text


@settings(max_examples=25)
@given(strategies.events())
def test_every_record_is_one_row_that_another_program_reads(event: dict[str, Any]) -> None:
    record = a_record(**event)
    [row] = rows_of(record)
    assert row.keys() == set(NAMES)
    assert None not in row.values()
    assert unshield(row["title"]) == record["title"]
    assert unshield(row["description"]) == (record["description"] or "")


def test_a_row_is_read_back_into_what_a_client_would_send() -> None:
    said: dict[str, Any] = {
        "external_ids": [{"scheme": "tracker", "value": "a:1; b"}],
        "title": "=Policy",
        "summary": "In short.",
        "lang": "en",
        "event_type": "agreement",
        "instruments": ["grant", "loan"],
        "status": "planned",
        "participants": [
            {"role": "party", "name": "Japan", "jurisdiction": "JP"},
            {"role": "dependency_source", "name": "China; mainland", "jurisdiction": "CN"},
            {"role": "observer", "name": "NIKKEI: Tokyo"},
        ],
        "dates": [
            {"kind": "launched", "edtf": "2024-04", "modality": "expected"},
            {"kind": "reported", "edtf": "2024-04-01", "modality": "actual"},
        ],
        "topics": [{"id": "trade"}],
        "tags": ["a, b"],
        "sources": [{"type": "report", "title": "+Report", "url": "https://example.org/a;b", "published": "2024"}],
    }
    [row] = rows_of(a_record(**said))
    read = event_of_row(row)
    assert read.pop("id") == row["id"]
    assert read == said
    assert NewEventSchema().validate(read) == {}


@settings(max_examples=25)
@given(strategies.events())
def test_what_is_read_back_is_as_valid_as_it_was(event: dict[str, Any]) -> None:
    [row] = rows_of(a_record(**event))
    read = {name: value for name, value in event_of_row(row).items() if name != "id"}
    errors = NewEventSchema().validate(read)
    # A name may look like a name and a jurisdiction, an inner line may be white space: rare, and told.
    assert errors.keys() <= {"participants", "external_ids", "names", "tags"}


def test_a_table_made_by_hand_needs_few_columns() -> None:
    row = {
        "title": "A policy",
        "event_type": "tariff",
        "parties": "Japan; European Union",
        "party_jurisdictions": "JP; EU",
        "affected_jurisdictions": "CN",
        "date_kind": "adopted",
        "date": "2024",
        "date_modality": "actual",
        "source_type": "web_page",
        "source_url": "https://example.org",
        "version": "7",
        "note": "of ours",
    }
    read = event_of_row(row)
    assert read == {
        "title": "A policy",
        "event_type": "tariff",
        "participants": [
            {"role": "party", "name": "Japan", "jurisdiction": "JP"},
            {"role": "party", "name": "European Union", "jurisdiction": "EU"},
            {"role": "affected", "name": "CN", "jurisdiction": "CN"},
        ],
        "dates": [{"kind": "adopted", "edtf": "2024", "modality": "actual"}],
        "sources": [{"type": "web_page", "url": "https://example.org"}],
    }
    assert NewEventSchema().validate(read) == {}


def test_what_is_in_no_form_that_is_known_comes_out_incomplete_for_the_schema_to_tell() -> None:
    read = event_of_row({"participants": "Japan", "dates": "2024", "external_ids": "42"})
    assert read == {
        "participants": [{"name": "Japan"}],
        "dates": [{"kind": "2024"}],
        "external_ids": [{"value": "42"}],
    }


def test_the_columns_that_are_read_are_those_that_say_so() -> None:
    computed = {"verification", "date_earliest", "date_latest", "jurisdictions", "version", "created_at", "updated_at"}
    counts = {"source_count", "figure_count", "statement_count", "relation_count"}
    assert set(NAMES) - READ_COLUMNS == computed | counts | {"content_changed_at"}


def test_the_main_date_stands_in_the_row() -> None:
    dates = [a_date("2024-33", "expected", "in_force"), a_date("2023-11-05", kind="adopted")]
    [row] = rows_of(a_record(dates=dates))
    assert [row[name] for name in ("date_kind", "date", "date_modality", "date_earliest")] == [
        "adopted",
        "2023-11-05",
        "actual",
        "2023-11-05",
    ]
