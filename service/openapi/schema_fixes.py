"""Corrections of the schemas that apispec derives from marshmallow."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from apispec.ext.marshmallow.openapi import OpenAPIConverter
from marshmallow import Schema, fields, validate

from schemas.base import RequestSchema, ResponseSchema
from schemas.fields import Word
from schemas.filter_values import MOST_VALUES, CommaSeparated, Number, OneOrMore
from schemas.filters import FilterSchema
from schemas.lists import Sort
from schemas.representation import Choice, FieldSelection
from schemas.vocabulary import Vocabulary

#: The member that holds a field's vocabulary until `share_vocabularies` replaces it by a reference.
_VOCABULARY = "x-vocabulary"

#: The prefix of schemas with selected fields only.
SELECTED = "Selected"

#: The schemas whose optional members may be missing: problems stay short.
_WITH_OPTIONAL = frozenset({"Problem", "Fault"})


def component_name(schema: type[Schema] | Schema) -> str:
    """Return a schema's class name without `Schema`."""
    name = schema.__name__ if isinstance(schema, type) else type(schema).__name__
    return name.removesuffix("Schema")


def correct(_: OpenAPIConverter, field: fields.Field[Any], **__: Any) -> dict[str, Any]:
    """Return the members that apispec lacks for one field (an attribute function of apispec)."""
    return next((members(field) for kind, members in _CORRECTIONS if isinstance(field, kind)), {})


def _several(field: CommaSeparated | OneOrMore) -> dict[str, Any]:
    return {"type": "array", "items": _item(field.of), "minItems": 1, "maxItems": MOST_VALUES}


def _number(field: Number) -> dict[str, Any]:
    """Return the types of a number, which may be a JSON number in a body."""
    return {"type": ["string", "number"]} if isinstance(field.parent, FilterSchema) else {}


def _sort(field: Sort) -> dict[str, Any]:
    """Return the schema of sort keys: separated by commas, or in a body also a list."""
    word = f"-?({'|'.join(field.names)})"
    text = {"type": "string", "pattern": f"^{word}(,{word}){{0,2}}$", "examples": ["-date,title"]}
    if not isinstance(field.parent, FilterSchema):
        return text
    several = {"type": "array", "items": {"type": "string", "pattern": f"^{word}$"}, "minItems": 1, "maxItems": 3}
    return {"anyOf": [text, several, {"type": "null"}]}


def _item(field: fields.Field[Any]) -> dict[str, Any]:
    vocabulary = {_VOCABULARY: field.vocabulary} if isinstance(field, Word) else {}
    return {**field.metadata, "type": "string", **vocabulary}


def _bounded(field: fields.Field[Any], least: str, most: str) -> dict[str, Any]:
    lengths = [check for check in field.validators if isinstance(check, validate.Length)]
    return {name: bound for length in lengths for name, bound in ((least, length.min), (most, length.max)) if bound}


def _keys(field: fields.Dict) -> dict[str, Any]:
    form = getattr(field.key_field, "form", None)
    return {"propertyNames": dict(form)} if form else {}


#: The corrections by class of field; the first that fits applies.
_CORRECTIONS: tuple[tuple[type[fields.Field[Any]], Callable[[Any], dict[str, Any]]], ...] = (
    (CommaSeparated, _several),
    (OneOrMore, lambda field: {"anyOf": [_item(field.of), _several(field)]}),
    (
        FieldSelection,
        lambda field: {"type": "array", "items": {"type": "string", "enum": list(field.names)}, "minItems": 1},
    ),
    (Sort, _sort),
    (Number, _number),
    (Choice, lambda field: {"enum": [*field.words, None] if field.allow_none else list(field.words)}),
    (Word, lambda field: {_VOCABULARY: field.vocabulary}),
    (fields.Dict, lambda field: _bounded(field, "minProperties", "maxProperties") | _keys(field)),
    (fields.List, lambda field: _bounded(field, "minItems", "maxItems")),
)


def correct_components(components: dict[str, Any], converter: OpenAPIConverter) -> None:
    """Correct whole schemas: the members that responses always have, and those that requests may send back."""
    for key, name in converter.refs.items():
        schema, described = key[0], components[name]
        if issubclass(schema, ResponseSchema):
            _require_members(described, name)
        elif issubclass(schema, RequestSchema):
            for member in described["properties"].values():
                _drop_null_default(member)
            for own in sorted(schema.read_only):
                described["properties"][own] = {
                    "description": "Computed by the service; ignored in requests, so you can send back a record."
                }


def add_selected(components: dict[str, Any]) -> None:
    """Add the schemas of events and pages with `fields`, in which only `id` is required."""
    event = components["Event"]
    components[f"{SELECTED}Event"] = event | {
        "required": ["id"],
        "description": "An event with only the members that `fields` selects.",
        "properties": {name: dict(member) for name, member in event["properties"].items()},
    }
    items = {"type": "array", "items": {"$ref": f"#/components/schemas/{SELECTED}Event"}}
    for name in ("EventPage", "SimilarPage"):
        page = components[name]
        components[f"{SELECTED}{name}"] = page | {"properties": page["properties"] | {"items": items}}


def _require_members(described: dict[str, Any], name: str) -> None:
    """Require every member of a response, so that clients need no optional types, and drop the defaults."""
    if name not in _WITH_OPTIONAL:
        described["required"] = list(described["properties"])
    for member in described["properties"].values():
        member.pop("default", None)


def _drop_null_default(member: dict[str, Any]) -> None:
    """Drop the default null of a member that cannot be null; it is optional anyway."""
    kinds = [member, *member.get("anyOf", ())]
    if member.get("default", ...) is None and not any("null" in kind.get("type", ()) for kind in kinds):
        del member["default"]


def share_vocabularies(described: dict[str, Any]) -> None:
    """Describe each vocabulary once, as a component, and reference it from its fields."""
    vocabularies: dict[str, type[Vocabulary]] = {}
    for node in list(_nodes(described)):
        if _VOCABULARY in node:
            vocabulary = node[_VOCABULARY]
            vocabularies[vocabulary.__name__] = vocabulary
            _point(node, vocabulary.__name__)
    for name in sorted(vocabularies):
        described["components"]["schemas"][name] = _vocabulary(vocabularies[name])


def _point(node: dict[str, Any], name: str) -> None:
    nullable, reference = "null" in node["type"], {"$ref": f"#/components/schemas/{name}"}
    default = {"default": node["default"]} if "default" in node else {}
    node.clear()
    node |= ({"anyOf": [reference, {"type": "null"}]} if nullable else reference) | default


def _vocabulary(vocabulary: type[Vocabulary]) -> dict[str, Any]:
    meanings = "\n".join(f"* `{member.value}`: {member.sentence}" for member in vocabulary)
    description = f"{(vocabulary.__doc__ or '').strip()}\n\n{meanings}"
    return {"type": "string", "enum": list(vocabulary.words()), "description": description}


def _nodes(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    if isinstance(value, list):
        for member in value:
            yield from _nodes(member)


def drop_unused(described: dict[str, Any], kinds: Iterable[str]) -> None:
    """Remove the components without a reference."""
    used = {node["$ref"] for node in _nodes(described) if isinstance(node.get("$ref"), str)}
    for kind in kinds:
        components = described["components"][kind].items()
        described["components"][kind] = {name: one for name, one in components if _reference(kind, name) in used}


def _reference(kind: str, name: str) -> str:
    return f"#/components/{kind}/{name}"
