"""Entries: the tables of a list in the mapping, such as [[event.dates]], and the parts of a record that they make."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Any

from marshmallow import Schema, fields

from schemas.base import CheckedString
from service.mappings.context import Case, Condition, Given, Scope, Unfit, in_order, rows_named
from service.mappings.field_mapping import Filling, reason_of, text_filling, texts_filling
from service.mappings.result import Reason
from service.mappings.toml_reader import Place
from service.mappings.values import SUBJECT_KEYS, condition_of, value_in

#: What may stand in an entry beside the fields of its part.
ENTRY_KEYS = ("each", "when", "rows", "required")

#: The name under which an entry knows how many parts `each` has given before, itself included.
NUMBER = "#"

Names = Mapping[str, str]
Fields = Mapping[str, fields.Field[Any]]


@dataclass(frozen=True)
class Each:
    """What an entry is repeated for: the names that each time has, from a case."""

    items: Callable[[Case], Iterable[Names]]
    columns: tuple[str, ...]
    path: str


@dataclass(frozen=True)
class Entry:
    """One table of a list, read."""

    fillings: tuple[Filling, ...]
    place: Place
    each: Each | None
    when: Condition | None
    rows: str
    required: bool
    #: Every column that it reads.
    columns: tuple[str, ...]

    def parts(self, case: Case, reasons: list[Reason]) -> Iterator[dict[str, Any]]:
        """The parts that it makes; what cannot be made is noted in `reasons`."""
        made = False
        for one in self._items(case.on(self.rows) if self.rows else (case,), reasons):
            if self._wanted(one, reasons) and (part := filled(self.fillings, one, reasons)):
                made = True
                yield part
        if self.required and not made and not reasons:
            reasons.append(
                Reason("gives nothing, and the mapping requires it.", ", ".join(self.columns), None, self.path)
            )

    @property
    def names_by_columns(self) -> bool:
        """Whether its parts' ids are made of columns, so that the same id is the same thing."""
        return any(filling.name == "id" and filling.gives is None for filling in self.fillings)

    @property
    def path(self) -> str:
        """Where it stands in the mapping."""
        return self.place.path

    def columns_of(self, name: str) -> tuple[str, ...]:
        """The columns that one of its fields reads."""
        return next((filling.columns for filling in self.fillings if filling.name == name), ())

    def _items(self, cases: Iterable[Case], reasons: list[Reason]) -> Iterable[Case]:
        """What it is repeated for, numbered through all rows of the event."""
        if self.each is None:
            return cases
        try:
            items = [(case, names) for case in cases for names in self.each.items(case)]
        except Unfit as unfit:
            reasons.append(reason_of(unfit, self.each.columns, self.each.path))
            return ()
        return [case.naming({**names, NUMBER: str(number)}) for number, (case, names) in enumerate(items, 1)]

    def _wanted(self, case: Case, reasons: list[Reason]) -> bool:
        if self.when is None:
            return True
        try:
            return self.when.holds(case)
        except Unfit as unfit:
            reasons.append(reason_of(unfit, self.when.columns, f"{self.path}.when"))
            return False


def entry_of(place: Place, schema: Schema, scope: Scope) -> Entry:
    """The entry at `place` for parts that come in by `schema`."""
    place.knows((*schema.load_fields, *ENTRY_KEYS))
    each, inner = _each(place, scope)
    fillings = fillings_of(place, schema.load_fields, inner)
    when = condition_of(place.at("when"), inner) if "when" in place else None
    columns = [*(each.columns if each else ()), *(when.columns if when else ())]
    return Entry(
        fillings,
        place,
        each,
        when,
        rows_named(place, scope),
        place.at("required").flag(),
        in_order([*columns, *(column for filling in fillings for column in filling.columns)]),
    )


def fillings_of(place: Place, known: Fields, scope: Scope) -> tuple[Filling, ...]:
    """What fills those of the `known` fields that stand at `place`. One that must be there and is not is noted."""
    found = []
    for name, field in known.items():
        if name not in place:
            if field.required and isinstance(place.value, dict):
                place.refuse(f"needs {name}.")
        elif filling := _filling(name, field, place.at(name), scope):
            found.append(filling)
    return tuple(found)


