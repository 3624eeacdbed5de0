"""Rows of a table: CSV with the columns of service/exports/columns.py, as an export or a spreadsheet writes it."""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

import orjson

from schemas.base import did_you_mean
from service.errors import Fault, Invalid, Malformed
from service.exports.from_columns import KNOWN, sent_by
from service.imports.line_reader import Line
from service.imports.rows import Entry, Refused, Row, row_of
from service.store.imports import RowError

#: What stands between cells, the likeliest first: of two that find as many columns the first is taken.
_DELIMITERS = (",", ";", "\t", "|")

_BOM = b"\xef\xbb\xbf"
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")

#: Faults of a header that are told at most: a line may have hundreds of thousands of names.
_MOST_FAULTS = 20

#: What PostgreSQL cannot hold, and bytes that were no UTF-8.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class _TooLong(Exception):
    """A line of the row was not kept."""


class _Feed:
    """The table's lines for the csv module, which takes several where a cell holds line breaks."""

    def __init__(self, lines: Iterable[Line]) -> None:
        self._lines = iter(lines)
        #: Of the row that is being read: its first line, and where its last one ends.
        self.first, self.last, self.end = 0, 0, 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        self.first, self.last, self.end = self.first or line.number, line.number, line.end
        if line.text is None:
            raise _TooLong
        return line.text.decode("utf-8", "surrogateescape") + "\n"


def table_rows(lines: Iterable[Line]) -> Iterator[Entry]:
    """A row of each row of the table that is not empty, below its header.

    Malformed where there is no header to read, Invalid where it names what is no column.
    """
    lines = iter(lines)
    names, delimiter = _header(next(lines, None))
    yield from _rows(_Feed(lines), names, delimiter)


def _header(line: Line | None) -> tuple[list[str], str]:
    """The names of the columns, and what stands between two cells."""
    if line is None or line.text is None or not line.text.strip():
        raise Malformed("A table begins with a line that names its columns; there is none.")
    if line.text.startswith(_UTF_16) or b"\0" in line.text:
        raise Malformed("The table is in UTF-16; save it as UTF-8 (in Excel: CSV UTF-8).")
    if b"\r" in line.text.rstrip(b"\r"):
        raise Malformed("The table's lines end in CR alone; let them end in LF (in Excel: CSV UTF-8).")
    text = line.text.removeprefix(_BOM).decode("utf-8", "replace")
    try:
        found = [(_names(text, delimiter), delimiter) for delimiter in _DELIMITERS]
    except csv.Error as error:
        raise Malformed(f"The line that names the columns cannot be read: {error}.") from error
    names, delimiter = max(found, key=lambda one: sum(name in KNOWN for name in one[0]))
    if faults := [*islice(_wrong_names(names), _MOST_FAULTS)]:
        raise Invalid("The header names what is no column, or a column twice.", faults)
    return names, delimiter


def _names(header: str, delimiter: str) -> list[str]:
    """The names as they are written in columns.py, however people capitalise and space them."""
    cells = next(csv.reader([header], delimiter=delimiter))
    return ["_".join(cell.lower().split()) for cell in cells]


def _wrong_names(names: Iterable[str]) -> Iterator[Fault]:
    seen = set[str]()
    for place, name in enumerate(names):
        if name not in KNOWN:
            yield Fault(f'There is no column "{name[:100]}".{did_you_mean(name[:100], KNOWN)}', pointer=f"#/{place}")
        elif name in seen:
            yield Fault(f'The column "{name}" stands twice.', pointer=f"#/{place}")
        seen.add(name)


def _rows(feed: _Feed, names: Sequence[str], delimiter: str) -> Iterator[Entry]:
    reader = csv.reader(feed, delimiter=delimiter, strict=True)
    while True:
        feed.first = 0
        try:
            cells = next(reader, None)
        except csv.Error as error:
            yield _refused(feed, f"{_where(feed)} cannot be read as a row: {error}. Is a quote not closed?")
        except _TooLong:
            yield _refused(feed, "The line is longer than is allowed.")
        else:
            if cells is None:
                return
            if any(cells):
                yield _row(feed, names, cells)


def _where(feed: _Feed) -> str:
    return f"Lines {feed.first} to {feed.last}" if feed.last > feed.first else "The line"


def _row(feed: _Feed, names: Sequence[str], cells: Sequence[str]) -> Entry:
    if len(cells) != len(names):
        return _refused(feed, f"The row has {len(cells)} cells, the header {len(names)}.")
    for name, cell in zip(names, cells, strict=True):
        if not cell.isprintable() and _UNSTORABLE.search(cell):
            return _refused(feed, "The cell holds what is no UTF-8, or U+0000. Save the table as UTF-8.", name)
    said = dict(zip(names, cells, strict=True))
    return flat_row(feed.first, said, end=feed.end)


def flat_row(line: int, said: dict[str, str], *, end: int = 0) -> Entry:
    """The row on `line` whose cells are `said`, by column."""
    ids = sent_by({name: said.get(name, "") for name in ("id", "external_ids")})
    text = orjson.dumps(said)
    row = row_of(line, text, ids or {"cells": said}, end=end)
    if isinstance(row, Refused):
        return Refused(line, tuple(RowError(line, one.detail, one.pointer, "id") for one in row.errors), end)
    return Row(row.line, row.text, row.digest, row.external_ids, row.id, row.says_id, is_flat=True, end=end)


def _refused(feed: _Feed, detail: str, column: str | None = None) -> Refused:
    return Refused(feed.first, (RowError(feed.first, detail, column=column),), feed.end)
