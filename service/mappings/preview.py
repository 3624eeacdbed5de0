"""A preview of a mapping on a file: its records field by field, and its errors counted by kind."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from schemas.events import NewEventSchema
from service.errors import Fault, Invalid
from service.mappings.result import MappedRecord, MappingError, UnmappedRows
from service.validation import load

_EVENT = NewEventSchema()
#: Lines that are listed for each kind of error.
_MAX_LINES = 5


@dataclass(frozen=True)
class FieldPreview:
    """A field of a record or of the mapping: its value or error as text, and the columns behind it."""

    name: str
    text: str
    columns: tuple[str, ...]


@dataclass
class ErrorGroup:
    """Errors of one kind: the same problem in the same column."""

    problem: str
    column: str | None
    count: int = 0
    lines: list[int] = field(default_factory=list)
    #: A few of the wrong values.
    values: list[str] = field(default_factory=list)

    def add(self, lines: tuple[int, ...], value: str | None) -> None:
        """Count one more error."""
        self.count += 1
        if len(self.lines) < _MAX_LINES:
            self.lines.append(lines[0])
            if value is not None and value not in self.values:
                self.values.append(value)


@dataclass
class Preview:
    """Counts of the rows that were read."""

    rows: int = 0
    records: int = 0
    refused_rows: int = 0
    #: Errors of the mapping, by problem and column.
    errors: dict[tuple[str, str | None], ErrorGroup] = field(default_factory=dict)
    #: Faults for which the service would refuse records, by problem and columns.
    faults: dict[tuple[str, str | None], ErrorGroup] = field(default_factory=dict)

    def add(self, result: MappedRecord | UnmappedRows) -> tuple[Fault, ...]:
        """Count `result`, and return the faults of its record."""
        self.rows += len(result.lines)
        if isinstance(result, UnmappedRows):
            self.refused_rows += len(result.lines)
            for error in result.errors:
                _group(self.errors, error.problem, error.column).add(result.lines, error.value)
            return ()
        self.records += 1
        faults = schema_faults(result)
        for fault in faults:
            pointer = re.sub(r"/[0-9]+", "/*", fault.pointer or "#")
            columns = ", ".join(result.columns_at(fault.pointer or "#")) or None
            _group(self.faults, f"{pointer}: {fault.detail}", columns).add(result.lines, None)
        return faults


def schema_faults(mapped: MappedRecord) -> tuple[Fault, ...]:
    """Return the faults that NewEventSchema finds in a record."""
    try:
        load(_EVENT, mapped.record)
    except Invalid as error:
        return error.faults
    return ()


def field_previews(mapped: MappedRecord) -> Iterator[FieldPreview]:
    """Yield every field of a record, and every member of a list by itself."""
    for name, value in mapped.record.items():
        origins = mapped.origins.get(name, ())
        if isinstance(value, list) and value and isinstance(value[0], dict):
            for index, part in enumerate(value):
                columns = origins[index].columns if index < len(origins) else ()
                yield FieldPreview(f"{name}[{index}]", _text(part), columns)
        else:
            text = ", ".join(value) if isinstance(value, list) else _text(value)
            yield FieldPreview(name, text, origins[0].columns if origins else ())


def error_previews(errors: Iterable[MappingError]) -> Iterator[FieldPreview]:
    """Yield every error of unmapped rows."""
    for error in errors:
        yield FieldPreview(error.path or "", error.detail, (error.column,) if error.column else ())


def _group(groups: dict[tuple[str, str | None], ErrorGroup], problem: str, column: str | None) -> ErrorGroup:
    return groups.setdefault((problem, column), ErrorGroup(problem, column))


def _text(value: Any) -> str:
    if isinstance(value, Mapping):
        return " · ".join(f"{name}: {_text(one)}" for name, one in value.items())
    return ", ".join(value) if isinstance(value, list) else str(value)
