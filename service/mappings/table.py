"""Rows of a CSV file with their lines, grouped by event."""

import csv
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, groupby, islice, zip_longest

from schemas.blank import is_blank
from service.errors import Fault, Invalid
from service.exports.csv_file import DELIMITERS, LONGEST_CELL, is_empty_row, named_delimiter
from service.mappings.context import CellError, RowCondition, RowContext, Value
from service.mappings.result import MappingError, UnmappedRows
from service.mappings.templates import CsvRow
from service.mappings.text_cleanup import repair_encoding

csv.field_size_limit(LONGEST_CELL)

#: Control characters besides tab and line ends, which no record can hold.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")
#: Characters that stand for bytes which could not be decoded.
_UNDECODED = re.compile("[\udc80-\udcff]")


@dataclass(frozen=True)
class CsvFormat:
    """The format of a file."""

    encoding: str = "utf-8"
    #: Empty where the header shows it.
    delimiter: str = ""
    quote: str = '"'
    #: Lines before the header.
    skip_lines: int = 0
    #: The names of the columns, where the file has no header.
    header: tuple[str, ...] = ()
    #: Tests for texts that stand for an empty cell.
    is_nothing: Callable[[str], bool] = lambda _: False
    #: UTF-8 that was decoded as Windows-1252 is repaired.
    repair_encoding: bool = False
    replace: tuple[tuple[str, str], ...] = ()

    def clean(self, cell: str) -> str:
        """Return the text of a cell; empty where it stands for nothing."""
        for old, new in self.replace:
            cell = cell.replace(old, new)
        text = repair_encoding(cell) if self.repair_encoding else cell
        if not text.isprintable():
            text = _CONTROL.sub("", text)
        text = text.strip()
        return "" if is_blank(text) or self.is_nothing(text) else text


@dataclass(frozen=True)
class Grouping:
    """The rows that make one event, and their order."""

    by: Value
    order: Value | None = None
    first: RowCondition | None = None
    #: The rows of an event are consecutive, so that memory holds one event at a time.
    together: bool = False
    #: All rows of an event must be equal.
    alike: bool = False


@dataclass(frozen=True, slots=True)
class NumberedRow:
    """A row, and the line on which it begins."""

    line: int
    row: CsvRow


@dataclass
class CsvTable:
    """A CSV file that is being read: its header, then its rows, each readable or not."""

    header: tuple[str, ...]
    rows: Iterator[NumberedRow | UnmappedRows] = field(repr=False)


def read_table(lines: Iterable[str], format: CsvFormat, columns: Collection[str]) -> CsvTable:
    """Return the table in the lines of a file. Raises Invalid for an unreadable header or repeated columns.

    `columns` are some that the file should have: they tell its delimiter, where the format has none.
    """
    reader = _Reader(lines, format, columns)
    header = format.header
    if not header:
        first = next(reader, None)
        if first is None or isinstance(first.cells, MappingError):
            raise Invalid("The file has no readable header.")
        header = tuple(_CONTROL.sub("", cell).strip() for cell in first.cells)
    repeated = sorted({column for column in header if column and header.count(column) > 1})
    if repeated:
        raise Invalid("The header has repeated columns.", [Fault(f'"{column}" appears twice.') for column in repeated])
    return CsvTable(header, _rows(reader, header, format))


def group_rows(
    rows: Iterable[NumberedRow | UnmappedRows], grouping: Grouping | None
) -> Iterator[list[NumberedRow] | UnmappedRows]:
    """Yield the rows of each event in their order, and unusable rows. Events come in the order of their first rows."""
    if grouping is None:
        yield from ([row] if isinstance(row, NumberedRow) else row for row in rows)
        return
    for group in _groups(rows, grouping):
        yield _ordered(group, grouping) if isinstance(group, list) else group


