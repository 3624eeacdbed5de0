"""From a query or JSON to a filter, in one form for all ways to write the same."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

from marshmallow import Schema, ValidationError

from schemas.edtf import Bounds, bounds
from schemas.filters import NOT, PLAIN, FilterQuerySchema, FilterSchema
from service.errors import Invalid
from service.search.filter import (
    EVERYTHING,
    All,
    AnyOf,
    DateFilter,
    FigureFilter,
    Filter,
    InstantRange,
    Is,
    Not,
    Words,
    with_literal_words,
)
from service.search.index.source_keys import source_digest
from service.strict_json import render
from service.validation import Location, faults_of

_QUERY, _JSON = FilterQuerySchema(), FilterSchema()

#: The kinds that keys begin with, where they are not the names of the classes: cursors of older releases have them.
_KINDS = {DateFilter: "DateAsked", FigureFilter: "FigureAsked", InstantRange: "Span"}


def filter_of(query: Mapping[str, Any]) -> Filter:
    """Return the filter in a query, as FilterQuerySchema or FilterSchema loaded it, its words literal without `expand`.

    Other members are ignored.
    """
    filter_ = _all(_conditions(query))
    return filter_ if query.get("expand", True) else with_literal_words(filter_)


def filter_of_text(text: str) -> Filter:
    """Return the filter of a query string such as `topic=batteries&party=JP`. Invalid with the wrong parameters."""
    query: dict[str, str] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        if name in query:
            raise Invalid.at("Give each parameter once; separate several values with commas.", parameter=name)
        query[name] = value
    return filter_of(_load(_QUERY, query, "parameter"))


def filter_of_json(value: Any) -> Filter:
    """Return the filter of a JSON value, as it was sent or loaded. Invalid with pointers to the wrong members."""
    return filter_of(_load(_JSON, value, "pointer"))


def filter_key(filter: Filter) -> str:
    """Return a text that is the same for equal filters, and different for all others."""
    return render(_plain(filter)).decode()


def _load(schema: Schema, value: Any, location: Location) -> dict[str, Any]:
    try:
        loaded: dict[str, Any] = schema.load(value)
    except ValidationError as error:
        raise Invalid(faults=faults_of(error.normalized_messages(), location)) from error
    return loaded


def _conditions(query: Mapping[str, Any]) -> Iterator[Filter]:
    """Yield the conditions that must all hold."""
    for prefix, negate in (("", lambda part: part), (NOT, Not)):
        yield from map(negate, _event_conditions(query, prefix))
    for name, since, until in (("created", "created_from", "created_to"), ("updated", "updated_since", "updated_to")):
        if since in query or until in query:
            yield Is(name, (InstantRange(_instant(query.get(since)), _instant(query.get(until))),))
    if "q" in query:
        yield Words(query["q"])
    yield from map(filter_of, query.get("all", ()))
    if "any" in query:
        yield _any(map(filter_of, query["any"]))
    if "not" in query:
        yield Not(filter_of(query["not"]))


def _event_conditions(query: Mapping[str, Any], prefix: str) -> Iterator[Is]:
    """Yield the conditions of the parameters with `prefix`; those of a date, and of a figure, make one condition."""
    yield from (_is(name, query[prefix + name]) for name in PLAIN if prefix + name in query)
    if (date_filter := _date(query, prefix)) is not None:
        yield Is("date", (date_filter,))
    if (figure_filter := _figure(query, prefix)) is not None:
        yield Is("figure", (figure_filter,))


def _is(name: str, values: Iterable[str]) -> Is:
    key = source_digest if name == "source_url" else str
    return Is(name, tuple(sorted({key(value) for value in values})))


def _all(parts: Iterable[Filter]) -> Filter:
    """Return the conjunction: its parts in one order, each once, and a single part by itself."""
    flat = [inner for part in parts for inner in (part.parts if isinstance(part, All) else (part,))]
    distinct = {filter_key(part): part for part in flat}
    if len(distinct) == 1:
        return flat[0]
    return All(tuple(distinct[key] for key in sorted(distinct))) if distinct else EVERYTHING


def _any(parts: Iterable[Filter]) -> Filter:
    distinct = {filter_key(part): part for part in parts}
    ordered = tuple(distinct[key] for key in sorted(distinct))
    return AnyOf(ordered) if len(ordered) > 1 else ordered[0]


def _date(query: Mapping[str, Any], prefix: str) -> DateFilter | None:
    first, last = query.get(f"{prefix}date_from"), query.get(f"{prefix}date_to")
    dates, kinds = query.get(f"{prefix}date"), query.get(f"{prefix}date_kind", ())
    if not (first or last or dates or kinds):
        return None  # `date_match` alone is no condition
    limits = Bounds(bounds(first).earliest if first else None, bounds(last).latest if last else None)
    periods = None
    if first or last or dates:
        periods = _merge(_intersection(bounds(text), limits) for text in dates) if dates else (limits,)
    certainly = query.get(f"{prefix}date_match") == "certainly"
    return DateFilter(tuple(sorted(kinds)), periods, certainly)


def _intersection(period: Bounds, limits: Bounds) -> Bounds | None:
    """Return the days that both have; None if there are none."""
    earliest = max(filter(None, (period.earliest, limits.earliest)), default=None)
    latest = min(filter(None, (period.latest, limits.latest)), default=None)
    return None if earliest and latest and earliest > latest else Bounds(earliest, latest)


def _merge(periods: Iterable[Bounds | None]) -> tuple[Bounds, ...]:
    """Return the periods in order, with those that overlap or meet merged."""
    merged: list[Bounds] = []
    for period in sorted(filter(None, periods), key=lambda one: one.earliest or date.min):
        before = merged[-1] if merged else None
        if before and (before.latest is None or _reaches(before.latest, period.earliest)):
            latest = None if before.latest is None or period.latest is None else max(before.latest, period.latest)
            merged[-1] = Bounds(before.earliest, latest)
        else:
            merged.append(period)
    return tuple(merged)


def _reaches(latest: date, earliest: date | None) -> bool:
    return earliest is None or (earliest - latest) <= timedelta(days=1)


def _figure(query: Mapping[str, Any], prefix: str) -> FigureFilter | None:
    least, most = query.get(f"{prefix}figure_min"), query.get(f"{prefix}figure_max")
    words = (query.get(f"{prefix}figure_{part}", ()) for part in ("measure", "currency", "unit"))
    measures, currencies, units = (tuple(sorted(one)) for one in words)
    if not (least or most or measures or currencies or units):
        return None
    return FigureFilter(measures, currencies, units, Decimal(least) if least else None, Decimal(most) if most else None)


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _plain(value: Any) -> Any:
    """Return the value as JSON can hold it, its kind first."""
    if isinstance(value, Words):
        # Cursors of older releases have the text alone.
        return ["Words", value.text, *([True] if value.literal else [])]
    if is_dataclass(value):
        kind = _KINDS.get(type(value), type(value).__name__)
        return [kind, *(_plain(getattr(value, field.name)) for field in fields(value))]
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    return format(value.normalize(), "f") if isinstance(value, Decimal) else value
