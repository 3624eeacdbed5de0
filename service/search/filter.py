"""A filter as a value: which events are meant, whatever it was written in and whoever decides it."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from schemas.edtf import Bounds


@dataclass(frozen=True)
class Is:
    """One condition of the filter language, true where any of `values` fits; see conditions.py for the names."""

    name: str
    values: tuple[Any, ...]


@dataclass(frozen=True)
class DateAsked:
    """What one date must be: the main one where no `kinds` are named, else any of these kinds.

    It must lie in one of `periods`, which are apart and in order; None asks only that there is such a date. Possibly it
    does where it overlaps one, certainly where it lies in one as a whole.
    """

    kinds: tuple[str, ...]
    periods: tuple[Bounds, ...] | None
    certainly: bool


@dataclass(frozen=True)
class FigureAsked:
    """What one figure must be in all: an empty tuple or None asks nothing."""

    measures: tuple[str, ...]
    currencies: tuple[str, ...]
    units: tuple[str, ...]
    least: Decimal | None
    most: Decimal | None


@dataclass(frozen=True)
class Span:
    """From an instant until another, both included. None: open on that side."""

    since: datetime | None
    until: datetime | None


@dataclass(frozen=True)
class Words:
    """A web-search expression over the text of an event."""

    text: str


@dataclass(frozen=True)
class All:
    """Every part holds; without parts, always."""

    parts: tuple["Filter", ...]


@dataclass(frozen=True)
class AnyOf:
    """At least one part holds; without parts, never."""

    parts: tuple["Filter", ...]


@dataclass(frozen=True)
class Not:
    """The part does not hold."""

    part: "Filter"


Filter = Is | Words | All | AnyOf | Not

#: The filter that every event passes.
EVERYTHING = All(())
