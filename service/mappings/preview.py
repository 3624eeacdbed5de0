"""A mapping tried on a file: what became of its rows, told so that who wrote the mapping sees what to mend."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from schemas.events import NewEventSchema
from service.errors import Fault, Invalid
from service.mappings.result import Mapped, Reason, Refused
from service.validation import load

_EVENT = NewEventSchema()
#: Lines that are named for each kind of refusal.
_NAMED = 5


@dataclass(frozen=True)
class Told:
    """A field of a record: what it became, and the columns that it comes from."""

    name: str
    became: str
    columns: tuple[str, ...]


@dataclass
class Kind:
    """Refusals of one kind: what is wrong, and in which column."""

    problem: str
    column: str | None
    count: int = 0
    lines: list[int] = field(default_factory=list)
    #: A few of the texts that are wrong.
    values: list[str] = field(default_factory=list)

    def add(self, lines: tuple[int, ...], value: str | None) -> None:
        """Count one more."""
        self.count += 1
        if len(self.lines) < _NAMED:
            self.lines.append(lines[0])
            if value is not None and value not in self.values:
                self.values.append(value)


@dataclass
class Trial:
    """What became of the rows that were looked at."""

    rows: int = 0
    records: int = 0
    refused_rows: int = 0
    refusals: dict[tuple[str, str | None], Kind] = field(default_factory=dict)
    #: Records that the mapping makes and the service would refuse, by what is wrong and where.
    faults: dict[tuple[str, str | None], Kind] = field(default_factory=dict)

    def add(self, outcome: Mapped | Refused) -> tuple[Fault, ...]:
        """Count `outcome`; what the service would refuse in its record."""
        self.rows += len(outcome.lines)
        if isinstance(outcome, Refused):
            self.refused_rows += len(outcome.lines)
            for reason in outcome.reasons:
                _kind(self.refusals, reason.problem, reason.column).add(outcome.lines, reason.value)
            return ()
        self.records += 1
        faults = faults_of(outcome)
        for fault in faults:
            place = re.sub(r"/[0-9]+", "/*", fault.pointer or "#")
            _kind(self.faults, f"{place}: {fault.detail}", told_columns(outcome, fault)).add(outcome.lines, None)
        return faults


def faults_of(mapped: Mapped) -> tuple[Fault, ...]:
    """What NewEventSchema finds wrong with a record."""
    try:
        load(_EVENT, mapped.record)
    except Invalid as error:
        return error.faults
    return ()


def told_columns(mapped: Mapped, fault: Fault) -> str | None:
    """The columns behind a fault."""
    return ", ".join(mapped.columns_at(fault.pointer or "#")) or None


def told(mapped: Mapped) -> Iterator[Told]:
    """Every field of a record, each member of a list by itself."""
    for name, value in mapped.record.items():
        origins = mapped.origins.get(name, ())
        if isinstance(value, list) and value and isinstance(value[0], dict):
            for index, part in enumerate(value):
                yield Told(f"{name}[{index}]", _part(part), origins[index].columns if index < len(origins) else ())
        else:
            became = ", ".join(value) if isinstance(value, list) else _part(value)
            yield Told(name, became, origins[0].columns if origins else ())


def told_reasons(reasons: Iterable[Reason]) -> Iterator[Told]:
    """Every reason why rows were refused."""
    for reason in reasons:
        yield Told(reason.place or "", reason.detail, (reason.column,) if reason.column else ())


def _kind(kinds: dict[tuple[str, str | None], Kind], problem: str, column: str | None) -> Kind:
    return kinds.setdefault((problem, column), Kind(problem, column))


def _part(value: Any) -> str:
    if isinstance(value, Mapping):
        return " · ".join(f"{name}: {_part(one)}" for name, one in value.items())
    return ", ".join(value) if isinstance(value, list) else str(value)
