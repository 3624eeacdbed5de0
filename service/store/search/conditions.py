"""Conditions on the rows that hold the words of events, and on the events themselves, as parts of a statement."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from service.store.condition import Condition
from service.store.search.tsquery import TsQuery


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
class TsCondition:
    """That a row of event_search matches a tsquery: a condition for each of its conjuncts, and the parameters."""

    conditions: tuple[str, ...]
    values: Mapping[str, TsQuery]

    @classmethod
    def of(cls, query: TsQuery, name: str, *, table: str = "search") -> "TsCondition":
        """Return the condition on the rows of `table`; parameters begin with `name`."""
        values = {f"{name}_{number}": part for number, part in enumerate(query.conjuncts)}
        conditions = (f"{table}.tsv @@ %({parameter})s::tsquery" for parameter in values)
        # The index is not used where words are only excluded: it would be read from end to end.
        return cls(tuple(f"({one}) IS TRUE" if query.matches_empty else one for one in conditions), values)


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
