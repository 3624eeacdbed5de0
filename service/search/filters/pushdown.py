"""Which part of a filter the search table decides by itself, without a look at the events: words, codes, main date."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from service.search.filter import All, AnyOf, DateAsked, FigureAsked, Filter, Is, Not, Words
from service.search.filters.sql import condition_of
from service.search.filters.words import words_beside
from service.search.index.facet_keys import FACETS, KEYED
from service.store.condition import Condition


@dataclass(frozen=True)
class Parts:
    """A filter in parts, all of which must hold.

    `indexed` and `seen` are conditions on event_search, which is named `event` in them: what its index finds, and what
    is seen in its rows. `far` is what only the event itself can tell, None where that is nothing.
    """

    indexed: Condition
    seen: Condition
    far: Condition | None


def parts_of(asked: Filter, *, few: bool) -> Parts:
    """`asked` in its parts. Where `few` events are expected the main date is left to the index that event has of it."""
    parts = asked.parts if isinstance(asked, All) else (asked,)
    sorted_out: tuple[list[Filter], list[Filter], list[Filter]] = ([], [], [])
    for part in parts:
        sorted_out[0 if _is_indexed(part) else 1 if _is_near(part) and not few else 2].append(part)
    indexed, seen, far = sorted_out
    return Parts(_near(indexed, "indexed"), _near(seen, "seen"), condition_of(All(tuple(far))) if far else None)


def _near(parts: Iterable[Filter], name: str) -> Condition:
    writer = _Writer(name)
    text = writer.write(All(tuple(parts)))
    return Condition(text, writer.values)


def _is_indexed(asked: Filter) -> bool:
    """Whether the index of the search table finds what is asked."""
    match asked:
        case All(parts) | AnyOf(parts):
            return all(map(_is_indexed, parts))
        case Is("date") | Not():
            return False
        case _:
            return _is_near(asked)


def _is_near(asked: Filter) -> bool:
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
            return all(map(_is_near, parts))
        case Not(part):
            return _is_near(part)


class _Writer:
    """Writes one condition, and numbers its values."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.values: dict[str, Any] = {}

    def write(self, asked: Filter) -> str:
        """The text of one filter."""
        match asked:
            case Is("date"):
                return self._taken(condition_of(asked))
            case Is("figure", (FigureAsked(currencies=currencies),)):
                return self._keyed(FACETS["figure_currency"], currencies)
            case Is(name, values):
                return self._keyed(KEYED[name], values)
            case Words():
                return self._taken(words_beside(asked))
            case All(parts) | AnyOf(parts):
                return self._joined(*((" AND ", "TRUE") if isinstance(asked, All) else (" OR ", "FALSE")), parts)
            case Not(part):
                return f"NOT ({self.write(part)})"

    def _keyed(self, prefix: str, values: Iterable[str]) -> str:
        return f"event.facets && {self._put([f'{prefix}:{value}' for value in values])}::text[]"

    def _joined(self, by: str, otherwise: str, parts: Iterable[Filter]) -> str:
        return by.join(f"({self.write(part)})" for part in parts) or otherwise

    def _taken(self, condition: Condition) -> str:
        return re.sub(r"%\((\w+)\)s", lambda found: self._put(condition.values[found[1]]), condition.text)

    def _put(self, value: Any) -> str:
        name = f"{self.name}_{len(self.values)}"
        self.values[name] = value
        return f"%({name})s"
