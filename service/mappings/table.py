"""The rows of a CSV file with their lines, and those that make one event together."""

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from service.errors import Fault, Invalid
from service.exports.csv_file import LONGEST_CELL
from service.mappings.context import Case, Condition, Unfit, Value
from service.mappings.result import Reason, Refused
from service.mappings.templates import Row
from service.mappings.text_cleanup import mended

csv.field_size_limit(LONGEST_CELL)

#: What no text is made of and no record can hold: control characters besides tab and line ends.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")
#: What a byte that the encoding does not know is read as.
_UNDECODED = re.compile("[\udc80-\udcff]")


@dataclass(frozen=True)
class Form:
    """How the file is written."""

    encoding: str = "utf-8"
    delimiter: str = ","
    quote: str = '"'
    #: Lines before the header that are not part of the table.
    skip_lines: int = 0
    #: The columns' names, where the file has no header.
    header: tuple[str, ...] = ()
    #: What the file writes where it has nothing to say.
    is_nothing: Callable[[str], bool] = lambda _: False
    #: Whether UTF-8 that was read as Windows-1252 is put right.
    mend: bool = False
    replace: tuple[tuple[str, str], ...] = ()

    def clean(self, cell: str) -> str:
        """The text of a cell, or nothing."""
        for old, new in self.replace:
            cell = cell.replace(old, new)
        text = mended(cell) if self.mend else cell
        if not text.isprintable():
            text = _CONTROL.sub("", text)
        text = text.strip()
        return "" if self.is_nothing(text) else text


@dataclass(frozen=True)
class Group:
    """Which rows make one event, and in which order they stand."""

    by: Value
    order: Value | None = None
    first: Condition | None = None
    #: Whether the rows of an event stand next to each other, so that no more than one event is kept in memory.
    together: bool = False
    #: Whether they must all say the same.
    alike: bool = False


@dataclass(frozen=True, slots=True)
class Numbered:
    """A row and the line on which it begins."""

    line: int
    row: Row


@dataclass
class Table:
    """A CSV file that is being read: its header, and then its rows or why one cannot be used."""

    header: tuple[str, ...]
    rows: Iterator[Numbered | Refused] = field(repr=False)


def table_in(lines: Iterable[str], form: Form) -> Table:
    """The table in the lines of a file. Invalid where its header cannot be used."""
    reader = _Reader(lines, form)
    header = form.header
    if not header:
        found = next(reader, None)
        if found is None or isinstance(found.cells, Reason):
            raise Invalid("The file has no header that can be read.")
        header = tuple(_CONTROL.sub("", cell).strip() for cell in found.cells)
    twice = sorted({column for column in header if column and header.count(column) > 1})
    if twice:
        raise Invalid("The header has columns of one name.", [Fault(f'"{column}" stands twice.') for column in twice])
    return Table(header, _rows(reader, header, form))


def events_in(rows: Iterable[Numbered | Refused], group: Group | None) -> Iterator[list[Numbered] | Refused]:
    """The rows of each event in their order, and what cannot be used. Events stand as their first rows do."""
    if group is None:
        yield from ([found] if isinstance(found, Numbered) else found for found in rows)
        return
    yield from (_ordered(found, group) if isinstance(found, list) else found for found in _grouped(rows, group))


@dataclass(frozen=True, slots=True)
class _Cells:
    """The cells of a row, or why it has none, and the first and the last of its lines."""

    cells: list[str] | Reason
    line: int
    last: int

    def refused(self, problem: str) -> Refused:
        """The row, refused with all of its lines: what a quote that is not closed takes along is told, too."""
        lines = tuple(range(self.line, self.last + 1))
        several = "; it goes over several lines: is a quote not closed?" if len(lines) > 1 else "."
        return Refused(lines, (Reason(f"{problem}{several}"),))


class _Reader(Iterator[_Cells]):
    """The rows of a file; empty ones are passed over."""

    def __init__(self, lines: Iterable[str], form: Form) -> None:
        self._lines = _without_mark(lines)
        for _ in range(form.skip_lines):
            next(self._lines, None)
        self._skipped = form.skip_lines
        self._csv = csv.reader(self._lines, delimiter=form.delimiter, quotechar=form.quote)

    def __next__(self) -> _Cells:
        while True:
            line = self._csv.line_num + 1 + self._skipped
            try:
                cells = next(self._csv)
            except csv.Error as error:
                return _Cells(Reason(f"cannot be read as CSV: {error}"), line, self._csv.line_num + self._skipped)
            if any(cell and not cell.isspace() for cell in cells):
                return _Cells(cells, line, self._csv.line_num + self._skipped)


