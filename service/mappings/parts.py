"""Parts of a record: the tables of a list in the mapping, such as [[event.dates]], compiled."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Any

from marshmallow import Schema, fields

from schemas.base import CheckedString
from service.mappings.context import (
    BoundName,
    CellError,
    CompileScope,
    RowCondition,
    RowContext,
    rows_word,
    unique,
)
from service.mappings.field_mapping import FieldMapping, compile_text, compile_texts, mapping_error
from service.mappings.result import MappingError
from service.mappings.toml_reader import TomlNode
from service.mappings.values import SUBJECT_KEYS, compile_condition, compile_value_table

#: Keys of a part beside its fields.
PART_KEYS = ("each", "when", "rows", "required")

#: The name of the number of the current repetition, from 1.
NUMBER = "#"

Names = Mapping[str, str]
Fields = Mapping[str, fields.Field[Any]]
#: Returns a part, or None. Errors are added to the list.
BuildPart = Callable[[RowContext, list[MappingError]], dict[str, Any] | None]


@dataclass(frozen=True)
class Repetition:
    """The `each` of a part: a function that gives the names of each repetition."""

    items: Callable[[RowContext], Iterable[Names]]
    columns: tuple[str, ...]
    path: str


@dataclass(frozen=True)
class PartMapping:
    """One table of a list, such as the second [[event.dates]]."""

    fields: tuple[FieldMapping, ...]
    #: Builds a part for a row of a repetition.
    build_one: BuildPart
    node: TomlNode
    each: Repetition | None
    when: RowCondition | None
    rows: str
    required: bool
    #: Every column that it reads.
    columns: tuple[str, ...]

    def build(self, context: RowContext, errors: list[MappingError]) -> Iterator[dict[str, Any]]:
        """Yield the parts that it makes, and add errors to `errors`."""
        is_empty = True
        for one in self._repeat(context.for_rows(self.rows) if self.rows else (context,), errors):
            if self._applies(one, errors) and (part := self.build_one(one, errors)):
                is_empty = False
                yield part
        if self.required and is_empty and not errors:
            problem = "gives nothing, but the mapping requires it."
            errors.append(MappingError(problem, ", ".join(self.columns), None, self.path))

    @property
    def has_ids_of_columns(self) -> bool:
        """True if the ids of its parts come from columns, so that the same id is the same thing."""
        return any(field.name == "id" and field.possible_texts is None for field in self.fields)

    @property
    def path(self) -> str:
        """Its path in the mapping."""
        return self.node.path

    def columns_of(self, name: str) -> tuple[str, ...]:
        """Return the columns that its field `name` reads."""
        return next((field.columns for field in self.fields if field.name == name), ())

    def _repeat(self, contexts: Iterable[RowContext], errors: list[MappingError]) -> Iterable[RowContext]:
        """Return a context for each repetition, numbered through all rows of the event."""
        if self.each is None:
            return contexts
        try:
            items = [(context, names) for context in contexts for names in self.each.items(context)]
        except CellError as error:
            errors.append(mapping_error(error, self.each.columns, self.each.path))
            return ()
        return [context.with_names({**names, NUMBER: str(number)}) for number, (context, names) in enumerate(items, 1)]

    def _applies(self, context: RowContext, errors: list[MappingError]) -> bool:
        if self.when is None:
            return True
        try:
            return self.when.holds(context)
        except CellError as error:
            errors.append(mapping_error(error, self.when.columns, f"{self.path}.when"))
            return False


def compile_part(node: TomlNode, schema: Schema, scope: CompileScope) -> PartMapping:
    """Return the mapping at `node` for parts that `schema` loads."""
    node.check_keys((*schema.load_fields, *PART_KEYS))
    each, inner = _compile_each(node, scope)
    field_mappings = compile_fields(node, schema.load_fields, inner)
    when = compile_condition(node.at("when"), inner) if "when" in node else None
    columns = [*(each.columns if each else ()), *(when.columns if when else ())]
    return PartMapping(
        field_mappings,
        part_builder(field_mappings),
        node,
        each,
        when,
        rows_word(node, scope),
        node.at("required").flag(),
        unique([*columns, *(column for field in field_mappings for column in field.columns)]),
    )


def compile_fields(node: TomlNode, schema_fields: Fields, scope: CompileScope) -> tuple[FieldMapping, ...]:
    """Return the mappings of the `known` fields at `node`. A missing required field is a fault."""
    mappings = []
    for name, field in schema_fields.items():
        if name not in node:
            if field.required and isinstance(node.value, dict):
                node.add_fault(f"needs {name}.")
        else:
            mappings.append(_compile_field(name, field, node.at(name), scope))
    return tuple(mappings)


def _compile_field(name: str, field: fields.Field[Any], node: TomlNode, scope: CompileScope) -> FieldMapping:
    if isinstance(field, CheckedString):
        return compile_text(name, field, node, scope)
    if isinstance(field, fields.List):
        return compile_texts(name, field, node, scope)
    if isinstance(field, fields.Nested):
        return _compile_nested(name, field, node, scope)
    raise TypeError(field)


def _compile_nested(name: str, field: fields.Nested, node: TomlNode, scope: CompileScope) -> FieldMapping:
    """Return the mapping of a field with one part, such as a citation's quote."""
    schema = field.schema
    node.check_keys(schema.load_fields)
    mappings = compile_fields(node, schema.load_fields, scope)
    columns = unique(column for mapping in mappings for column in mapping.columns)
    return FieldMapping(name, field.required, columns, part_builder(mappings), node)


