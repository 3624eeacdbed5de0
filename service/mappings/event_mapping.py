"""The table [event] of a mapping, compiled: from the rows of an event to its record."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from marshmallow import Schema, fields

from schemas.base import did_you_mean
from schemas.events import NewEventSchema
from service.mappings.context import CompileScope, RowContext
from service.mappings.field_mapping import FieldMapping, max_members
from service.mappings.parts import PartMapping, compile_fields, compile_part
from service.mappings.references import BuiltPart, Lists, check_references, resolve_references
from service.mappings.result import MappingError, Origin
from service.mappings.templates import CsvRow
from service.mappings.toml_reader import TomlNode

_EVENT = NewEventSchema()

#: The lists of parts in a record, with the schema of a part.
PARTS: dict[str, tuple[fields.List[Any], Schema]] = {
    name: (field, field.inner.schema)
    for name, field in _EVENT.load_fields.items()
    if isinstance(field, fields.List) and isinstance(field.inner, fields.Nested)
}
#: The other fields of a record.
_FIELDS = {name: field for name, field in _EVENT.load_fields.items() if name not in PARTS}


@dataclass(frozen=True)
class EventMapping:
    """The mappings of a record's fields and of the parts of its lists."""

    fields: tuple[FieldMapping, ...]
    parts: Mapping[str, tuple[PartMapping, ...]]
    #: The topics that the mapping declares.
    topics: frozenset[str] = frozenset()

    def build(
        self, rows: Sequence[CsvRow]
    ) -> tuple[dict[str, Any], dict[str, Sequence[Origin]], tuple[MappingError, ...]]:
        """Return the record of `rows`, the origins of its parts, and all errors."""
        errors: list[MappingError] = []
        context = RowContext(rows[0], rows, {})
        values = {field.name: field.build(context, errors) for field in self.fields}
        values = {name: value for name, value in values.items() if value is not None}
        lists: Lists = {
            name: [BuiltPart(part, mapping) for mapping in mappings for part in mapping.build(context, errors)]
            for name, mappings in self.parts.items()
        }
        resolve_references(lists, values)
        errors += () if errors else (*self._size_errors(values, lists), *self._topic_errors(lists.get("topics", ())))
        record = values | {name: [built.part for built in parts] for name, parts in lists.items() if parts}
        origins: dict[str, Sequence[Origin]] = {field.name: [field] for field in self.fields}
        origins |= {name: [built.mapping for built in parts] for name, parts in lists.items()}
        return record, origins, tuple(dict.fromkeys(errors))

    def _size_errors(self, values: Mapping[str, Any], lists: Lists) -> list[MappingError]:
        """Return the errors of required fields that are missing, and of lists with too many parts."""
        errors = [
            MappingError("is empty, but required.", ", ".join(field.columns) or None, None, f"event.{field.name}")
            for field in self.fields
            if field.required and field.name not in values
        ]
        for name, (field, _) in PARTS.items():
            number, limit = len(lists.get(name, ())), max_members(field)
            if field.required and not number:
                errors.append(self._list_error(f"gives no {name}, but a record needs some.", name))
            if number > limit:
                errors.append(self._list_error(f"gives more than {limit} {name}.", name))
        return errors

    def _topic_errors(self, topics: Iterable[BuiltPart]) -> list[MappingError]:
        """Return the errors of topics that are not declared: an import would not create them."""
        return [
            MappingError(
                "is not in [topics].", ", ".join(built.mapping.columns_of("id")), id_, f"{built.mapping.path}.id"
            )
            for built in topics
            if (id_ := built.part["id"]) not in self.topics
        ]

    def _list_error(self, problem: str, name: str) -> MappingError:
        columns = dict.fromkeys(column for mapping in self.parts[name] for column in mapping.columns)
        return MappingError(problem, ", ".join(columns) or None, None, f"event.{name}")


def compile_event(node: TomlNode, scope: CompileScope, topics: frozenset[str]) -> EventMapping:
    """Return the mapping at `node`, the table [event]. `topics`: those that the mapping declares."""
    node.check_keys(_EVENT.load_fields)
    field_mappings = compile_fields(node, _FIELDS, scope)
    parts = {name: _compile_parts(name, node.at(name), scope) for name in PARTS if name in node}
    check_references(parts)
    for name, (field, _) in PARTS.items():
        if field.required and not parts.get(name):
            node.add_fault(f"needs [[event.{name}]].")
    _check_topics(parts.get("topics", ()), topics)
    return EventMapping(field_mappings, parts, topics)


def _compile_parts(name: str, node: TomlNode, scope: CompileScope) -> tuple[PartMapping, ...]:
    return tuple(compile_part(one, PARTS[name][1], scope) for one in node.one_or_more())


def _check_topics(mappings: Iterable[PartMapping], declared: frozenset[str]) -> None:
    """Add a fault for every topic that is not declared, where it is known before any row is read."""
    for mapping in mappings:
        for field in mapping.fields:
            if field.name == "id":
                for id_ in sorted((field.possible_texts or frozenset()) - declared):
                    mapping.node.at("id").add_fault(f'there is no "{id_}" in [topics].{did_you_mean(id_, declared)}')
