"""An export that is edited in a spreadsheet and sent back: only the edits count."""

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.exports.columns import COLUMNS
from tests.factories import a_full_event, create_topic
from tests.imports import CSV, counts, event, import_report, ndjson, row

Table = list[list[str]]


@dataclass(frozen=True)
class Spreadsheet:
    """How a program writes a table as CSV."""

    delimiter: str = ","
    names_delimiter: bool = False
    line_end: str = "\r\n"
    line_end_in_cells: str = "\n"
    has_bom: bool = False
    quotes_all: bool = False
    rows_above: int = 0
    more_cells: int = 0
    leaves_out_last_cells: bool = False
    blanks: str = ""

    def write(self, table: Table) -> bytes:
        """Return the table as the program saves it."""
        out = io.StringIO()
        writer = csv.writer(
            out,
            delimiter=self.delimiter,
            lineterminator=self.line_end,
            quoting=csv.QUOTE_ALL if self.quotes_all else csv.QUOTE_MINIMAL,
        )
        out.write(f"sep={self.delimiter}{self.line_end}" if self.names_delimiter else "")
        writer.writerows([[""] * len(table[0])] * self.rows_above)
        writer.writerows(map(self._cells, table))
        return (b"\xef\xbb\xbf" if self.has_bom else b"") + out.getvalue().encode()

    def _cells(self, row: list[str]) -> list[str]:
        cells = [cell.replace("\r\n", "\n").replace("\n", self.line_end_in_cells) for cell in row]
        cells = [f"{self.blanks}{cell}{self.blanks}" if cell else "" for cell in cells] + [""] * self.more_cells
        while self.leaves_out_last_cells and not cells[-1]:
            cells.pop()
        return cells


SPREADSHEETS = st.builds(
    Spreadsheet,
    st.sampled_from([",", ";", "\t", "|"]),
    st.booleans(),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.booleans(),
    st.booleans(),
    st.integers(0, 3),
    st.integers(0, 3),
    st.booleans(),
    st.sampled_from(["", " ", "\t", "\u00a0"]),
)

#: Texts that a table could lose or change, and a row whose last cells are empty.
ROWS: list[dict[str, Any]] = [
    a_full_event(relations=[], description="First.\r\n\r\nSecond;\tthird,\n=SUM(A1)", summary="'quoted' \\; text"),
    row(2, title="-1 is no formula", tags=["a;b", "c"], names=[{"value": "=Law"}]),
    row(3),
]


@pytest.fixture
def table(client: FlaskClient) -> Table:
    """The export of three events."""
    create_topic(client, "trade")
    assert import_report(client, ndjson(*ROWS))["rows"] == counts(created=3)
    return exported(client)


def exported(client: FlaskClient) -> Table:
    """Return the export of all events."""
    text = client.get("/v1/events?sort=title", headers={"Accept": "text/csv"}).get_data(as_text=True)
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")))


def versions(client: FlaskClient) -> list[int]:
    return [event(client, value)["version"] for value in (1, 2, 3)]


several = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@several
@given(SPREADSHEETS)
def test_a_table_that_nobody_edits_makes_no_version(
    client: FlaskClient, table: Table, spreadsheet: Spreadsheet
) -> None:
    report = import_report(client, spreadsheet.write(table), kind=CSV)
    assert (report["state"], report["errors"], report["rows"]) == ("done", [], counts(unchanged=3))
    assert versions(client) == [1, 1, 1]


@pytest.mark.parametrize(
    "spreadsheet",
    [
        Spreadsheet(),
        Spreadsheet(has_bom=True, delimiter=";", names_delimiter=True, blanks=" "),
        Spreadsheet(more_cells=1, rows_above=2, line_end_in_cells="\r\n"),
        Spreadsheet(delimiter="\t", leaves_out_last_cells=True, line_end="\n", quotes_all=True),
    ],
)
def test_an_edited_cell_is_taken(client: FlaskClient, table: Table, spreadsheet: Spreadsheet) -> None:
    edit(table, 1, title="Another title", status="launched", source_type="report", date="2024-05")
    edit(table, 3, tags="x; y", event_type="legislation", parties="India", party_jurisdictions="IN")
    report = import_report(client, spreadsheet.write(table), kind=CSV)
    assert (report["errors"], report["rows"]) == ([], counts(updated=2, unchanged=1))
    assert versions(client) == [2, 1, 2]
    first, third = event(client, 1), event(client, 3)
    assert (first["title"].strip(), first["status"], first["sources"][0]["type"]) == (
        "Another title",
        "launched",
        "report",
    )
    assert (third["tags"], third["event_type"], third["participants"][0]["jurisdiction"]) == (
        ["x", "y"],
        "legislation",
        "IN",
    )
    assert first["description"] == ROWS[0]["description"]


def edit(table: Table, value: int, **cells: str) -> None:
    """Change cells of the row with the external id `value` in the tracker."""
    names, *rows = table
    [changed] = [one for one in rows if one[names.index("external_ids")] == f"tracker:{value}"]
    for name, cell in cells.items():
        changed[names.index(name)] = cell


def columns(table: Table, names: Iterable[str]) -> Table:
    """Return some columns of the table."""
    indexes = [table[0].index(name) for name in names]
    return [[one[index] for index in indexes] for one in table]


def test_blanks_around_the_cells_of_new_events_are_dropped(client: FlaskClient, table: Table) -> None:
    texts = ("title", "summary", "description", "source_title", "source_publisher", "source_author")
    names = [column.name for column in COLUMNS if column.is_read and column.name not in ("id", *texts)]
    edit(table, 2, external_ids="tracker:12")
    edit(table, 3, external_ids="tracker:13")
    header, *rows = columns(table, [*names, "title"])
    new = [one for one in rows if one[0] != "tracker:1"]
    report = import_report(client, Spreadsheet(blanks=" ", delimiter=";").write([header, *new]), kind=CSV)
    assert (report["errors"], report["rows"]) == ([], counts(created=2))
    stored = columns(exported(client), names)
    assert [one for one in stored if one[0] in ("tracker:12", "tracker:13")] == columns([header, *new], names)[1:]
