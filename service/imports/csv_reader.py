"""Rows of CSV files with the columns of an export, as an export or a spreadsheet writes them."""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, zip_longest

import orjson

from schemas.base import did_you_mean
from schemas.blank import is_blank
from service.errors import Fault, Invalid, Malformed
from service.exports.csv_file import DELIMITERS, is_empty_row, named_delimiter
from service.exports.from_columns import COLUMN_NAMES, event_of_row
from service.imports.line_reader import LINE_TOO_LONG, EmptyRows, Line
from service.imports.rows import ImportRow, ParsedRow, RefusedRow, build_row, refused_row
from service.store.imports import RowError

_BOM = "\ufeff"
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")

#: Faults of a header that are reported: a line may have hundreds of thousands of names.
_MAX_FAULTS = 20

#: U+0000, which PostgreSQL cannot store, and bytes that were not UTF-8.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class _TooLong(Exception):
    """A line of the row was too long and was dropped."""


class _LineFeed:
    """Lines for the csv module, which takes several where a cell holds line breaks."""

    def __init__(self, lines: Iterable[Line]) -> None:
        self._lines = iter(lines)
        #: Of the current row: its first line, its last line, and the bytes of the file up to its end.
        self.first, self.last, self.end = 0, 0, 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        self.first, self.last, self.end = self.first or line.number, line.number, line.end
        if line.text is None:
            raise _TooLong
        return line.text.decode("utf-8", "surrogateescape") + "\n"


def csv_rows(lines: Iterable[Line]) -> Iterator[ParsedRow]:
    """Yield a row for each row of the table that is not empty, below its header.

    Raises Malformed where the header cannot be read, Invalid where it has unknown or repeated columns.
    """
    lines = iter(lines)
    empty_rows = EmptyRows()
    names, delimiter = _read_header(lines, empty_rows)
    yield from _rows(_LineFeed(lines), names, delimiter, empty_rows)


def _read_header(lines: Iterator[Line], empty_rows: EmptyRows) -> tuple[list[str], str]:
    """Return the names of the columns, and the delimiter. Where two delimiters fit, the first one is returned."""
    text, delimiters = _first_row(lines, empty_rows), DELIMITERS
    if delimiter := named_delimiter(text):
        text, delimiters = _first_row(lines, empty_rows), (delimiter, *DELIMITERS)
    try:
        candidates = [(_column_names(text, delimiter), delimiter) for delimiter in delimiters]
    except csv.Error as error:
        raise Malformed(f"The header cannot be read: {error}.") from error
    names, delimiter = max(candidates, key=lambda candidate: sum(name in COLUMN_NAMES for name in candidate[0]))
    if faults := [*islice(_name_faults(names), _MAX_FAULTS)]:
        raise Invalid("The header has unknown or repeated columns.", faults)
    return names, delimiter


def _first_row(lines: Iterator[Line], empty_rows: EmptyRows) -> str:
    """Return the text of the first line that is not an empty row."""
    for line in lines:
        if line.text is None:
            break
        if line.text.startswith(_UTF_16) or b"\0" in line.text:
            raise Malformed("The table is in UTF-16; save it as UTF-8 (in Excel: CSV UTF-8).")
        if b"\r" in line.text.rstrip(b"\r"):
            raise Malformed("The table's lines end in CR alone; save it with LF (in Excel: CSV UTF-8).")
        text = line.text.decode("utf-8", "replace").lstrip(_BOM)
        if not is_empty_row(text):
            return text
        empty_rows.add()
    raise Malformed("The table has no header; name the columns in its first line.")


def _column_names(header: str, delimiter: str) -> list[str]:
    """Return the names as exports write them, however they are capitalised and spaced, up to the last one."""
    cells = next(csv.reader([header], delimiter=delimiter, skipinitialspace=True))
    names = ["_".join(cell.lower().split()) for cell in cells]
    while names and not names[-1]:
        names.pop()
    return names


def _name_faults(names: Iterable[str]) -> Iterator[Fault]:
    earlier = set[str]()
    for index, name in enumerate(names):
        if not name:
            continue  # an empty column of a spreadsheet
        if name not in COLUMN_NAMES:
            yield Fault(
                f'There is no column "{name[:100]}".{did_you_mean(name[:100], COLUMN_NAMES)}', pointer=f"#/{index}"
            )
        elif name in earlier:
            yield Fault(f'The column "{name}" appears twice.', pointer=f"#/{index}")
        earlier.add(name)


def _rows(feed: _LineFeed, names: Sequence[str], delimiter: str, empty_rows: EmptyRows) -> Iterator[ParsedRow]:
    reader = csv.reader(feed, delimiter=delimiter, strict=True, skipinitialspace=True)
    while True:
        feed.first = 0
        try:
            cells = next(reader, None)
        except csv.Error as error:
            yield _refuse(feed, f"{_position(feed)} cannot be read as a row: {error}. Is a quote not closed?")
        except _TooLong:
            yield _refuse(feed, LINE_TOO_LONG)
        else:
            if cells is None:
                return
            if all(map(is_blank, cells)):
                empty_rows.add()
            else:
                yield _row(feed, names, cells)


def _position(feed: _LineFeed) -> str:
    return f"Lines {feed.first} to {feed.last}" if feed.last > feed.first else "The line"


def _row(feed: _LineFeed, names: Sequence[str], cells: Sequence[str]) -> ParsedRow:
    """Return the row with `cells`. Spreadsheets leave out empty cells at its end, or add some."""
    if not all(map(is_blank, cells[len(names) :])):
        return _refuse(feed, f"The row has {len(cells)} cells, but the header has {len(names)}.")
    row = {}
    for name, cell in zip_longest(names, cells[: len(names)], fillvalue=""):
        if not cell.isprintable() and _UNSTORABLE.search(cell):
            return _refuse(feed, "The cell has invalid UTF-8 or U+0000; save the table as UTF-8.", name)
        if name:
            row[name] = cell
        elif not is_blank(cell):
            return _refuse(feed, "A cell has no column name above it; name its column, or empty the cell.")
    return _flat_row(feed.first, row, feed.end)


def _flat_row(line: int, cells: dict[str, str], end: int) -> ParsedRow:
    """Return the row on `line` with `cells` by column."""
    ids = event_of_row({name: cells.get(name, "") for name in ("id", "external_ids")})
    text = orjson.dumps(cells)
    row = build_row(line, text, ids or {"cells": cells}, end=end)
    if isinstance(row, RefusedRow):
        return RefusedRow(line, tuple(RowError(line, one.detail, one.pointer, "id") for one in row.errors), end)
    return ImportRow(row.line, row.text, row.digest, row.external_ids, row.id, row.says_id, is_flat=True, end=end)


def _refuse(feed: _LineFeed, detail: str, column: str | None = None) -> RefusedRow:
    return refused_row(feed.first, detail, column=column, end=feed.end)
