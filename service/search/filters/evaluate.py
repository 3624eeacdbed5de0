"""A filter evaluated on one document, without the database. Tests hold it equal to sql.py."""

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from schemas.edtf import Bounds
from service.search.filter import All, AnyOf, DateFilter, FigureFilter, Filter, InstantRange, Is, Not, Words
from service.search.index.features import COLUMNS, LABELS, Features, Record, features_of, label

__all__ = ["features_of", "figure_matches", "matches"]


def matches(filter: Filter, features: Features, has_words: Callable[[Words], bool]) -> bool:
    """Return True if the event passes. `has_words` is called only for words that decide it."""
    match filter:
        case Is(name, values):
            return _CONDITIONS[name](features, values)
        case Words():
            return has_words(filter)
        case All(parts):
            return all(matches(part, features, has_words) for part in parts)
        case AnyOf(parts):
            return any(matches(part, features, has_words) for part in parts)
        case Not(part):
            return not matches(part, features, has_words)


Decide = Callable[[Features, tuple[Any, ...]], bool]


def _in_column(column: str) -> Decide:
    return lambda features, values: not getattr(features, column).isdisjoint(values)


def _labelled(prefix: str) -> Decide:
    return lambda features, values: not features.labels.isdisjoint(label(prefix, value) for value in values)


def _within(column: str) -> Decide:
    def decide(features: Features, values: tuple[InstantRange, ...]) -> bool:
        [limits], instant = values, getattr(features, column)
        return (limits.since is None or instant >= limits.since) and (limits.until is None or instant <= limits.until)

    return decide


def _date(features: Features, values: tuple[DateFilter, ...]) -> bool:
    [condition] = values
    if condition.kinds:
        candidates = [_bounds(entry) for entry in features.dates if entry["kind"] in condition.kinds]
    else:
        candidates = [features.main] if features.main else []
    if condition.periods is None:
        return bool(candidates)
    lies_in = _lies_in if condition.certainly else _overlaps
    return any(lies_in(candidate, period) for candidate in candidates for period in condition.periods)


def _bounds(entry: Record) -> Bounds:
    earliest, latest = entry["earliest"], entry["latest"]
    return Bounds(earliest and date.fromisoformat(earliest), latest and date.fromisoformat(latest))


def _overlaps(bounds: Bounds, period: Bounds) -> bool:
    return _not_after(bounds.earliest, period.latest) and _not_after(period.earliest, bounds.latest)


def _lies_in(bounds: Bounds, period: Bounds) -> bool:
    begins = period.earliest is None or (bounds.earliest is not None and bounds.earliest >= period.earliest)
    return begins and (period.latest is None or (bounds.latest is not None and bounds.latest <= period.latest))


def _not_after(earliest: date | None, latest: date | None) -> bool:
    return earliest is None or latest is None or earliest <= latest


def _figure(features: Features, values: tuple[FigureFilter, ...]) -> bool:
    [condition] = values
    return any(figure_matches(figure, condition) for figure in features.figures)


def figure_matches(figure: Record, condition: FigureFilter) -> bool:
    """Return True if one figure of a record meets all conditions."""
    words = ((condition.measures, "measure"), (condition.currencies, "currency"), (condition.units, "unit"))
    if any(several and figure[name] not in several for several, name in words):
        return False
    least, most = Decimal(figure["value"]), Decimal(figure.get("value_max") or figure["value"])
    return (condition.least is None or most >= condition.least) and (condition.most is None or least <= condition.most)


_CONDITIONS: Mapping[str, Decide] = {
    **{name: _in_column(column) for name, column in COLUMNS.items()},
    **{name: _labelled(prefix) for name, prefix in LABELS.items()},
    "date": _date,
    "figure": _figure,
    "created": _within("created_at"),
    "updated": _within("updated_at"),
}
