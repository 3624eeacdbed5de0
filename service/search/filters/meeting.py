"""What a ranking is narrowed by beside words: as much of it as the table of words decides itself."""

import re
from collections.abc import Iterable

from service.search.filter import EVERYTHING, Filter
from service.search.filters.pushdown import parts_of
from service.search.filters.sql import condition_of
from service.store.condition import Condition
from service.store.search.conditions import Narrowing


def narrowing_of(asked: Filter) -> Narrowing | None:
    """How events are found that `asked`, compiled, lets pass; None where it lets pass all."""
    if asked == EVERYTHING:
        return None
    parts = parts_of(asked, few=False)
    near = _joined(one for one in (parts.indexed, parts.seen) if one.text != "TRUE")
    return Narrowing(condition_of(asked), near, parts.far)


def _joined(conditions: Iterable[Condition]) -> Condition | None:
    found = list(conditions)
    if not found:
        return None
    text = " AND ".join(f"({one.text})" for one in found)
    values = {name: value for one in found for name, value in one.values.items()}
    return Condition(re.sub(r"\bevent\.", "search.", text), values)
