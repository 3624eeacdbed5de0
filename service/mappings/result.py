"""What a mapping makes of a CSV's rows: a record, or the reasons why there is none."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

#: Characters of a text that is wrong which are told.
_SHOWN = 200


@dataclass(frozen=True)
class Reason:
    """Why a row gave no record. `problem` is the same sentence for every row of its kind, so that it can be counted."""

    problem: str
    #: The column, or the columns joined by commas, that hold what is wrong; None where the row as a whole is.
    column: str | None = None
    #: The text that is wrong.
    value: str | None = None
    #: The field that it was for, as the mapping writes it: `event.dates[2].edtf`.
    place: str | None = None

    @property
    def detail(self) -> str:
        """What is wrong in a sentence, without the column."""
        if self.value is None:
            return self.problem[:1].upper() + self.problem[1:]
        shown = self.value if len(self.value) <= _SHOWN else f"{self.value[:_SHOWN]}…"
        return f'"{shown}" {self.problem}'


class Origin(Protocol):
    """What of the mapping made a part of a record."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it reads."""

    def columns_of(self, name: str) -> tuple[str, ...]:
        """The columns that its field `name` reads."""


@dataclass(frozen=True)
class Mapped:
    """A record as NewEventSchema takes it, and the lines where the rows that made it begin: the file's first is 1."""

    lines: tuple[int, ...]
    record: dict[str, Any]
    #: What made each field, and each member of a list, by the field's name.
    origins: Mapping[str, Sequence[Origin]] = field(default_factory=dict, repr=False, compare=False)

    def columns_at(self, pointer: str) -> tuple[str, ...]:
        """The columns behind a place of the record, by JSON pointer: `#/dates/0/edtf`. None where it is not known."""
        name, *within = pointer.removeprefix("#").removeprefix("/").split("/")
        made = self.origins.get(name, ())
        index = int(within[0]) if within and within[0].isdigit() else 0
        if index >= len(made):
            return ()
        return made[index].columns_of(within[1] if len(within) > 1 else name)


@dataclass(frozen=True)
class Refused:
    """Rows that gave no record, by the lines on which they begin, and everything that was found wrong with them."""

    lines: tuple[int, ...]
    reasons: tuple[Reason, ...]