def _without_mark(lines: Iterable[str]) -> Iterator[str]:
    """The lines without the mark that some programs put before the first: it would hide a quote."""
    for number, line in enumerate(lines):
        yield line if number else line.removeprefix("\ufeff")


def _rows(reader: Iterator[_Cells], header: Sequence[str], form: Form) -> Iterator[Numbered | Refused]:
    clean, width = form.clean, len(header)
    for found in reader:
        cells = found.cells
        if isinstance(cells, Reason):
            yield found.refused(cells.problem)
        elif len(cells) < width or any(cells[width:]):
            yield found.refused(f"has {len(cells)} cells, and the header has {width}")
        elif undecoded := [column for column, cell in zip(header, cells, strict=False) if _UNDECODED.search(cell)]:
            reason = Reason(f"holds bytes that are not {form.encoding}.", ", ".join(undecoded))
            yield Refused((found.line,), (reason,))
        else:
            yield Numbered(found.line, dict(zip(header, map(clean, cells), strict=False)))


def _grouped(rows: Iterable[Numbered | Refused], group: Group) -> Iterator[list[Numbered] | Refused]:
    """The rows of each event as they stand in the file."""
    if group.together:
        yield from _runs(rows, group)
        return
    events: dict[str, list[Numbered]] = {}
    # Whoever counts lines must know that all before one are done: so what is refused waits for its turn.
    turns: list[str | Refused] = []
    for found in rows:
        key = _key(found, group)
        if isinstance(found, Refused) or isinstance(key, Refused):
            turns.append(found if isinstance(found, Refused) else key)
            continue
        if key not in events:
            turns.append(key)
        events.setdefault(key, []).append(found)
    for turn in turns:
        yield turn if isinstance(turn, Refused) else events.pop(turn)


def _runs(rows: Iterable[Numbered | Refused], group: Group) -> Iterator[list[Numbered] | Refused]:
    """The rows of each event, which stand next to each other. Those that do not are refused."""
    seen: set[str] = set()
    for key, run in groupby(rows, lambda found: _key(found, group)):
        found = list(run)
        if isinstance(key, Refused):
            yield from (key if isinstance(one, Numbered) else one for one in found)
        elif key in seen:
            lines = tuple(one.line for one in found if isinstance(one, Numbered))
            reason = Reason("does not stand with the other rows of its event.", ", ".join(group.by.columns), key)
            yield Refused(lines, (reason,))
        else:
            seen.add(key)
            yield [one for one in found if isinstance(one, Numbered)]


def _key(found: Numbered | Refused, group: Group) -> Any:
    """What the rows of an event have in common, or why a row has none."""
    if isinstance(found, Refused):
        return found
    columns = ", ".join(group.by.columns)
    try:
        texts = group.by.texts(Case(found.row, [found.row], {}))
    except Unfit as unfit:
        return Refused((found.line,), (Reason(unfit.problem, columns, unfit.text, "group.by"),))
    if not texts:
        return Refused(
            (found.line,), (Reason("is empty, and says which event the row is of.", columns, None, "group.by"),)
        )
    return "\0".join(texts)


def _ordered(rows: list[Numbered], group: Group) -> list[Numbered] | Refused:
    lines = tuple(found.line for found in rows)
    if group.alike and (differing := _differing(rows)):
        return Refused(
            lines, (Reason("is not the same in all rows of the event.", ", ".join(differing), None, "group"),)
        )
    whole = [found.row for found in rows]
    try:
        keyed = [(_place(Case(found.row, whole, {}), group), found) for found in rows]
    except Unfit as unfit:
        return Refused(lines, (Reason(unfit.problem, None, unfit.text, "group.order"),))
    if group.first and not any(place[0] == 0 for place, _ in keyed):
        columns = ", ".join(group.first.columns)
        return Refused(
            lines, (Reason("does not say of any row that it is the event's first.", columns, None, "group.first"),)
        )
    return [found for _, found in sorted(keyed, key=lambda one: one[0])]


def _place(case: Case, group: Group) -> tuple[int, list[tuple[float, str]]]:
    """Where a row stands among those of its event: what is first before the others, numbers as numbers."""
    behind = int(not group.first.holds(case)) if group.first else 0
    return behind, [_sortable(text) for text in (group.order.texts(case) if group.order else ())]


def _sortable(text: str) -> tuple[float, str]:
    try:
        return float(text), ""
    except ValueError:
        return float("inf"), text


def _differing(rows: Sequence[Numbered]) -> list[str]:
    first = rows[0].row
    return [column for column, cell in first.items() if any(found.row[column] != cell for found in rows)]