def _filling(name: str, field: fields.Field[Any], place: Place, scope: Scope) -> Filling | None:
    if isinstance(field, CheckedString):
        return text_filling(name, field, place, scope)
    if isinstance(field, fields.List):
        return texts_filling(name, field, place, scope)
    if isinstance(field, fields.Nested):
        return part_filling(name, field, place, scope)
    raise TypeError(field)


def part_filling(name: str, field: fields.Nested, place: Place, scope: Scope) -> Filling:
    """What fills a field that holds one part, such as a citation's quote."""
    schema = field.schema
    place.knows(schema.load_fields)
    fillings = fillings_of(place, schema.load_fields, scope)
    columns = in_order(column for filling in fillings for column in filling.columns)
    return Filling(name, field.required, columns, lambda case, reasons: filled(fillings, case, reasons), place)


def filled(fillings: Sequence[Filling], case: Case, reasons: list[Reason]) -> dict[str, Any] | None:
    """The part that `fillings` make. None where a field that it must have is empty, or all that would say something."""
    part = {}
    complete, silent = True, any(filling.says for filling in fillings)
    for filling in fillings:
        value = filling.fill(case, reasons)
        if value is not None:
            part[filling.name] = value
            silent = silent and not filling.says
        elif filling.required:
            complete = False
    return part if complete and not silent else None


def _each(place: Place, scope: Scope) -> tuple[Each | None, Scope]:
    """What `each` says in the entry at `place`, and the scope of what stands beside it."""
    if "each" not in place:
        return None, scope
    here = place.at("each")
    scope = replace(scope, names={**scope.names, NUMBER: Given(())})
    here.knows((*SUBJECT_KEYS, "when", "columns", "by", "into"))
    names = here.at("into").texts()
    if not names:
        here.refuse("needs into: the names for the pieces of a part.")
    if "columns" in here:
        each = _side_by_side(here, names, scope)
        given = {name: Given((column,)) for name, column in zip(names, each.columns, strict=False)}
        return each, scope.naming(given, here)
    value = value_in(here, scope)
    if "by" not in here:
        if len(names) > 1:
            here.refuse("needs by: what stands between the pieces that have the names in into.")
        [name, *_] = names or ("",)
        each = Each(lambda case: [{name: text} for text in value.texts(case)], value.columns, here.path)
        return each, scope.naming({name: Given(value.columns, value.gives)}, here)
    mark = here.at("by").text() or "|"
    pieces = _pieces(mark, names, scope)
    each = Each(lambda case: [pieces(text) for text in value.texts(case)], value.columns, here.path)
    return each, scope.naming(dict.fromkeys(names, Given(value.columns)), here)


def _pieces(mark: str, names: Sequence[str], scope: Scope) -> Callable[[str], Names]:
    """The function that takes a part apart into the pieces that have names."""
    is_nothing = scope.is_nothing

    def pieces(text: str) -> Names:
        found = ["" if is_nothing(piece := one.strip()) else piece for one in text.split(mark)]
        if any(found[len(names) :]):
            raise Unfit(text, f'has more pieces between "{mark}" than into has names.')
        return dict(zip_longest(names, found[: len(names)], fillvalue=""))

    return pieces


def _side_by_side(place: Place, names: Sequence[str], scope: Scope) -> Each:
    """Columns whose cells are lists of the same length: the first parts belong together, then the second ones."""
    columns = place.at("columns").texts()
    if len(columns) != len(names):
        place.refuse("needs as many names in into as there are columns.")
    scope.read(columns, place.at("columns"))
    for key in place.value:
        if key not in ("columns", "split", "into"):
            place.at(key).refuse("cannot stand beside columns; only split and into can.")
    mark = place.at("split").text(",")
    is_nothing = scope.is_nothing

    def items(case: Case) -> list[Names]:
        lists = [case.row[column].split(mark) for column in columns if case.row[column]]
        if len({len(parts) for parts in lists}) > 1:
            raise Unfit(None, "hold lists of different lengths, and their parts belong together.")
        count = len(lists[0]) if lists else 0
        rows = [case.row[column].split(mark) if case.row[column] else [""] * count for column in columns]
        cleaned = [["" if is_nothing(text := part.strip()) else text for part in parts] for parts in rows]
        return [dict(zip(names, parts, strict=True)) for parts in zip(*cleaned, strict=True)]

    return Each(items, columns, place.path)
