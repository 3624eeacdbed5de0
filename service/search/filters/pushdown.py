"""Which part of a filter the search table decides by itself, without a look at the events: words, codes, main date."""

from collections.abc import Iterable

from service.search.filter import All, AnyOf, DateAsked, FigureAsked, Filter, Is, Not, Words
from service.search.filters.sql import condition_of, words_condition
from service.search.index.facet_keys import FACETS, KEYED
from service.store.condition import Condition, and_, not_, or_
from service.store.search.conditions import SearchFilter


def pushdown(asked: Filter, *, few: bool = False) -> SearchFilter:
    """Return a filter, its words compiled, in the parts that event_search and event decide.

    Where `few` events are expected the main date is left to the index that event has of it.
    """
    parts = asked.parts if isinstance(asked, All) else (asked,)
    indexed: list[Filter] = []
    seen: list[Filter] = []
    rest: list[Filter] = []
    for part in parts:
        (indexed if _is_indexed(part) else seen if _is_in_row(part) and not few else rest).append(part)
    return SearchFilter(
        event=condition_of(asked),
        indexed=and_(*map(_row_condition, indexed)),
        seen=and_(*map(_row_condition, seen)),
        rest=condition_of(All(tuple(rest))),
    )


def _is_indexed(asked: Filter) -> bool:
    """Whether the index of the search table finds what is asked."""
    match asked:
        case All(parts) | AnyOf(parts):
            return all(map(_is_indexed, parts))
        case Is("date") | Not():
            return False
        case _:
            return _is_in_row(asked)


def _is_in_row(asked: Filter) -> bool:
    """Whether the rows of the search table tell what is asked."""
    match asked:
        case Is("date", (DateAsked(kinds=kinds),)):
            return not kinds
        case Is("figure", (FigureAsked() as figure,)):
            return figure == FigureAsked((), figure.currencies, (), None, None)
        case Is(name):
            return name in KEYED
        case Words():
            return True
        case All(parts) | AnyOf(parts):
            return all(map(_is_in_row, parts))
        case Not(part):
            return _is_in_row(part)


def _row_condition(asked: Filter) -> Condition:
    """The condition on a row of event_search."""
    match asked:
        case Is("date"):
            return condition_of(asked)
        case Is("figure", (FigureAsked(currencies=currencies),)):
            return _has_key(FACETS["figure_currency"], currencies)
        case Is(name, values):
            return _has_key(KEYED[name], values)
        case Words():
            return words_condition(asked)
        case All(parts) | AnyOf(parts):
            combine = and_ if isinstance(asked, All) else or_
            return combine(*map(_row_condition, parts))
        case Not(part):
            return not_(_row_condition(part))


def _has_key(prefix: str, values: Iterable[str]) -> Condition:
    return Condition("{row}.facets && {}::text[]", ([f"{prefix}:{value}" for value in values],))
