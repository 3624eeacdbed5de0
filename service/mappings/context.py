"""What a value of the mapping is when it has been read: from the rows of an event to the texts that it gives."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from service.mappings.lookup_tables import Table
from service.mappings.templates import Row
from service.mappings.toml_reader import Place

#: Which rows of an event a value or an entry is made of.
ROWS: dict[str, Callable[[Sequence[Row]], Sequence[Row]]] = {
    "first": lambda rows: rows[:1],
    "last": lambda rows: rows[-1:],
    "each": lambda rows: rows,
    "later": lambda rows: rows[1:],
    "earlier": lambda rows: rows[:-1],
}


class Unfit(Exception):
    """A text cannot become what it should; `problem` is the same sentence for every text of its kind."""

    def __init__(self, text: str | None, problem: str) -> None:
        super().__init__(problem)
        self.text = text
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Case:
    """What a value is made of: a row, all rows of the event, and the names that `each` has given to parts of a cell."""

    row: Row
    rows: Sequence[Row]
    names: Mapping[str, str]

    def on(self, rows: str) -> Iterable["Case"]:
        """The same on each of the rows that `rows`, a key of ROWS, means."""
        for row in ROWS[rows](self.rows):
            yield Case({**row, **self.names} if self.names else row, self.rows, self.names)

    def naming(self, names: Mapping[str, str]) -> "Case":
        """The same with further names."""
        return Case({**self.row, **names}, self.rows, {**self.names, **names})


Texts = Callable[[Case], Sequence[str]]


@dataclass(frozen=True)
class Value:
    """What gives texts: none where it is empty."""

    texts: Texts
    #: The columns that it reads, in order.
    columns: tuple[str, ...] = ()
    #: Everything that it can give, where that is known before any row is read.
    gives: frozenset[str] | None = None


EMPTY = Value(lambda _: (), gives=frozenset())


@dataclass(frozen=True)
class Condition:
    """Whether a value or an entry is wanted."""

    holds: Callable[[Case], bool]
    columns: tuple[str, ...]


@dataclass(frozen=True)
class Given:
    """A name that `each` gives: the columns behind it, and all that it can stand for where that is known."""

    columns: tuple[str, ...]
    gives: frozenset[str] | None = None


@dataclass(frozen=True)
class Scope:
    """What a value may refer to, and what the mapping turns out to use, which is noted here while it is read."""

    tables: Mapping[str, Table]
    grouped: bool
    is_nothing: Callable[[str], bool]
    names: Mapping[str, Given] = field(default_factory=dict)
    #: Columns by the first place that reads them.
    columns: dict[str, str] = field(default_factory=dict)
    #: Names that `each` gives, by the first place that does.
    named: dict[str, str] = field(default_factory=dict)
    tables_used: set[str] = field(default_factory=set)

    def naming(self, names: Mapping[str, Given], place: Place) -> "Scope":
        """The same with further names."""
        for name in names:
            self.named.setdefault(name, place.path)
        return replace(self, names={**self.names, **names})

    def read(self, names: Iterable[str], place: Place) -> tuple[str, ...]:
        """The columns behind `names`, which are read at `place`: their own, or those that `each` took apart."""
        found: list[str] = []
        for name in names:
            if not name:
                place.refuse("names no column.")
            elif name in self.names:
                found += self.names[name].columns
            else:
                self.columns.setdefault(name, place.path)
                found.append(name)
        return in_order(found)

    def gives(self, name: str) -> frozenset[str] | None:
        """All that `name` can stand for, where that is known."""
        return self.names[name].gives if name in self.names else None


def in_order(columns: Iterable[str]) -> tuple[str, ...]:
    """`columns`, each once."""
    return tuple(dict.fromkeys(columns))


def joined(values: Sequence[Value]) -> Value:
    """The texts of all `values`, one behind the other."""
    every = [value.texts for value in values]
    gives = [value.gives for value in values]
    return Value(
        lambda case: [text for texts in every for text in texts(case)],
        in_order(column for value in values for column in value.columns),
        None if None in gives else frozenset(text for one in gives for text in one or ()),
    )


def first_of(values: Sequence[Value]) -> Value:
    """The texts of the first of `values` that gives any."""
    together = joined(values)

    def texts(case: Case) -> Sequence[str]:
        return next((found for value in values if (found := value.texts(case))), ())

    return Value(texts, together.columns, together.gives)


def rows_named(place: Place, scope: Scope) -> str:
    """What `rows` says in the table at `place`, or nothing."""
    if "rows" not in place:
        return ""
    if not scope.grouped:
        place.at("rows").refuse("is for mappings with a [group], where several rows make one event.")
        return ""
    return place.at("rows").one_of(ROWS)
