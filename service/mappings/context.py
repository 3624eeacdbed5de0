"""Compiled values of a mapping, and the rows that they are evaluated on."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from service.mappings.lookup_tables import LookupTable
from service.mappings.templates import CsvRow
from service.mappings.toml_reader import TomlNode

#: The rows of an event that a value or a part is made of, by the word for `rows`.
ROWS: dict[str, Callable[[Sequence[CsvRow]], Sequence[CsvRow]]] = {
    "first": lambda rows: rows[:1],
    "last": lambda rows: rows[-1:],
    "each": lambda rows: rows,
    "later": lambda rows: rows[1:],
    "earlier": lambda rows: rows[:-1],
}


class CellError(Exception):
    """A text cannot be converted; `problem` is the same sentence for every text of its kind."""

    def __init__(self, text: str | None, problem: str) -> None:
        super().__init__(problem)
        self.text = text
        self.problem = problem


@dataclass(frozen=True, slots=True)
class RowContext:
    """A row, all rows of its event, and the names that `each` has given to parts of a cell."""

    row: CsvRow
    rows: Sequence[CsvRow]
    names: Mapping[str, str]

    def for_rows(self, word: str) -> Iterable["RowContext"]:
        """Yield a context for each of the rows that `word`, a key of ROWS, selects."""
        for row in ROWS[word](self.rows):
            yield RowContext({**row, **self.names} if self.names else row, self.rows, self.names)

    def with_names(self, names: Mapping[str, str]) -> "RowContext":
        """Return the context with further names."""
        return RowContext({**self.row, **names}, self.rows, {**self.names, **names})


Texts = Callable[[RowContext], Sequence[str]]


@dataclass(frozen=True)
class Value:
    """A function from rows to texts. It gives none where the value is empty."""

    texts: Texts
    #: The columns that it reads, in order.
    columns: tuple[str, ...] = ()
    #: Every text that it can give, where that is known before any row is read.
    possible_texts: frozenset[str] | None = None
    #: The texts that it gives for every row, so that they are not computed for each.
    constant: tuple[str, ...] | None = None

    @classmethod
    def of_constant(cls, texts: tuple[str, ...]) -> "Value":
        """Return the value that gives `texts` for every row."""
        return cls(lambda _: texts, possible_texts=frozenset(texts), constant=texts)


EMPTY = Value.of_constant(())


@dataclass(frozen=True)
class RowCondition:
    """A test of rows, and the columns that it reads."""

    holds: Callable[[RowContext], bool]
    columns: tuple[str, ...]


@dataclass(frozen=True)
class BoundName:
    """A name that `each` gives: the columns behind it, and every text that it can stand for, where that is known."""

    columns: tuple[str, ...]
    possible_texts: frozenset[str] | None = None


@dataclass(frozen=True)
class CompileScope:
    """Names that a value may refer to. The columns, names and tables in use are collected during compilation."""

    tables: Mapping[str, LookupTable]
    grouped: bool
    is_nothing: Callable[[str], bool]
    names: Mapping[str, BoundName] = field(default_factory=dict)
    #: Columns, with the path of the first value that reads each.
    columns: dict[str, str] = field(default_factory=dict)
    #: Names that `each` gives, with the path of the first one that gives each.
    bound_names: dict[str, str] = field(default_factory=dict)
    tables_used: set[str] = field(default_factory=set)

    def with_names(self, names: Mapping[str, BoundName], node: TomlNode) -> "CompileScope":
        """Return the scope with further names, which are given at `node`."""
        for name in names:
            self.bound_names.setdefault(name, node.path)
        return replace(self, names={**self.names, **names})

    def use_columns(self, names: Iterable[str], node: TomlNode) -> tuple[str, ...]:
        """Return the columns behind `names` at `node`: columns themselves, or the columns of names from `each`."""
        columns: list[str] = []
        for name in names:
            if not name:
                node.add_fault("names no column.")
            elif name in self.names:
                columns += self.names[name].columns
            else:
                self.columns.setdefault(name, node.path)
                columns.append(name)
        return unique(columns)

    def possible_texts(self, name: str) -> frozenset[str] | None:
        """Return every text that `name` can stand for, or None where that is unknown."""
        return self.names[name].possible_texts if name in self.names else None


def unique(texts: Iterable[str]) -> tuple[str, ...]:
    """Return the texts in order, each once."""
    return tuple(dict.fromkeys(texts))


def concat(values: Sequence[Value]) -> Value:
    """Return the value that gives the texts of all `values`, one after the other."""
    functions = [value.texts for value in values]
    possible = [value.possible_texts for value in values]
    return Value(
        lambda context: [text for texts in functions for text in texts(context)],
        unique(column for value in values for column in value.columns),
        None if None in possible else frozenset(text for texts in possible for text in texts or ()),
    )


def coalesce(values: Sequence[Value]) -> Value:
    """Return the value that gives the texts of the first of `values` that gives any."""
    all_values = concat(values)

    def texts(context: RowContext) -> Sequence[str]:
        return next((result for value in values if (result := value.texts(context))), ())

    return Value(texts, all_values.columns, all_values.possible_texts)


def rows_word(node: TomlNode, scope: CompileScope) -> str:
    """Return the word at `rows` in the table at `node`, or an empty text."""
    if "rows" not in node:
        return ""
    if not scope.grouped:
        node.at("rows").add_fault("needs a [group], by which several rows make one event.")
        return ""
    return node.at("rows").one_of(ROWS)
