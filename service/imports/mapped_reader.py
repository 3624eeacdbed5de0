"""Rows of an import from a table by a mapping."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby, islice

from schemas.events import NewEventSchema
from service.errors import Invalid
from service.imports.rows import ExternalId, ImportRow, KnownRow, ParsedRow, RefusedRow, build_row, row_errors
from service.mappings.loader import Mapping as TableMapping
from service.mappings.loader import RecordMapper
from service.mappings.result import MappedRecord, UnmappedRows
from service.mappings.table import CsvTable, group_rows
from service.store.imports import RowError
from service.strict_json import render
from service.validation import load

_NEW_EVENT = NewEventSchema()


#: Events whose rows are looked up at once.
_LOOK_UP = 500

#: Returns those digests of rows that would change nothing, with the external ids of their events.
FindKnown = Callable[[Sequence[bytes]], Mapping[bytes, Sequence[ExternalId]]]


def mapped_rows(mapping: TableMapping, table: CsvTable, find_known: FindKnown) -> Iterator[ParsedRow]:
    """Yield a row for each event of the table, on the first of its lines.

    It is refused where it cannot be mapped or the record is not valid. Rows that `find_known` returns are not mapped.
    """
    mapper, groups = RecordMapper(mapping), group_rows(table.rows, mapping.grouping)
    while some := [*islice(groups, _LOOK_UP)]:
        digests = [b"" if isinstance(group, UnmappedRows) else mapper.digest(group) for group in some]
        ids_by_digest = find_known([digest for digest in digests if digest])
        for group, digest in zip(some, digests, strict=True):
            if digest in ids_by_digest and not isinstance(group, UnmappedRows):
                mapper.use(ids_by_digest[digest])
                yield KnownRow(min(row.line for row in group))
            else:
                yield _parsed_row(mapper.map(group), digest)


def _parsed_row(result: MappedRecord | UnmappedRows, source: bytes) -> ParsedRow:
    if isinstance(result, UnmappedRows):
        return _unmapped_row(result)
    row = _row(result)
    return replace(row, source=source) if isinstance(row, ImportRow) else row


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
