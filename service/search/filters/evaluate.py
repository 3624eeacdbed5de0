"""Whether one document passes a filter, without the database; tests hold it equal to conditions.py."""

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from schemas.edtf import Bounds
from service.search.filter import All, AnyOf, DateAsked, FigureAsked, Filter, Is, Not, Span, Words
from service.search.index.features import COLUMNS, LABELS, Features, Record, features_of, label

__all__ = ["features_of", "is_asked", "matches"]


def matches(asked: Filter, features: Features, words: Callable[[Words], bool]) -> bool:
    """Whether the event passes. `words` says it of the words in the filter; it is asked only where it decides."""
    match asked:
        case Is(name, values):
            return _CONDITIONS[name](features, values)
        case Words():
            return words(asked)
        case All(parts):
            return all(matches(part, features, words) for part in parts)
        case AnyOf(parts):
            return any(matches(part, features, words) for part in parts)
        case Not(part):
            return not matches(part, features, words)


Decide = Callable[[Features, tuple[Any, ...]], bool]


def _in_column(column: str) -> Decide:
    return lambda features, values: not getattr(features, column).isdisjoint(values)


def _labelled(prefix: str) -> Decide:
    return lambda features, values: not features.labels.isdisjoint(label(prefix, value) for value in values)


def _within(column: str) -> Decide:
    def decide(features: Features, values: tuple[Span, ...]) -> bool:
        [span], instant = values, getattr(features, column)
        return (span.since is None or instant >= span.since) and (span.until is None or instant <= span.until)

    return decide


def _date(features: Features, values: tuple[DateAsked, ...]) -> bool:
    [asked] = values
    if asked.kinds:
        candidates = [_bounds(entry) for entry in features.dates if entry["kind"] in asked.kinds]
    else:
        candidates = [features.main] if features.main else []
    if asked.periods is None:
        return bool(candidates)
    lies_in = _lies_in if asked.certainly else _overlaps
    return any(lies_in(found, period) for found in candidates for period in asked.periods)


def _bounds(entry: Record) -> Bounds:
    earliest, latest = entry["earliest"], entry["latest"]
    return Bounds(earliest and date.fromisoformat(earliest), latest and date.fromisoformat(latest))


def _overlaps(found: Bounds, period: Bounds) -> bool:
    return _not_after(found.earliest, period.latest) and _not_after(period.earliest, found.latest)


def _lies_in(found: Bounds, period: Bounds) -> bool:
    begins = period.earliest is None or (found.earliest is not None and found.earliest >= period.earliest)
    return begins and (period.latest is None or (found.latest is not None and found.latest <= period.latest))


def _not_after(earliest: date | None, latest: date | None) -> bool:
    return earliest is None or latest is None or earliest <= latest


def _figure(features: Features, values: tuple[FigureAsked, ...]) -> bool:
    [asked] = values
    return any(is_asked(figure, asked) for figure in features.figures)


def is_asked(figure: Record, asked: FigureAsked) -> bool:
    """Whether one figure of a record is all that is asked of one."""
    named = ((asked.measures, "measure"), (asked.currencies, "currency"), (asked.units, "unit"))
    if any(wanted and figure[name] not in wanted for wanted, name in named):
        return False
    value = Decimal(figure["value"])
    return (asked.least is None or value >= asked.least) and (asked.most is None or value <= asked.most)


_CONDITIONS: Mapping[str, Decide] = {
    **{name: _in_column(column) for name, column in COLUMNS.items()},
    **{name: _labelled(prefix) for name, prefix in LABELS.items()},
    "date": _date,
    "figure": _figure,
    "created": _within("created_at"),
    "updated": _within("updated_at"),
}
