"""Conditions on the rows that hold the words of events, and on the events themselves, as parts of a statement."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from service.store.condition import Condition


@dataclass(frozen=True)
class Narrowing:
    """Which events are meant, beside their words.

    `whole` is all of it, a condition on event. The same in parts: `near` is decided by event_search, named `search`,
    and `far` by event alone; None where that is nothing.
    """

    whole: Condition
    near: Condition | None
    far: Condition | None

    @classmethod
    def by(cls, condition: Condition) -> "Narrowing":
        """By a condition that only the event can meet."""
        return cls(condition, None, condition)

    @property
    def values(self) -> Mapping[str, Any]:
        """The values of all its parts."""
        return {
            name: value for part in (self.whole, self.near, self.far) if part for name, value in part.values.items()
        }


@dataclass(frozen=True)
class Sought:
    """That a row of event_search meets a tsquery: a condition on each of its parts, the parameters `values`."""

    conditions: tuple[str, ...]
    values: Mapping[str, str]

    @classmethod
    def by(cls, query: str, name: str, *, table: str = "search") -> "Sought":
        """By the tsquery `query`; parameters begin with `name`."""
        parts = parts_of(query)
        values = {f"{name}_{number}": part for number, part in enumerate(parts)}
        conditions = (f"{table}.tsv @@ %({parameter})s::tsquery" for parameter in values)
        # One that only says what must not be there is not asked of the index: it would go through all of it.
        unasked = is_without(parts[0])
        return cls(tuple(f"({met}) IS TRUE" if unasked else met for met in conditions), values)


def is_without(query: str) -> bool:
    """Whether a tsquery only says what must not be there, which stands behind all that must."""
    return query.lstrip("(").startswith("!")


#: What tells the parts of a tsquery: its lexemes, so that signs in them do not, and signs.
_SIGN = re.compile(r"'(?:[^'\\]|''|\\.)*'|[()&]")


def parts_of(query: str) -> list[str]:
    """The tsqueries that all must be met where `query`, as search/understanding.py writes it, is met.

    Asked for each word by itself the index leaps from one word to the next. Of several words in one tsquery it would
    look at every row that has them, wherever the newest months or the first bucket end: 40 ms where it takes 25.
    What must not be there stands with the first of the parts, or all remains one.
    """
    parts, depth, begin = list[str](), 0, 1
    for sign in _SIGN.finditer(query):
        depth += {"(": 1, ")": -1}.get(sign[0], 0)
        if not depth and sign.end() < len(query):
            return [query]
        if sign[0] == "&" and depth == 1:
            parts.append(query[begin : sign.start()].strip())
            begin = sign.end()
    last = query[begin:-1].strip()
    wanted = [part for part in (*parts, last) if not is_without(part)]
    without = [part for part in (*parts, last) if is_without(part)]
    if not parts or not wanted:
        return [query]
    return [" & ".join([wanted[0], *without]), *wanted[1:]]


#: The texts of a narrowing, which statements are made of: equal ones make equal statements.
Texts = tuple[str, str | None, str | None] | None


def texts_of(narrowing: Narrowing | None) -> Texts:
    """The texts of `narrowing`."""
    if narrowing is None:
        return None
    near, far = narrowing.near, narrowing.far
    return narrowing.whole.text, near.text if near else None, far.text if far else None


def joined(narrowed: Texts, *, current: bool = True) -> str:
    """What follows the table `search` in FROM. Of rows that are not `current` the event tells everything."""
    needed = narrowed and (narrowed[2] or not current)
    return "JOIN event ON event.id = search.event_id" if needed else ""


def conditions(narrowed: Texts, *, current: bool = True) -> list[str]:
    """What stands in WHERE, joined by AND."""
    if narrowed is None:
        return []
    whole, near, far = narrowed
    if not current:
        return ["event.record_state = 'active'", f"({whole})"]
    return [*([f"({near})"] if near else []), *(["event.record_state = 'active'", f"({far})"] if far else [])]