@dataclass(frozen=True, slots=True)
class _Cells:
    """The cells of a row, or the error for which it has none, with its first and last line."""

    cells: list[str] | MappingError
    line: int
    last: int

    def refuse(self, problem: str) -> UnmappedRows:
        """Return the row as unmapped, with all lines that it spans because of an unclosed quote."""
        lines = tuple(range(self.line, self.last + 1))
        hint = "; it spans several lines: is a quote not closed?" if len(lines) > 1 else "."
        return UnmappedRows(lines, (MappingError(f"{problem}{hint}"),))


class _Reader(Iterator[_Cells]):
    """The rows of a file, without empty ones."""

    def __init__(self, lines: Iterable[str], format: CsvFormat, columns: Collection[str]) -> None:
        rest = _strip_bom(lines)
        next(islice(rest, format.skip_lines, format.skip_lines), None)
        self._skipped = format.skip_lines
        above, first = _first_row(rest)
        delimiter = named_delimiter(first.strip("\r\n"))
        if delimiter:
            self._skipped += len(above) + 1
            above, first = _first_row(rest)
        delimiter = delimiter or format.delimiter or _likeliest_delimiter(first, format, columns)
        self._csv = csv.reader(chain(above, [first], rest), delimiter=delimiter, quotechar=format.quote)

    def __next__(self) -> _Cells:
        while True:
            line = self._csv.line_num + 1 + self._skipped
            try:
                cells = next(self._csv)
            except csv.Error as error:
                return _Cells(MappingError(f"cannot be read as CSV: {error}"), line, self._csv.line_num + self._skipped)
            if not all(map(is_blank, cells)):
                return _Cells(cells, line, self._csv.line_num + self._skipped)


def _strip_bom(lines: Iterable[str]) -> Iterator[str]:
    """Yield the lines without a byte order mark, which would hide a quote in the first line."""
    for number, line in enumerate(lines):
        yield line if number else line.removeprefix("\ufeff")


def _first_row(lines: Iterator[str]) -> tuple[list[str], str]:
    """Return the empty rows at the beginning of `lines`, and the line behind them."""
    above = list[str]()
    for line in lines:
        if not is_empty_row(line):
            return above, line
        above.append(line)
    return above, ""


def _likeliest_delimiter(header: str, format: CsvFormat, columns: Collection[str]) -> str:
    """Return the delimiter by which the header has the most of `columns`; a comma for a file without a header."""

    def matches(delimiter: str) -> int:
        try:
            [names] = csv.reader([header], delimiter=delimiter, quotechar=format.quote)
        except (csv.Error, ValueError):
            return 0
        return sum(name.strip() in columns for name in names)

    return max(DELIMITERS, key=matches) if not format.header else DELIMITERS[0]


def _rows(reader: Iterator[_Cells], header: Sequence[str], format: CsvFormat) -> Iterator[NumberedRow | UnmappedRows]:
    clean, width = format.clean, len(header)
    for one in reader:
        cells = one.cells
        if isinstance(cells, MappingError):
            yield one.refuse(cells.problem)
        elif not all(map(is_blank, cells[width:])) or (len(cells) < width and one.last > one.line):
            # Spreadsheets leave out empty cells at the end. But a row of several lines may have a quote too few.
            yield one.refuse(f"has {len(cells)} cells, but the header has {width}")
        elif undecoded := [column for column, cell in zip(header, cells, strict=False) if _UNDECODED.search(cell)]:
            error = MappingError(f"has bytes that are not {format.encoding}.", ", ".join(undecoded))
            yield UnmappedRows((one.line,), (error,))
        else:
            cleaned = map(clean, cells[:width])
            yield NumberedRow(one.line, dict(zip_longest(header, cleaned, fillvalue="")))


