"""The queries of queries.toml, by kind, with their wanted answers."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

#: The commit before languages were kept apart, whole matches came first, and codes were read in any spelling.
BEFORE = "7c884e7"

FILE = Path(__file__).with_name("queries.toml")


@dataclass(frozen=True)
class Query:
    """A query with its wanted answer. The comments of queries.toml describe the fields."""

    q: str
    first: str = ""
    top: int = 1
    share: int = 0
    title: str = ""
    text: str = ""
    country: str = ""
    none: str = ""
    same: str = ""
    did_you_mean: str = ""
    partial: bool | None = None


@dataclass(frozen=True)
class Kind:
    """Queries of one kind. `floor` is the least number that must hold, `before` the number at `BEFORE`."""

    name: str
    about: str
    floor: int
    before: int
    queries: Sequence[Query] = field(repr=False)


@cache
def read_kinds(path: Path = FILE) -> tuple[Kind, ...]:
    """Return the kinds of queries in the order of the file."""
    content: Mapping[str, Any] = tomllib.loads(path.read_text())
    return tuple(
        Kind(name, kind["about"], kind["floor"], kind["before"], tuple(Query(**query) for query in kind["queries"]))
        for name, kind in content.items()
    )