def part_builder(mappings: Sequence[FieldMapping]) -> BuildPart:
    """Return the function that builds a part of its fields.

    It returns None where a required field is empty, or all fields that carry information.
    """
    has_information = any(mapping.is_informative for mapping in mappings)
    entries = [(mapping.name, mapping.build, mapping.is_informative, mapping.required) for mapping in mappings]

    def build(context: RowContext, errors: list[MappingError]) -> dict[str, Any] | None:
        part = {}
        is_complete, is_silent = True, has_information
        for name, build_field, is_informative, is_required in entries:
            value = build_field(context, errors)
            if value is not None:
                part[name] = value
                is_silent = is_silent and not is_informative
            elif is_required:
                is_complete = False
        return part if is_complete and not is_silent else None

    return build


def _compile_each(node: TomlNode, scope: CompileScope) -> tuple[Repetition | None, CompileScope]:
    """Return the repetition of the part at `node`, and the scope of its fields."""
    if "each" not in node:
        return None, scope
    each = node.at("each")
    scope = replace(scope, names={**scope.names, NUMBER: BoundName(())})
    each.check_keys((*SUBJECT_KEYS, "when", "columns", "by", "into"))
    names = each.at("into").texts()
    if not names:
        each.add_fault("needs into: names for the pieces of each text.")
    if "columns" in each:
        repetition = _side_by_side(each, names, scope)
        bound = {name: BoundName((column,)) for name, column in zip(names, repetition.columns, strict=False)}
        return repetition, scope.with_names(bound, each)
    value = compile_value_table(each, scope)
    if "by" not in each:
        if len(names) > 1:
            each.add_fault("needs by: the separator of the pieces that into names.")
        [name, *_] = names or ("",)
        repetition = Repetition(
            lambda context: [{name: text} for text in value.texts(context)], value.columns, each.path
        )
        return repetition, scope.with_names({name: BoundName(value.columns, value.possible_texts)}, each)
    separator = each.at("by").text() or "|"
    split = _piece_splitter(separator, names, scope)
    repetition = Repetition(lambda context: [split(text) for text in value.texts(context)], value.columns, each.path)
    return repetition, scope.with_names(dict.fromkeys(names, BoundName(value.columns)), each)


def _piece_splitter(separator: str, names: Sequence[str], scope: CompileScope) -> Callable[[str], Names]:
    """Return the function that splits a text into pieces with names."""
    is_nothing = scope.is_nothing

    def split(text: str) -> Names:
        pieces = ["" if is_nothing(piece := one.strip()) else piece for one in text.split(separator)]
        if any(pieces[len(names) :]):
            raise CellError(text, f'has more pieces between "{separator}" than into has names.')
        return dict(zip_longest(names, pieces[: len(names)], fillvalue=""))

    return split


def _side_by_side(node: TomlNode, names: Sequence[str], scope: CompileScope) -> Repetition:
    """Return the repetition over columns with lists of the same length, whose members belong together by position."""
    columns = node.at("columns").texts()
    if len(columns) != len(names):
        node.add_fault("needs as many names in into as there are columns.")
    scope.use_columns(columns, node.at("columns"))
    for key in node.value:
        if key not in ("columns", "split", "into"):
            node.at(key).add_fault("is not allowed with columns; only split and into are.")
    separator = node.at("split").text(",")
    is_nothing = scope.is_nothing

    def items(context: RowContext) -> list[Names]:
        lists = [context.row[column].split(separator) for column in columns if context.row[column]]
        if len({len(parts) for parts in lists}) > 1:
            raise CellError(None, "hold lists of different lengths, whose members must belong together.")
        count = len(lists[0]) if lists else 0
        rows = [context.row[column].split(separator) if context.row[column] else [""] * count for column in columns]
        cleaned = [["" if is_nothing(text := part.strip()) else text for part in parts] for parts in rows]
        return [dict(zip(names, parts, strict=True)) for parts in zip(*cleaned, strict=True)]

    return Repetition(items, columns, node.path)
