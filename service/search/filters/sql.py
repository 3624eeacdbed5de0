"""From a filter to SQL: the condition on an event, and the part of it that event_search decides without the event.

A closed table has the conditions. None of them is ever NULL, so that Not means not.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from orjson import Fragment

from schemas.edtf import Bounds
from service.errors import Invalid
from service.search.filter import All, AnyOf, DateFilter, FigureFilter, Filter, InstantRange, Is, Not, Words
from service.search.index.facet_keys import FACETS, KEYED
from service.search.index.features import COLUMNS, DATE_KIND, LABELS, MAGNITUDES, MEASURE, UNIT, VALUE, label, magnitude
from service.search.text.compiled_words import CompiledWords
from service.store.condition import FALSE, Condition, and_, not_, or_
from service.store.search.conditions import SearchFilter, has_search_row, matches_tsquery
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


def filter_condition(filter: Filter, *, past: bool = False) -> Condition:
    """Return the condition that an event meets if it passes the filter, whose words are compiled.

    With `past` the row is one of event_revision, which has no words: Invalid if the filter has some.
    """
    match filter:
        case Is(name, values):
            return _CONDITIONS[name](values)
        case Words():
            if past:
                raise Invalid.at("Words are found in current events only; omit `as_of` or `q`.", parameter="as_of")
            return replace(has_search_row(words_condition(filter)), labelled=True)
        case All(parts):
            return and_(*(filter_condition(part, past=past) for part in parts))
        case AnyOf(parts):
            return or_(*(filter_condition(part, past=past) for part in parts))
        case Not(part):
            return not_(filter_condition(part, past=past))


def words_condition(words: Words) -> Condition:
    """Return the condition that a row of event_search has the words, which `compile_filter` has compiled."""
    if not isinstance(words, CompiledWords):
        raise TypeError("The words are not compiled: apply compile_filter first.")
    if not words.all_words:
        return FALSE
    return or_(*(matches_tsquery(query) for query in words.alternatives or (words.all_words,)))


Write = Callable[[tuple[Any, ...]], Condition]


def _in_column(column: str) -> Write:
    template = f"{{row}}.{column} && {{}}::text[]"
    return lambda values: Condition(template, (list(values),), labelled=True)


def _labelled(prefix: str) -> Write:
    return lambda values: _has_label(prefix, values)


def _has_label(prefix: str, values: Iterable[str]) -> Condition:
    return Condition("{row}.labels && {}::text[]", ([label(prefix, value) for value in values],), labelled=True)


def _within(column: str) -> Write:
    def write(values: tuple[InstantRange, ...]) -> Condition:
        [limits] = values
        since = [Condition(f"{{row}}.{column} >= {{}}::timestamptz", (limits.since,))] if limits.since else []
        until = [Condition(f"{{row}}.{column} <= {{}}::timestamptz", (limits.until,))] if limits.until else []
        return and_(*since, *until)

    return write


def _date(values: tuple[DateFilter, ...]) -> Condition:
    [dates] = values
    if dates.periods == ():
        return replace(FALSE, labelled=bool(dates.kinds))
    if dates.kinds:
        return _kinded_date(dates)
    return _main_date(dates.periods or (), certainly=dates.certainly)


def _main_date(periods: Iterable[Bounds], *, certainly: bool) -> Condition:
    template = f"{_MAIN_DATE} {'<@' if certainly else '&&'} {{}}::daterange"
    # Each by itself: of several as one value PostgreSQL does not guess how many dates are in them.
    lies = or_(*(_period_condition(template, period) for period in periods))
    return and_(_HAS_MAIN_DATE, lies) if certainly else lies  # nothing is contained in everything


def _period_condition(template: str, period: Bounds) -> Condition:
    text = f"[{period.earliest or ''},{period.latest or ''}]"
    return Condition(template, (text,), since=period.earliest, until=period.latest)


def _kinded_date(dates: DateFilter) -> Condition:
    if dates.periods is None or Bounds(None, None) in dates.periods:
        return _has_label(DATE_KIND, dates.kinds)
    years = _years(dates.periods)
    has_kind = _has_label(DATE_KIND, [f"{kind}{year}" for kind in dates.kinds for year in years])
    variables: dict[str, Any] = {"kind": dates.kinds}
    periods = []
    for number, period in enumerate(dates.periods):
        variables |= {f"first{number}": period.earliest, f"last{number}": period.latest}
        periods.append(f"({_in_period(period, f'$first{number}', f'$last{number}', certainly=dates.certainly)})")
    parts = ["@.kind == $kind[*]", f"({' || '.join(periods)})"]
    return and_(has_kind, _one_has("dates", parts, variables))


def _years(periods: tuple[Bounds, ...]) -> list[str]:
    """Return the ends of the labels that dates of a kind in `periods` have: years, or nothing if these are many."""
    first, last = periods[0].earliest, periods[-1].latest
    if first is None or last is None or last.year - first.year >= _MOST_YEARS:
        return [""]
    return [":*", *(f":{year:04}" for year in range(first.year, last.year + 1))]


def _in_period(period: Bounds, first: str, last: str, *, certainly: bool) -> str:
    """Return the SQL/JSON path that a date lies in the period, which the variables `first` and `last` limit."""
    if certainly:
        begins, ends = f"@.earliest >= {first}", f"@.latest <= {last}"  # not so where one is null
    else:
        begins, ends = f"(@.latest == null || @.latest >= {first})", f"(@.earliest == null || @.earliest <= {last})"
    return " && ".join([begins] * bool(period.earliest) + [ends] * bool(period.latest))


def _figure(values: tuple[FigureFilter, ...]) -> Condition:
    [figures] = values
    words = {"measure": figures.measures, "currency": figures.currencies, "unit": figures.units}
    variables: dict[str, Any] = {name: several for name, several in words.items() if several}
    parts = [f"@.{name} == ${name}[*]" for name in variables]
    reaches, begins = "(@.value >= $least || @.value_max >= $least)", "@.value <= $most"  # a range has both ends
    for name, path, bound in (("least", reaches, figures.least), ("most", begins, figures.most)):
        if bound is not None:
            parts.append(path)
            variables[name] = Fragment(format(bound, "f"))
    hints = _hints(figures)
    if len(hints) == len(parts) == 1 and figures.least is figures.most is None:
        return hints[0]
    return and_(*hints, _one_has("figures", parts, variables))


def _hints(figures: FigureFilter) -> list[Condition]:
    """Return the conditions on labels that events with the figure meet; others may meet them, too."""
    hints = [_has_label(MEASURE, figures.measures)] if figures.measures else []
    if figures.least is None and figures.most is None:
        hints += [_in_column("currencies")(figures.currencies)] if figures.currencies else []
        return hints + ([_has_label(UNIT, figures.units)] if figures.units else [])
    digits = _magnitudes(figures.least, figures.most)
    counted_in = figures.currencies or figures.units
    if len(counted_in) * len(digits) > _MOST_LABELS:
        counted_in = ()
    values = [f"{one}:{unit}" for one in digits for unit in counted_in] if counted_in else digits
    return [*hints, _has_label(VALUE, values)]


def _magnitudes(least: Decimal | None, most: Decimal | None) -> Sequence[str]:
    """Return every magnitude of a value from `least` to `most`."""
    first = 0 if least is None else MAGNITUDES.index(magnitude(format(least, "f")))
    last = len(MAGNITUDES) if most is None else MAGNITUDES.index(magnitude(format(most, "f")))
    return MAGNITUDES[first : last + 1]


def _one_has(column: str, parts: Iterable[str], variables: Mapping[str, Any]) -> Condition:
    """Return the condition that one member of a list meets all `parts` of an SQL/JSON path."""
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


def pushdown(filter: Filter, *, few: bool = False) -> SearchFilter:
    """Return a filter, whose words are compiled, in the parts that event_search and event decide.

    If `few` events are expected, the main date is left to its index on event.
    """
    parts = filter.parts if isinstance(filter, All) else (filter,)
    indexed: list[Filter] = []
    unindexed: list[Filter] = []
    rest: list[Filter] = []
    for part in parts:
        (indexed if _is_indexed(part) else unindexed if _is_in_row(part) and not few else rest).append(part)
    return SearchFilter(
        event=filter_condition(filter),
        indexed=and_(*map(_row_condition, indexed)),
        unindexed=and_(*map(_row_condition, unindexed)),
        rest=filter_condition(All(tuple(rest))),
    )


def _is_indexed(filter: Filter) -> bool:
    """Return True if the index of event_search finds the events that pass."""
    match filter:
        case All(parts) | AnyOf(parts):
            return all(map(_is_indexed, parts))
        case Is("date") | Not():
            return False
        case _:
            return _is_in_row(filter)


def _is_in_row(filter: Filter) -> bool:
    """Return True if the rows of event_search decide the filter."""
    match filter:
        case Is("date", (DateFilter(kinds=kinds),)):
            return not kinds
        case Is("figure", (FigureFilter() as figure,)):
            return figure == FigureFilter((), figure.currencies, (), None, None)
        case Is(name):
            return name in KEYED
        case Words():
            return True
        case All(parts) | AnyOf(parts):
            return all(map(_is_in_row, parts))
        case Not(part):
            return _is_in_row(part)


def _row_condition(filter: Filter) -> Condition:
    """Return the condition on a row of event_search, which decides the filter."""
    match filter:
        case Is("date"):
            return filter_condition(filter)
        case Is("figure", (FigureFilter(currencies=currencies),)):
            return _has_key(FACETS["figure_currency"], currencies)
        case Is(name, values):
            return _has_key(KEYED[name], values)
        case Words():
            return words_condition(filter)
        case All(parts) | AnyOf(parts):
            combine = and_ if isinstance(filter, All) else or_
            return combine(*map(_row_condition, parts))
        case Not(part):
            return not_(_row_condition(part))


def _has_key(prefix: str, values: Iterable[str]) -> Condition:
    return Condition("{row}.facets && {}::text[]", ([f"{prefix}:{value}" for value in values],))
