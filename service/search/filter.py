"""A filter as a value: the same for every way to write it, and for every place that evaluates it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from schemas.edtf import Bounds


@dataclass(frozen=True)
class Is:
    """One condition of the filter language, true for any of `values`. filters/sql.py has a table of the names."""

    name: str
    values: tuple[Any, ...]


@dataclass(frozen=True)
class DateFilter:
    """A condition on one date: the main date, or with `kinds` any date of these kinds.

    It lies in one of `periods`, which are in order and do not meet; None requires only that there is such a date. With
    `certainly` it lies there as a whole, otherwise it overlaps the period.
    """

    kinds: tuple[str, ...]
    periods: tuple[Bounds, ...] | None
    certainly: bool


@dataclass(frozen=True)
class FigureFilter:
    """Conditions that one figure must all meet. An empty tuple or None is no condition."""

    measures: tuple[str, ...]
    currencies: tuple[str, ...]
    units: tuple[str, ...]
    least: Decimal | None
    most: Decimal | None


@dataclass(frozen=True)
class InstantRange:
    """The instants from one to another, both included. None: open on that side."""

    since: datetime | None
    until: datetime | None


@dataclass(frozen=True)
class Words:
    """A web-search expression over the text of an event. A `literal` one is not expanded with synonyms."""

    text: str
    literal: bool = field(default=False, kw_only=True)


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


def positive_words(filter: Filter) -> Iterator[Words]:
    """Return the words of a filter, without those in `not`."""
    match filter:
        case Words():
            yield filter
        case All(parts) | AnyOf(parts):
            for part in parts:
                yield from positive_words(part)


def with_literal_words(filter: Filter) -> Filter:
    """Return the filter with its words as they are written."""
    match filter:
        case Words(text):
            return Words(text, literal=True)
        case All(parts):
            return All(tuple(map(with_literal_words, parts)))
        case AnyOf(parts):
            return AnyOf(tuple(map(with_literal_words, parts)))
        case Not(part):
            return Not(with_literal_words(part))
        case Is():
            return filter


def every_words(filter: Filter) -> Iterator[Words]:
    """Return the words of a filter, those in `not` too, as the client wrote them."""
    match filter:
        case Words(text):
            yield Words(text, literal=filter.literal)
        case All(parts) | AnyOf(parts):
            for part in parts:
                yield from every_words(part)
        case Not(part):
            yield from every_words(part)
        case Is():
            return
