"""What a mapping made of a file, as an import takes it; service/mapping says how it comes about."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any, Protocol, runtime_checkable

from schemas.events import NewEventSchema
from service.errors import Invalid
from service.imports.rows import Entry, Refused, row_of, told
from service.store.imports import RowError
from service.strict_json import render
from service.validation import load

_NEW_EVENT = NewEventSchema()


class Reason(Protocol):
    """Why rows gave no record."""

    @property
    def column(self) -> str | None:
        """The columns that hold what is wrong."""

    @property
    def place(self) -> str | None:
        """The field that it was for, as the mapping writes it: `event.dates[2].edtf`."""

    @property
    def detail(self) -> str:
        """All of it in a sentence."""


class Mapped(Protocol):
    """A record, and the lines that it was made from."""

    @property
    def lines(self) -> tuple[int, ...]:
        """Where its rows begin."""

    @property
    def record(self) -> dict[str, Any]:
        """As NewEventSchema takes it."""

    def columns_at(self, pointer: str) -> tuple[str, ...]:
        """The columns behind a place of the record."""


@runtime_checkable
class Unmapped(Protocol):
    """Lines that gave no record."""

    @property
    def lines(self) -> tuple[int, ...]:
        """Where its rows begin."""

    @property
    def reasons(self) -> Sequence[Reason]:
        """Why not."""


def mapped_rows(outcomes: Iterable[Mapped | Unmapped]) -> Iterator[Entry]:
    """A row for each record, by the first of the lines that it was made from; refused where it is not valid."""
    for outcome in outcomes:
        yield _unmapped(outcome) if isinstance(outcome, Unmapped) else _row(outcome)


def _row(mapped: Mapped) -> Entry:
    """The row; of one that is not valid the columns are known here, and nowhere later."""
    line = mapped.lines[0]
    try:
        load(_NEW_EVENT, mapped.record)
    except Invalid as error:
        return Refused(line, tuple(_with_columns(one, mapped) for one in told(line, error)))
    return row_of(line, render(mapped.record), mapped.record)


def _with_columns(error: RowError, mapped: Mapped) -> RowError:
    columns = mapped.columns_at(error.pointer) if error.pointer else ()
    return replace(error, column=", ".join(columns) or None)


def _unmapped(outcome: Unmapped) -> Refused:
    """Rows that gave no record, told by the first of them."""
    line, *others = outcome.lines
    also = f" Refused with it, as rows of one event: lines {_spans(others)}." if others else ""
    errors = (
        RowError(line, reason.detail + also, _pointer(reason.place), reason.column, place)
        for place, reason in enumerate(outcome.reasons)
    )
    return Refused(line, tuple(errors))


def _spans(lines: Iterable[int]) -> str:
    """The lines in order, those that follow each other as 3-17: a quote that is not closed takes thousands along."""
    spans = [list(span) for _, span in groupby(enumerate(lines), lambda numbered: numbered[1] - numbered[0])]
    return ", ".join(str(span[0][1]) if len(span) == 1 else f"{span[0][1]}-{span[-1][1]}" for span in spans)


def _pointer(place: str | None) -> str | None:
    """The field of the record that a place of the mapping is for: `event.dates[2].edtf` is its second way to a date."""
    field = re.match(r"event\.([a-z_]+)", place or "")
    return f"#/{field[1]}" if field else None
