"""From what a client sent to a filter, in one form for all ways to say the same."""

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
from service.search.filter import EVERYTHING, All, AnyOf, DateAsked, FigureAsked, Filter, Is, Not, Span, Words
from service.search.index.features import source_digest
from service.strict_json import render
from service.validation import Location, faults_of

_QUERY, _JSON = FilterQuerySchema(), FilterSchema()


def filter_of(asked: Mapping[str, Any]) -> Filter:
    """The filter in `asked`, as FilterQuerySchema or FilterSchema loaded it; its other members are of no concern."""
    return _joined(_parts(asked))


def filter_of_text(text: str) -> Filter:
    """The filter of a query string such as `topic=batteries&party=JP`. Invalid with the parameters that are wrong."""
    asked: dict[str, str] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        if name in asked:
            raise Invalid.at("Must be given once; join several values with commas.", parameter=name)
        asked[name] = value
    return filter_of(_loaded(_QUERY, asked, "parameter"))


def filter_of_json(value: Any) -> Filter:
    """The filter that the JSON `value` states, as it was sent or loaded. Invalid with a pointer to what is wrong."""
    return filter_of(_loaded(_JSON, value, "pointer"))


def filter_key(asked: Filter) -> str:
    """A text that is the same for the same filter, and for no other."""
    return render(_plain(asked)).decode()


def _loaded(schema: Schema, value: Any, location: Location) -> dict[str, Any]:
    try:
        loaded: dict[str, Any] = schema.load(value)
    except ValidationError as error:
        raise Invalid(faults=faults_of(error.normalized_messages(), location)) from error
    return loaded


def _parts(asked: Mapping[str, Any]) -> Iterator[Filter]:
    """What must hold, one by one."""
    for prefix, negated in (("", lambda part: part), (NOT, Not)):
        yield from map(negated, _stated(asked, prefix))
    for name, since, until in (("created", "created_from", "created_to"), ("updated", "updated_since", "updated_to")):
        if since in asked or until in asked:
            yield Is(name, (Span(_instant(asked.get(since)), _instant(asked.get(until))),))
    if "q" in asked:
        yield Words(asked["q"])
    yield from map(filter_of, asked.get("all", ()))
    if "any" in asked:
        yield _any(map(filter_of, asked["any"]))
    if "not" in asked:
        yield Not(filter_of(asked["not"]))


def _stated(asked: Mapping[str, Any], prefix: str) -> Iterator[Is]:
    """What the parameters with `prefix` state; those of a date, and of a figure, together one condition."""
    yield from (_is(name, asked[prefix + name]) for name in PLAIN if prefix + name in asked)
    for name, group in (("date", _date), ("figure", _figure)):
        if (found := group(asked, prefix)) is not None:
            yield Is(name, (found,))


def _is(name: str, values: Iterable[str]) -> Is:
    known_as = source_digest if name == "source_url" else str
    return Is(name, tuple(sorted({known_as(value) for value in values})))


def _joined(parts: Iterable[Filter]) -> Filter:
    """All of `parts`: in one order, each once, and one by itself where there is but one."""
    flat = [inner for part in parts for inner in (part.parts if isinstance(part, All) else (part,))]
    distinct = {filter_key(part): part for part in flat}
    if len(distinct) == 1:
        return flat[0]
    return All(tuple(distinct[key] for key in sorted(distinct))) if distinct else EVERYTHING


def _any(parts: Iterable[Filter]) -> Filter:
    distinct = {filter_key(part): part for part in parts}
    ordered = tuple(distinct[key] for key in sorted(distinct))
    return AnyOf(ordered) if len(ordered) > 1 else ordered[0]


def _date(asked: Mapping[str, Any], prefix: str) -> DateAsked | None:
    first, last = asked.get(f"{prefix}date_from"), asked.get(f"{prefix}date_to")
    named, kinds = asked.get(f"{prefix}date"), asked.get(f"{prefix}date_kind", ())
    if not (first or last or named or kinds):
        return None  # `date_match` alone asks nothing
    within = Bounds(bounds(first).earliest if first else None, bounds(last).latest if last else None)
    periods = None
    if first or last or named:
        periods = _apart(_within(bounds(text), within) for text in named) if named else (within,)
    certainly = asked.get(f"{prefix}date_match") == "certainly"
    return DateAsked(tuple(sorted(kinds)), periods, certainly)


def _within(period: Bounds, limits: Bounds) -> Bounds | None:
    """What `period` and `limits` share; None where it is nothing."""
    earliest = max(filter(None, (period.earliest, limits.earliest)), default=None)
    latest = min(filter(None, (period.latest, limits.latest)), default=None)
    return None if earliest and latest and earliest > latest else Bounds(earliest, latest)


def _apart(periods: Iterable[Bounds | None]) -> tuple[Bounds, ...]:
    """`periods` in order, those that overlap or meet made one."""
    apart: list[Bounds] = []
    for period in sorted(filter(None, periods), key=lambda one: one.earliest or date.min):
        before = apart[-1] if apart else None
        if before and (before.latest is None or _reaches(before.latest, period.earliest)):
            latest = None if before.latest is None or period.latest is None else max(before.latest, period.latest)
            apart[-1] = Bounds(before.earliest, latest)
        else:
            apart.append(period)
    return tuple(apart)


def _reaches(latest: date, earliest: date | None) -> bool:
    return earliest is None or (earliest - latest) <= timedelta(days=1)


def _figure(asked: Mapping[str, Any], prefix: str) -> FigureAsked | None:
    least, most = asked.get(f"{prefix}figure_min"), asked.get(f"{prefix}figure_max")
    words = (asked.get(f"{prefix}figure_{part}", ()) for part in ("measure", "currency", "unit"))
    measures, currencies, units = (tuple(sorted(one)) for one in words)
    if not (least or most or measures or currencies or units):
        return None
    return FigureAsked(measures, currencies, units, Decimal(least) if least else None, Decimal(most) if most else None)


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _plain(value: Any) -> Any:
    """`value` as JSON knows it, its kind first."""
    if is_dataclass(value):
        return [type(value).__name__, *(_plain(getattr(value, field.name)) for field in fields(value))]
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    return format(value.normalize(), "f") if isinstance(value, Decimal) else value
