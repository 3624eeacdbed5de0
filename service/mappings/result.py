"""Results of a mapping: a record, or the rows that gave none with the reasons."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

#: Characters of a wrong value in an error.
_MAX_VALUE = 200


@dataclass(frozen=True)
class MappingError:
    """A reason why rows gave no record. `problem` is the same sentence for every error of its kind."""

    problem: str
    #: The column of the wrong value, or several joined by commas; None where the row as a whole is wrong.
    column: str | None = None
    value: str | None = None
    #: The field of the mapping, such as `event.dates[2].edtf`.
    path: str | None = None

    @property
    def detail(self) -> str:
        """The problem as a sentence with the value, without the column."""
        if self.value is None:
            return self.problem[:1].upper() + self.problem[1:]
        value = self.value if len(self.value) <= _MAX_VALUE else f"{self.value[:_MAX_VALUE]}…"
        return f'"{value}" {self.problem}'


class Origin(Protocol):
    """The part of a mapping that made a part of a record."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it reads."""

    def columns_of(self, name: str) -> tuple[str, ...]:
        """Return the columns that its field `name` reads."""


@dataclass(frozen=True)
class MappedRecord:
    """A record for NewEventSchema, and the lines on which its rows begin. The first line of the file is 1."""

    lines: tuple[int, ...]
    record: dict[str, Any]
    #: By field: the origin of the field, or of each member of a list.
    origins: Mapping[str, Sequence[Origin]] = field(default_factory=dict, repr=False, compare=False)

    def columns_at(self, pointer: str) -> tuple[str, ...]:
        """Return the columns behind a JSON pointer into the record, such as `#/dates/0/edtf`; none if unknown."""
        name, *within = pointer.removeprefix("#").removeprefix("/").split("/")
        origins = self.origins.get(name, ())
        index = int(within[0]) if within and within[0].isdigit() else 0
        if index >= len(origins):
            return ()
        return origins[index].columns_of(within[1] if len(within) > 1 else name)


@dataclass(frozen=True)
class UnmappedRows:
    """Rows that gave no record, by the lines on which they begin, with all errors."""

    lines: tuple[int, ...]
    errors: tuple[MappingError, ...]
