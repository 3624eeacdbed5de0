"""From a filter to SQL: a closed table of conditions, none of which is ever NULL, so that Not means not."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any

from orjson import Fragment

from schemas.edtf import Bounds
from service.errors import Invalid
from service.search.filter import All, AnyOf, DateAsked, FigureAsked, Filter, Is, Not, Span, Words
from service.search.filters.words import words_condition
from service.search.index.features import COLUMNS, DATE_KIND, LABELS, MEASURE, UNIT, VALUE, label, magnitude
from service.store.condition import Condition
from service.strict_json import render

#: The days that an event's main date can mean: none where it has no such date. An index is on the same expression.
_MAIN_DATE = (
    "CASE WHEN event.date_earliest IS NULL AND event.date_latest IS NULL THEN 'empty'::daterange"
    " ELSE daterange(event.date_earliest, event.date_latest, '[]') END"
)


#: Years of a period by which dates of a kind are looked for; a longer one is compared date by date.
_MOST_YEARS = 30

#: Labels that are looked up at once at most.
_MOST_LABELS = 200

#: The magnitudes of values in order, least first; 30 digits are the most that one has before its point.
_MAGNITUDES = [*(f"-{digits}" for digits in range(30, -1, -1)), "0", *(f"+{digits}" for digits in range(31))]


_HAS_MAIN_DATE = "(event.date_earliest IS NOT NULL OR event.date_latest IS NOT NULL)"


def condition_of(asked: Filter, *, past: bool = False) -> Condition:
    """The condition that an event meets where `asked` lets it pass.

    In the `past`, where `event` stands for a row of event_revision, words are not known: Invalid.
    """
    writer = _Writer(past=past)
    text = writer.write(asked)
    return Condition(text, writer.values, labelled=_is_labelled(asked), since=_since(asked), until=_until(asked))


def _is_labelled(asked: Filter) -> bool:
    """Whether an index finds what passes, however few: where one part of all has it, or every one of several."""
    match asked:
        case Is(name, values):
            return name in _LABELLED or (name == "date" and bool(values[0].kinds))
        case Words():
            return True
        case All(parts):
            return any(map(_is_labelled, parts))
        case AnyOf(parts):
            return all(map(_is_labelled, parts))
    return False


Bound = Callable[[Iterable[date]], date]


def _bound(
    asked: Filter, of: Callable[[Sequence[Bounds]], date | None], narrowest: Bound, widest: Bound
) -> date | None:
    """The bound that all periods have which the main date of what passes can lie in; None where there is none."""
    match asked:
        case Is("date", (DateAsked(kinds=(), periods=(_, *_) as periods),)):
            return of(periods)
        case All(parts):
            days = [day for part in parts if (day := _bound(part, of, narrowest, widest))]
            return narrowest(days) if days else None
        case AnyOf((_, *_) as parts):
            days = [day for part in parts if (day := _bound(part, of, narrowest, widest))]
            return widest(days) if len(days) == len(parts) else None
    return None


_since = partial(_bound, of=lambda periods: periods[0].earliest, narrowest=max, widest=min)
_until = partial(_bound, of=lambda periods: periods[-1].latest, narrowest=min, widest=max)


class _Writer:
    """Writes one condition, and numbers its values."""

    def __init__(self, *, past: bool) -> None:
        self.values: dict[str, Any] = {}
        self.past = past

    def write(self, asked: Filter) -> str:
        """The text of one filter."""
        match asked:
            case Is(name, values):
                return _CONDITIONS[name](self, values)
            case Words():
                return self._words(asked)
            case All(parts):
                return self._joined(" AND ", parts, "TRUE")
            case AnyOf(parts):
                return self._joined(" OR ", parts, "FALSE")
            case Not(part):
                return f"NOT ({self.write(part)})"

    def put(self, value: Any) -> str:
        """The placeholder of one more value."""
        name = f"filter_{len(self.values)}"
        self.values[name] = value
        return f"%({name})s"

    def _joined(self, by: str, parts: Iterable[Filter], otherwise: str) -> str:
        return by.join(f"({self.write(part)})" for part in parts) or otherwise

    def _words(self, asked: Words) -> str:
        if self.past:
            raise Invalid.at("Words are found in events as they are now; leave this out, or `q`.", parameter="as_of")
        condition = words_condition(asked)
        return re.sub(r"%\((\w+)\)[sbt]", lambda found: self.put(condition.values[found[1]]), condition.text)


Write = Callable[[_Writer, tuple[Any, ...]], str]


def _in_column(column: str) -> Write:
    return lambda writer, values: f"event.{column} && {writer.put(list(values))}::text[]"


def _labelled(prefix: str) -> Write:
    return lambda writer, values: _has_label(writer, prefix, values)


def _has_label(writer: _Writer, prefix: str, values: Iterable[str]) -> str:
    return f"event.labels && {writer.put([label(prefix, value) for value in values])}::text[]"


def _within(column: str) -> Write:
    def write(writer: _Writer, values: tuple[Span, ...]) -> str:
        [span] = values
        since = [f"event.{column} >= {writer.put(span.since)}::timestamptz"] if span.since else []
        until = [f"event.{column} <= {writer.put(span.until)}::timestamptz"] if span.until else []
        return " AND ".join([*since, *until])

    return write


def _date(writer: _Writer, values: tuple[DateAsked, ...]) -> str:
    [asked] = values
    if asked.periods == ():
        return "FALSE"
    if asked.kinds:
        return _kinded_date(writer, asked)
    return _main_date(writer, asked.periods or (), certainly=asked.certainly)


def _main_date(writer: _Writer, periods: tuple[Bounds, ...], *, certainly: bool) -> str:
    # Each by itself: of several as one value PostgreSQL does not guess how many dates are in them.
    texts = [f"[{one.earliest or ''},{one.latest or ''}]" for one in periods]
    ranges = [f"{writer.put(text)}::daterange" for text in texts]
    lies = " OR ".join(f"{_MAIN_DATE} {'<@' if certainly else '&&'} {period}" for period in ranges)
    return f"{_HAS_MAIN_DATE} AND ({lies})" if certainly else f"({lies})"  # nothing is contained in everything


def _kinded_date(writer: _Writer, asked: DateAsked) -> str:
    if asked.periods is None or Bounds(None, None) in asked.periods:
        return _has_label(writer, DATE_KIND, asked.kinds)
    years = _years(asked.periods)
    has_kind = _has_label(writer, DATE_KIND, [f"{kind}{year}" for kind in asked.kinds for year in years])
    named: dict[str, Any] = {"kind": asked.kinds}
    periods = []
    for number, period in enumerate(asked.periods):
        named |= {f"first{number}": period.earliest, f"last{number}": period.latest}
        periods.append(f"({_in_period(period, f'$first{number}', f'$last{number}', certainly=asked.certainly)})")
    parts = ["@.kind == $kind[*]", f"({' || '.join(periods)})"]
    return f"{has_kind} AND {_one_has(writer, 'dates', parts, named)}"


def _years(periods: tuple[Bounds, ...]) -> list[str]:
    """What labels of a kind of date end with where it may lie in `periods`: years, or nothing where they are many."""
    first, last = periods[0].earliest, periods[-1].latest
    if first is None or last is None or last.year - first.year >= _MOST_YEARS:
        return [""]
    return [":*", *(f":{year:04}" for year in range(first.year, last.year + 1))]


def _in_period(period: Bounds, first: str, last: str, *, certainly: bool) -> str:
    """That a date lies in `period`, which begins and ends with the variables `first` and `last`, as SQL/JSON path."""
    if certainly:
        begins, ends = f"@.earliest >= {first}", f"@.latest <= {last}"  # not so where one is null
    else:
        begins, ends = f"(@.latest == null || @.latest >= {first})", f"(@.earliest == null || @.earliest <= {last})"
    return " && ".join([begins] * bool(period.earliest) + [ends] * bool(period.latest))


def _figure(writer: _Writer, values: tuple[FigureAsked, ...]) -> str:
    [asked] = values
    named = {"measure": asked.measures, "currency": asked.currencies, "unit": asked.units}
    parts = [f"@.{name} == ${name}[*]" for name, wanted in named.items() if wanted]
    variables: dict[str, Any] = {name: wanted for name, wanted in named.items() if wanted}
    for name, compared, bound in (("least", ">=", asked.least), ("most", "<=", asked.most)):
        if bound is not None:
            parts.append(f"@.value {compared} ${name}")
            variables[name] = Fragment(format(bound, "f"))
    hints = _hints(writer, asked)
    if len(hints) == len(parts) == 1 and asked.least is asked.most is None:
        return hints[0]
    return " AND ".join([*hints, _one_has(writer, "figures", parts, variables)])


def _hints(writer: _Writer, asked: FigureAsked) -> list[str]:
    """What the labels know of events that may have the figure."""
    hints = [_has_label(writer, MEASURE, asked.measures)] if asked.measures else []
    if asked.least is None and asked.most is None:
        hints += [f"event.currencies && {writer.put(list(asked.currencies))}::text[]"] if asked.currencies else []
        return hints + ([_has_label(writer, UNIT, asked.units)] if asked.units else [])
    digits = _magnitudes(asked.least, asked.most)
    counted_in = asked.currencies or asked.units
    if len(counted_in) * len(digits) > _MOST_LABELS:
        counted_in = ()
    values = [f"{one}:{unit}" for one in digits for unit in counted_in] if counted_in else digits
    return [*hints, _has_label(writer, VALUE, values)]


def _magnitudes(least: Decimal | None, most: Decimal | None) -> list[str]:
    """Every magnitude that a value from `least` to `most` may have."""
    first = 0 if least is None else _MAGNITUDES.index(magnitude(format(least, "f")))
    last = len(_MAGNITUDES) if most is None else _MAGNITUDES.index(magnitude(format(most, "f")))
    return _MAGNITUDES[first : last + 1]


def _one_has(writer: _Writer, column: str, parts: Iterable[str], named: Mapping[str, Any]) -> str:
    """That one member of a list meets all `parts` of an SQL/JSON path, in which `named` are variables."""
    path = f"$[*] ? ({' && '.join(parts)})"
    return f"jsonb_path_exists(event.{column}, '{path}', {writer.put(render(named).decode())}::jsonb)"


_LABELLED = frozenset({*COLUMNS, *LABELS, "figure"})

_CONDITIONS: Mapping[str, Write] = {
    **{name: _in_column(column) for name, column in COLUMNS.items()},
    **{name: _labelled(prefix) for name, prefix in LABELS.items()},
    "date": _date,
    "figure": _figure,
    "created": _within("created_at"),
    "updated": _within("updated_at"),
}
