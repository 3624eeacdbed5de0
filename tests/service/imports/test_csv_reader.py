"""CSV as people and programs write it."""

from typing import Any

import orjson
import pytest

from service.errors import Invalid, Malformed
from service.exports.columns import COLUMNS, Row
from service.exports.csv_file import csv_file
from service.imports.csv_merge import merge_cells
from service.imports.csv_reader import csv_rows
from service.imports.line_reader import split_lines
from service.imports.rows import ParsedRow, RefusedRow

NAMES = "title,event_type,parties,source_type"


def entries(table: str | bytes, *, longest: int = 10_000) -> list[ParsedRow]:
    text = table.encode() if isinstance(table, str) else table
    return list(csv_rows(split_lines([text], max_line_bytes=longest)))


def cells(entry: ParsedRow) -> tuple[int, dict[str, str]]:
    assert not isinstance(entry, RefusedRow), entry
    return entry.line, orjson.loads(entry.text)


def refused(entry: ParsedRow) -> tuple[int, str]:
    assert isinstance(entry, RefusedRow), entry
    return entry.line, entry.errors[0].detail


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_tables_with_any_delimiter_with_or_without_a_mark_before_them(delimiter: str, bom: bytes, end: str) -> None:
    table = f"{NAMES}{end}Ein Gesetz,legislation,日本,legal_text{end}".replace(",", delimiter)
    expected = {"title": "Ein Gesetz", "event_type": "legislation", "parties": "日本", "source_type": "legal_text"}
    assert [cells(entry) for entry in entries(bom + table.encode())] == [(2, expected)]


def test_quotes_delimiters_and_line_breaks_in_cells() -> None:
    table = 'title,summary\n"A ""law"", so called","first\r\nsecond\n"\nLast,\n'
    assert [cells(entry) for entry in entries(table)] == [
        (2, {"title": 'A "law", so called', "summary": "first\r\nsecond\n"}),
        (5, {"title": "Last", "summary": ""}),
    ]


def test_names_of_columns_as_people_write_them_and_rows_that_are_empty() -> None:
    table = "Title, Event type ,SOURCE_TYPE\n,,\nA law,legislation,report\n\n"
    assert [cells(entry) for entry in entries(table)] == [
        (3, {"title": "A law", "event_type": "legislation", "source_type": "report"})
    ]


@pytest.mark.parametrize(
    ("header", "detail"),
    [
        ("title,partys", 'There is no column "partys". Did you mean "parties"?'),
        ("title,summary,title", 'The column "title" appears twice.'),
        ("title,", 'There is no column "".'),
    ],
)
def test_a_header_that_names_what_is_no_column_is_refused(header: str, detail: str) -> None:
    with pytest.raises(Invalid) as caught:
        entries(header + "\n1,2\n")
    assert [fault.detail for fault in caught.value.faults] == [detail]


@pytest.mark.parametrize("header", ["x," * 120_000, "title," * 40_000])
def test_of_a_header_with_very_many_names_the_first_wrong_ones_are_told(header: str) -> None:
    with pytest.raises(Invalid) as caught:
        entries(header + "\n", longest=1_000_000)
    assert len(caught.value.faults) == 20


@pytest.mark.parametrize("table", [b"", b"\n\n", b"x" * 20_000])
def test_what_has_no_header_that_can_be_read_is_refused(table: bytes) -> None:
    with pytest.raises(Malformed):
        entries(table)


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ("title\nA law\n".encode("utf-16"), "The table is in UTF-16"),
        ("title\nA law\n".encode("utf-16-le"), "The table is in UTF-16"),
        (b"title,summary\rA law,x\r", "The table's lines end in CR alone"),
        (b"title," + b"x" * 300_000 + b"\n", "The header cannot be read: field larger than"),
    ],
)
def test_a_table_that_was_saved_in_another_way_is_told_so(table: bytes, told: str) -> None:
    with pytest.raises(Malformed) as caught:
        entries(table, longest=1_000_000)
    assert caught.value.detail.startswith(told)


def test_a_cell_may_hold_as_many_participants_as_an_event() -> None:
    names = "; ".join(f"dependency_source: {'x' * 300} (JP)" for _ in range(500))
    [entry] = entries(f"title,participants\nA law,{names}\n", longest=1_000_000)
    assert cells(entry) == (2, {"title": "A law", "participants": names})


def test_a_row_that_cannot_be_read_is_told_with_its_line_and_the_next_is_read() -> None:
    table = (
        b"title,summary\n"
        b"Too few\n"
        b"Too,many,cells\n"
        b"Latin,caf\xe9\n"
        b'"quoted" and more,x\n'
        b"Nothing,\0\n"
        b"Long," + b"x" * 20_000 + b"\n"
        b"Good,row\n"
        b'"never closed,\nGood,row\n'
    )
    *bad, last = found = entries(table)
    assert cells(found[6]) == (8, {"title": "Good", "summary": "row"})
    assert [refused(entry) for entry in [*bad[:6], last]] == [
        (2, "The row has 1 cells, but the header has 2."),
        (3, "The row has 3 cells, but the header has 2."),
        (4, "The cell has invalid UTF-8 or U+0000; save the table as UTF-8."),
        (5, "The line cannot be read as a row: ',' expected after '\"'. Is a quote not closed?"),
        (6, "The cell has invalid UTF-8 or U+0000; save the table as UTF-8."),
        (7, "The line is longer than allowed; shorten the record."),
        (9, "Lines 9 to 10 cannot be read as a row: unexpected end of data. Is a quote not closed?"),
    ]


