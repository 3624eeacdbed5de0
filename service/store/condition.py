"""A condition on events, ready to stand in a WHERE."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, LiteralString


@dataclass(frozen=True)
class Condition:
    """SQL made of our own constants only, over the table or alias `event`, and the values of its %(name)s parameters.

    Equal shapes have equal text, so that statements made around it can be kept by it.
    """

    text: LiteralString
    values: Mapping[str, Any] = field(default_factory=dict, compare=False)
    #: Whether an index finds what meets it, however few.
    labelled: bool = False
    #: The first day on which the main date of an event that meets it can end, and the last on which it can begin; None
    #: where it can on any day, or need not be known.
    since: date | None = field(default=None, compare=False)
    until: date | None = field(default=None, compare=False)


#: The condition that every event meets.
EVERYTHING = Condition("TRUE")