def _groups(
    rows: Iterable[NumberedRow | UnmappedRows], grouping: Grouping
) -> Iterator[list[NumberedRow] | UnmappedRows]:
    """Yield the rows of each event in the order of the file."""
    if grouping.together:
        yield from _consecutive_groups(rows, grouping)
        return
    events: dict[str, list[NumberedRow]] = {}
    # Unmapped rows keep their place among the events: progress counts on all lines before a result being done.
    results: list[str | UnmappedRows] = []
    for row in rows:
        key = _key(row, grouping)
        if isinstance(row, UnmappedRows) or isinstance(key, UnmappedRows):
            results.append(row if isinstance(row, UnmappedRows) else key)
            continue
        if key not in events:
            results.append(key)
        events.setdefault(key, []).append(row)
    for result in results:
        yield result if isinstance(result, UnmappedRows) else events.pop(result)


def _consecutive_groups(
    rows: Iterable[NumberedRow | UnmappedRows], grouping: Grouping
) -> Iterator[list[NumberedRow] | UnmappedRows]:
    """Yield the rows of each event, which must be consecutive."""
    earlier: set[str] = set()
    for key, run in groupby(rows, lambda row: _key(row, grouping)):
        members = list(run)
        if isinstance(key, UnmappedRows):
            yield from (key if isinstance(row, NumberedRow) else row for row in members)
        elif key in earlier:
            lines = tuple(row.line for row in members if isinstance(row, NumberedRow))
            columns = ", ".join(grouping.by.columns)
            yield UnmappedRows(lines, (MappingError("is not next to the other rows of its event.", columns, key),))
        else:
            earlier.add(key)
            yield [row for row in members if isinstance(row, NumberedRow)]


def _key(row: NumberedRow | UnmappedRows, grouping: Grouping) -> str | UnmappedRows:
    """Return the key that the rows of an event share, or the row as unmapped where it has none."""
    if isinstance(row, UnmappedRows):
        return row
    columns = ", ".join(grouping.by.columns)
    try:
        texts = grouping.by.texts(RowContext(row.row, [row.row], {}))
    except CellError as error:
        return UnmappedRows((row.line,), (MappingError(error.problem, columns, error.text, "group.by"),))
    if not texts:
        missing = MappingError("is empty, but must name the event of the row.", columns, None, "group.by")
        return UnmappedRows((row.line,), (missing,))
    return "\0".join(texts)


def _ordered(rows: list[NumberedRow], grouping: Grouping) -> list[NumberedRow] | UnmappedRows:
    lines = tuple(row.line for row in rows)
    if grouping.alike and (differing := _differing_columns(rows)):
        error = MappingError("differs between the rows of the event.", ", ".join(differing), None, "group")
        return UnmappedRows(lines, (error,))
    all_rows = [row.row for row in rows]
    try:
        keyed = [(_sort_key(RowContext(row.row, all_rows, {}), grouping), row) for row in rows]
    except CellError as error:
        return UnmappedRows(lines, (MappingError(error.problem, None, error.text, "group.order"),))
    if grouping.first and not any(key[0] == 0 for key, _ in keyed):
        columns = ", ".join(grouping.first.columns)
        missing = MappingError("marks no row as the event's first.", columns, None, "group.first")
        return UnmappedRows(lines, (missing,))
    return [row for _, row in sorted(keyed, key=lambda one: one[0])]


def _sort_key(context: RowContext, grouping: Grouping) -> tuple[int, list[tuple[float, str]]]:
    """Return the key of a row among those of its event: first rows before others, then by `order`."""
    behind = int(not grouping.first.holds(context)) if grouping.first else 0
    return behind, [_sortable(text) for text in (grouping.order.texts(context) if grouping.order else ())]


def _sortable(text: str) -> tuple[float, str]:
    """Return a key that sorts numbers as numbers, before other texts."""
    try:
        return float(text), ""
    except ValueError:
        return float("inf"), text


def _differing_columns(rows: Sequence[NumberedRow]) -> list[str]:
    first = rows[0].row
    return [column for column, cell in first.items() if any(row.row[column] != cell for row in rows)]