def test_a_quote_that_is_never_closed_takes_no_more_than_a_cell_may_have() -> None:
    table = "title,summary\n" + '"open,' + "x" * 500 + "\nA law,short\n" * 40_000
    *rows, _ = entries(table)
    first, rest = rows[0], rows[1:]
    assert refused(first)[0] == 2
    assert "field larger than field limit" in refused(first)[1]
    assert len(rest) > 15_000


def test_the_ids_of_a_row_are_those_of_its_columns() -> None:
    id_ = "01980000-0000-7000-8000-000000000000"
    table = f"id,external_ids\n{id_},tracker:1; other:a\\;b\n,tracker:2\n,\nwrong,tracker:3\n"
    first, second, bad = entries(table)
    assert not isinstance(first, RefusedRow)
    assert not isinstance(second, RefusedRow)
    assert (str(first.id), first.says_id, first.external_ids) == (id_, True, (("tracker", "1"), ("other", "a;b")))
    assert (second.says_id, second.external_ids) == (False, (("tracker", "2"),))
    assert isinstance(bad, RefusedRow)
    assert (bad.errors[0].pointer, bad.errors[0].column) == ("#/id", "id")


EVENT: dict[str, Any] = {
    "id": "01980000-0000-7000-8000-000000000000",
    "external_ids": [{"scheme": "tracker", "value": "1"}],
    "title": "A law",
    "names": [{"id": "short", "value": "Law", "lang": "en", "kind": "short"}],
    "summary": "=In short",
    "description": None,
    "lang": "en",
    "event_type": "legislation",
    "instruments": ["quota"],
    "status": "planned",
    "participants": [
        {"id": "jp", "name": "Japan", "type": "state", "role": "party", "jurisdiction": "JP", "position": None},
        {"id": "who", "name": "Somebody", "type": "person", "role": "spokesperson", "jurisdiction": None},
        {"id": "cn", "name": "China", "type": "state", "role": "affected", "jurisdiction": "CN", "position": None},
    ],
    "dates": [
        {"id": "a", "kind": "announced", "edtf": "2024-04", "modality": "actual",
         "earliest": "2024-04-01", "latest": "2024-04-30"},
        {"id": "b", "kind": "in_force", "edtf": "2025", "modality": "expected",
         "earliest": "2025-01-01", "latest": "2025-12-31"},
    ],
    "topics": [{"id": "trade", "role": "subject"}],
    "figures": [{"id": "f"}],
    "statements": [],
    "sources": [
        {"id": "s", "type": "report", "tier": "secondary", "title": "Report", "publisher": None, "author": None,
         "url": "https://example.org/1", "lang": None, "published": None, "archive_url": "https://example.net"},
        {"id": "t", "type": "speech", "tier": None, "title": None, "publisher": None, "author": None, "url": None,
         "lang": None, "published": None, "archive_url": None},
    ],
    "citations": [{"fact": "title", "source": "s", "stance": "supports", "quote": None}],
    "relations": [],
    "tags": ["x"],
    "change": {"kind": "correction", "reason": "Why"},
    "verification": "single_source", "version": 3,
    "created_at": "2024", "updated_at": "2024", "content_changed_at": "2024",
}  # fmt: skip


def exported() -> dict[str, str]:
    """The event as an export writes it."""
    row = Row(EVENT)
    table = b"".join(csv_file([column.name for column in COLUMNS], [[[column.of(row) for column in COLUMNS]]]))
    [entry] = entries(table)
    return cells(entry)[1]


def content(**said: str) -> dict[str, Any]:
    """What the exported row makes of the event after an edit in a spreadsheet."""
    return {name: value for name, value in merge_cells(exported() | said, EVENT).items() if value != EVENT.get(name)}


def test_an_exported_row_that_comes_back_as_it_was_changes_nothing() -> None:
    assert content() == {}


@pytest.mark.parametrize(
    ("said", "changed"),
    [
        ({"title": "Another law"}, {"title": "Another law"}),
        ({"summary": ""}, {"summary": None}),
        ({"tags": "x; y"}, {"tags": ["x", "y"]}),
        ({"topics": "trade; energy"}, {"topics": [{"id": "trade", "role": "subject"}, {"id": "energy"}]}),
        ({"names": ""}, {"names": []}),
        ({"date": "2024-05-01"}, {"dates": [EVENT["dates"][1], EVENT["dates"][0] | {"edtf": "2024-05-01"}]}),
        ({"dates": "in_force 2025 expected"}, {"dates": [EVENT["dates"][1]]}),
        ({"date_kind": "", "date": "", "date_modality": ""}, {"dates": [EVENT["dates"][1]]}),
        (
            {"parties": "Japan; India", "party_jurisdictions": "JP; IN"},
            {
                "participants": [
                    EVENT["participants"][0],
                    {"role": "party", "name": "India", "jurisdiction": "IN"},
                    EVENT["participants"][2],
                    EVENT["participants"][1],
                ]
            },
        ),
        (
            {"participants": "party: Japan (JP); host: Korea (KR)"},
            {"participants": [EVENT["participants"][0], {"role": "host", "name": "Korea", "jurisdiction": "KR"}]},
        ),
        ({"source_url": ""}, {"sources": [EVENT["sources"][0] | {"url": None}, EVENT["sources"][1]]}),
        ({"source_title": "'=Sum"}, {"sources": [EVENT["sources"][0] | {"title": "=Sum"}, EVENT["sources"][1]]}),
    ],
)
def test_an_edited_cell_changes_what_it_tells_of_and_no_more(said: dict[str, str], changed: dict[str, Any]) -> None:
    assert content(**said) == changed


def test_columns_that_a_table_has_not_leave_alone_what_they_would_tell_of() -> None:
    changed = merge_cells({"id": EVENT["id"], "status": "launched"}, EVENT)
    assert changed == {name: value for name, value in EVENT.items() if name != "change"} | {"status": "launched"}
