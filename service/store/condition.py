"""A condition on one row as a value: it composes, and renders as SQL for any alias of the row."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any


@dataclass(frozen=True)
class Condition:
    """A condition on one row, with hints for the statements that contain it.

    `template` is SQL of our own names: `{row}` stands for the row's alias, `{}` for each of `values` in their order.
    Conditions of one shape render equally, so that statements can be cached by their text.
    """

    template: str
    values: tuple[Any, ...] = ()
    #: True if an index finds the rows that meet it, however few they are.
    labelled: bool = False
    #: The first day on which the main date of an event that meets it can end, and the last on which it can begin; None
    #: without such a bound.
    since: date | None = None
    until: date | None = None

    def render(self, row: str = "event", name: str = "filter") -> str:
        """Return the SQL for the alias `row`, with parameters called `name_0`, `name_1` and so on."""
        return self.template.format(*[f"%({name}_{number})s" for number in range(len(self.values))], row=row)

    def parameters(self, name: str = "filter") -> dict[str, Any]:
        """Return the values by the names that `render` gives them."""
        return {f"{name}_{number}": value for number, value in enumerate(self.values)}

    def on(self, row: str) -> "Condition":
        """Return the same condition on the row `row`, which later rendering does not change."""
        return replace(self, template=self.template.format(*["{}"] * len(self.values), row=row))


#: The conditions that every row meets, and that none does.
TRUE, FALSE = Condition("TRUE"), Condition("FALSE")


def and_(*parts: Condition) -> Condition:
    """Return the condition that all of `parts` hold; TRUE without parts."""
    if len(parts) < 2:  # noqa: PLR2004 (one is a conjunction already)
        return parts[0] if parts else TRUE
    since, until = [part.since for part in parts if part.since], [part.until for part in parts if part.until]
    return Condition(
        _join(" AND ", parts),
        _values(parts),
        labelled=any(part.labelled for part in parts),
        since=max(since) if since else None,
        until=min(until) if until else None,
    )


def or_(*parts: Condition) -> Condition:
    """Return the condition that at least one of `parts` holds; FALSE without parts."""
    if len(parts) < 2:  # noqa: PLR2004 (one is a disjunction already)
        return parts[0] if parts else FALSE
    since, until = [part.since for part in parts if part.since], [part.until for part in parts if part.until]
    return Condition(
        _join(" OR ", parts),
        _values(parts),
        labelled=all(part.labelled for part in parts),
        since=min(since) if len(since) == len(parts) else None,
        until=max(until) if len(until) == len(parts) else None,
    )


def not_(part: Condition) -> Condition:
    """Return the condition that `part` does not hold."""
    return Condition(f"NOT ({part.template})", part.values)


def _join(operator: str, parts: Sequence[Condition]) -> str:
    return operator.join([f"({part.template})" for part in parts])


def _values(parts: Sequence[Condition]) -> tuple[Any, ...]:
    return tuple(value for part in parts for value in part.values)
