"""From a filter to SQL: a closed table of conditions, none of which is ever NULL, so that Not means not."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from orjson import Fragment

from schemas.edtf import Bounds
from service.errors import Fault, Invalid
from service.search.filter import All, AnyOf, DateAsked, FigureAsked, Filter, Is, Not, Span, Words
from service.search.index.features import COLUMNS, DATE_KIND, LABELS, MEASURE, UNIT, VALUE, label, magnitude
from service.search.text.query_compiler import CompiledWords
from service.store.condition import FALSE, Condition, and_, not_, or_
from service.store.search.conditions import has_search_row, matches_tsquery
from service.strict_json import render

#: The days that an event's main date can mean: none where it has no such date. An index is on the same expression.
_MAIN_DATE = (
    "CASE WHEN {row}.date_earliest IS NULL AND {row}.date_latest IS NULL THEN 'empty'::daterange"
    " ELSE daterange({row}.date_earliest, {row}.date_latest, '[]') END"
)

_HAS_MAIN_DATE = Condition("{row}.date_earliest IS NOT NULL OR {row}.date_latest IS NOT NULL")

#: Years of a period by which dates of a kind are looked up; in a longer one all dates of the kind are compared.
_MOST_YEARS = 30

#: Labels that are looked up at once at most.
_MOST_LABELS = 200

#: The magnitudes of values in order, least first; 30 digits are the most that one has before its point.
_MAGNITUDES = [*(f"-{digits}" for digits in range(30, -1, -1)), "0", *(f"+{digits}" for digits in range(31))]


def condition_of(asked: Filter, *, past: bool = False) -> Condition:
    """Return the condition that an event meets where it passes the filter.

    In the `past`, where the row is one of event_revision, words are not known: Invalid.
    """
    match asked:
        case Is(name, values):
            return _CONDITIONS[name](values)
        case Words():
            if past:
                detail = "Words are found in events as they are now; leave this out, or `q`."
                raise Invalid(detail, [Fault(detail, parameter="as_of")])
            return replace(has_search_row(words_condition(asked)), labelled=True)
        case All(parts):
            return and_(*(condition_of(part, past=past) for part in parts))
        case AnyOf(parts):
            return or_(*(condition_of(part, past=past) for part in parts))
        case Not(part):
            return not_(condition_of(part, past=past))


def words_condition(asked: Words) -> Condition:
    """Return the condition that a row of event_search has the words, which `compile_filter` has compiled."""
    if not isinstance(asked, CompiledWords):
        raise TypeError("The words are not compiled: apply compile_filter first.")
    if not asked.all_words:
        return FALSE
    return or_(*(matches_tsquery(query) for query in asked.alternatives or (asked.all_words,)))


Write = Callable[[tuple[Any, ...]], Condition]


def _in_column(column: str) -> Write:
    template = f"{{row}}.{column} && {{}}::text[]"
    return lambda values: Condition(template, (list(values),), labelled=True)


def _labelled(prefix: str) -> Write:
    return lambda values: _has_label(prefix, values)


def _has_label(prefix: str, values: Iterable[str]) -> Condition:
    return Condition("{row}.labels && {}::text[]", ([label(prefix, value) for value in values],), labelled=True)


def _within(column: str) -> Write:
    def write(values: tuple[Span, ...]) -> Condition:
        [span] = values
        since = [Condition(f"{{row}}.{column} >= {{}}::timestamptz", (span.since,))] if span.since else []
        until = [Condition(f"{{row}}.{column} <= {{}}::timestamptz", (span.until,))] if span.until else []
        return and_(*since, *until)

    return write


def _date(values: tuple[DateAsked, ...]) -> Condition:
    [asked] = values
    if asked.periods == ():
        return replace(FALSE, labelled=bool(asked.kinds))
    if asked.kinds:
        return _kinded_date(asked)
    return _main_date(asked.periods or (), certainly=asked.certainly)


def _main_date(periods: Iterable[Bounds], *, certainly: bool) -> Condition:
    template = f"{_MAIN_DATE} {'<@' if certainly else '&&'} {{}}::daterange"
    # Each by itself: of several as one value PostgreSQL does not guess how many dates are in them.
    lies = or_(*(_period_condition(template, period) for period in periods))
    return and_(_HAS_MAIN_DATE, lies) if certainly else lies  # nothing is contained in everything


def _period_condition(template: str, period: Bounds) -> Condition:
    text = f"[{period.earliest or ''},{period.latest or ''}]"
    return Condition(template, (text,), since=period.earliest, until=period.latest)


def _kinded_date(asked: DateAsked) -> Condition:
    if asked.periods is None or Bounds(None, None) in asked.periods:
        return _has_label(DATE_KIND, asked.kinds)
    years = _years(asked.periods)
    has_kind = _has_label(DATE_KIND, [f"{kind}{year}" for kind in asked.kinds for year in years])
    variables: dict[str, Any] = {"kind": asked.kinds}
    periods = []
    for number, period in enumerate(asked.periods):
        variables |= {f"first{number}": period.earliest, f"last{number}": period.latest}
        periods.append(f"({_in_period(period, f'$first{number}', f'$last{number}', certainly=asked.certainly)})")
    parts = ["@.kind == $kind[*]", f"({' || '.join(periods)})"]
    return and_(has_kind, _one_has("dates", parts, variables))


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


def _figure(values: tuple[FigureAsked, ...]) -> Condition:
    [asked] = values
    words = {"measure": asked.measures, "currency": asked.currencies, "unit": asked.units}
    variables: dict[str, Any] = {name: several for name, several in words.items() if several}
    parts = [f"@.{name} == ${name}[*]" for name in variables]
    for name, compared, bound in (("least", ">=", asked.least), ("most", "<=", asked.most)):
        if bound is not None:
            parts.append(f"@.value {compared} ${name}")
            variables[name] = Fragment(format(bound, "f"))
    hints = _hints(asked)
    if len(hints) == len(parts) == 1 and asked.least is asked.most is None:
        return hints[0]
    return and_(*hints, _one_has("figures", parts, variables))


def _hints(asked: FigureAsked) -> list[Condition]:
    """What the labels know of events that may have the figure."""
    hints = [_has_label(MEASURE, asked.measures)] if asked.measures else []
    if asked.least is None and asked.most is None:
        hints += [_in_column("currencies")(asked.currencies)] if asked.currencies else []
        return hints + ([_has_label(UNIT, asked.units)] if asked.units else [])
    digits = _magnitudes(asked.least, asked.most)
    counted_in = asked.currencies or asked.units
    if len(counted_in) * len(digits) > _MOST_LABELS:
        counted_in = ()
    values = [f"{one}:{unit}" for one in digits for unit in counted_in] if counted_in else digits
    return [*hints, _has_label(VALUE, values)]


def _magnitudes(least: Decimal | None, most: Decimal | None) -> list[str]:
    """Every magnitude that a value from `least` to `most` may have."""
    first = 0 if least is None else _MAGNITUDES.index(magnitude(format(least, "f")))
    last = len(_MAGNITUDES) if most is None else _MAGNITUDES.index(magnitude(format(most, "f")))
    return _MAGNITUDES[first : last + 1]


def _one_has(column: str, parts: Iterable[str], variables: Mapping[str, Any]) -> Condition:
    """That one member of a list meets all `parts` of an SQL/JSON path."""
    path = f"$[*] ? ({' && '.join(parts)})"
    return Condition(f"jsonb_path_exists({{row}}.{column}, '{path}', {{}}::jsonb)", (render(variables).decode(),))


_CONDITIONS: Mapping[str, Write] = {
    **{name: _in_column(column) for name, column in COLUMNS.items()},
    **{name: _labelled(prefix) for name, prefix in LABELS.items()},
    "date": _date,
    "figure": _figure,
    "created": _within("created_at"),
    "updated": _within("updated_at"),
}
