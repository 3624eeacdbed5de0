"""Rows of an exported table that come back, edited or not."""

from typing import Any

import orjson
import pytest

from service.exports.columns import COLUMNS, ExportRecord
from service.exports.csv_file import csv_file
from service.imports.csv_merge import merge_cells
from service.imports.csv_reader import csv_rows
from service.imports.line_reader import split_lines
from service.imports.rows import ImportRow

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
    """Return the event's row in an export."""
    row = ExportRecord(EVENT)
    table = b"".join(csv_file([column.name for column in COLUMNS], [[[column.of(row) for column in COLUMNS]]]))
    [row_of_table] = csv_rows(split_lines([table], max_line_bytes=10_000))
    assert isinstance(row_of_table, ImportRow), row_of_table
    cells: dict[str, str] = orjson.loads(row_of_table.text)
    return cells


def changes(**edits: str) -> dict[str, Any]:
    """Return the fields of the event that change when the exported row comes back with `edits`."""
    return {name: value for name, value in merge_cells(exported() | edits, EVENT).items() if value != EVENT.get(name)}


def test_an_unedited_exported_row_changes_nothing() -> None:
    assert changes() == {}


@pytest.mark.parametrize("edit", [" {}\u00a0", "\n{}\r\n", "\t{}"])
def test_blanks_around_a_cell_change_nothing(edit: str) -> None:
    cells = {name: edit.format(cell) for name, cell in exported().items()}
    assert merge_cells(cells, EVENT) == {name: value for name, value in EVENT.items() if name != "change"}


def test_blanks_around_the_words_of_a_new_event_are_dropped() -> None:
    cells = {name: f" {cell}\t" if cell else cell for name, cell in exported().items()}
    texts = {f"{part}title" for part in ("", "source_")} | {"summary"}
    plain = merge_cells({name: cell.strip() if name not in texts else cell for name, cell in cells.items()}, None)
    assert merge_cells(cells, None) == plain


@pytest.mark.parametrize("before", ["one\r\ntwo", "one\ntwo", "one\rtwo"])
@pytest.mark.parametrize("after", ["one\r\ntwo", "one\ntwo", "one\rtwo"])
def test_other_line_ends_in_a_cell_change_nothing(before: str, after: str) -> None:
    event = EVENT | {"description": before}
    assert merge_cells(exported() | {"description": after}, event)["description"] == before


@pytest.mark.parametrize(
    ("edits", "changed"),
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
def test_an_edited_cell_changes_its_own_fields_only(edits: dict[str, str], changed: dict[str, Any]) -> None:
    assert changes(**edits) == changed


def test_missing_columns_leave_their_fields_unchanged() -> None:
    changed = merge_cells({"id": EVENT["id"], "status": "launched"}, EVENT)
    assert changed == {name: value for name, value in EVENT.items() if name != "change"} | {"status": "launched"}
