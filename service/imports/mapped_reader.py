"""Rows of an import from the results of a mapping; service/mappings makes these."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import groupby

from schemas.events import NewEventSchema
from service.errors import Invalid
from service.imports.rows import ImportRow, ParsedRow, RefusedRow, build_row, row_errors
from service.mappings.result import MappedRecord, UnmappedRows
from service.store.imports import RowError
from service.strict_json import render
from service.validation import load

_NEW_EVENT = NewEventSchema()


def mapped_rows(results: Iterable[MappedRecord | UnmappedRows]) -> Iterator[ParsedRow]:
    """Yield a row for each result, on the first of its lines; refused where the record is not valid."""
    for result in results:
        yield _unmapped_row(result) if isinstance(result, UnmappedRows) else _row(result)


def _row(mapped: MappedRecord) -> ParsedRow:
    """Return the row. It is validated here, where the columns behind the record's fields are known."""
    line = mapped.lines[0]
    try:
        loaded = load(_NEW_EVENT, mapped.record)
    except Invalid as error:
        return RefusedRow(line, tuple(_with_columns(one, mapped) for one in row_errors(line, error)))
    row = build_row(line, render(mapped.record), mapped.record)
    return replace(row, loaded=loaded) if isinstance(row, ImportRow) else row


def _with_columns(error: RowError, mapped: MappedRecord) -> RowError:
    columns = mapped.columns_at(error.pointer) if error.pointer else ()
    return replace(error, column=", ".join(columns) or None)


def _unmapped_row(result: UnmappedRows) -> RefusedRow:
    """Return one refused row on the first line, which names the other lines."""
    line, *others = result.lines
    suffix = f" Also refused, as rows of the same event: lines {_line_ranges(others)}." if others else ""
    errors = (
        RowError(line, error.detail + suffix, _pointer(error.path), error.column, place)
        for place, error in enumerate(result.errors)
    )
    return RefusedRow(line, tuple(errors))


def _line_ranges(lines: Iterable[int]) -> str:
    """Return `lines` as text, with consecutive ones as 3-17: an unclosed quote can refuse thousands of lines."""
    ranges = [list(lines) for _, lines in groupby(enumerate(lines), lambda numbered: numbered[1] - numbered[0])]
    return ", ".join(str(one[0][1]) if len(one) == 1 else f"{one[0][1]}-{one[-1][1]}" for one in ranges)


def _pointer(path: str | None) -> str | None:
    """Return the JSON pointer to the record's field for a path in the mapping, such as `event.dates[2].edtf`.

    It ends at the list: the 2 counts the tables [[event.dates]], not the dates of the record.
    """
    match = re.match(r"event\.([a-z_]+)", path or "")
    return f"#/{match[1]}" if match else None
