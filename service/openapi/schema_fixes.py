"""What apispec does not see in our schemas, or says otherwise than they mean it."""

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

#: Where a word's vocabulary stands until every one has been described once.
_VOCABULARY = "x-vocabulary"

#: What the name of a schema begins with of which only some fields were asked.
SELECTED = "Selected"

#: In problems what is not there is left out, so that they stay short.
_SPARING = frozenset({"Problem", "Fault"})


def component_name(schema: type[Schema] | Schema) -> str:
    """A schema's class name without `Schema`."""
    name = schema.__name__ if isinstance(schema, type) else type(schema).__name__
    return name.removesuffix("Schema")


def correct(_: OpenAPIConverter, field: fields.Field[Any], **__: Any) -> dict[str, Any]:
    """An attribute function for apispec: what it does not see in one field."""
    return next((said(field) for kind, said in _UNSEEN if isinstance(field, kind)), {})


def _several(field: CommaSeparated | OneOrMore) -> dict[str, Any]:
    return {"type": "array", "items": _item(field.of), "minItems": 1, "maxItems": MOST_VALUES}


def _number(field: Number) -> dict[str, Any]:
    """A number in a body need not be a string."""
    return {"type": ["string", "number"]} if isinstance(field.parent, FilterSchema) else {}


def _sort(field: Sort) -> dict[str, Any]:
    """Keys joined by commas; in a body they may be a list as well."""
    word = f"-?({'|'.join(field.names)})"
    text = {"type": "string", "pattern": f"^{word}(,{word}){{0,2}}$", "examples": ["-date,title"]}
    if not isinstance(field.parent, FilterSchema):
        return text
    several = {"type": "array", "items": {"type": "string", "pattern": f"^{word}$"}, "minItems": 1, "maxItems": 3}
    return {"anyOf": [text, several, {"type": "null"}]}


def _item(field: fields.Field[Any]) -> dict[str, Any]:
    known = {_VOCABULARY: field.vocabulary} if isinstance(field, Word) else {}
    return {**field.metadata, "type": "string", **known}


def _bounded(field: fields.Field[Any], least: str, most: str) -> dict[str, Any]:
    lengths = [check for check in field.validators if isinstance(check, validate.Length)]
    return {name: bound for length in lengths for name, bound in ((least, length.min), (most, length.max)) if bound}


def _keys(field: fields.Dict) -> dict[str, Any]:
    form = getattr(field.key_field, "form", None)
    return {"propertyNames": dict(form)} if form else {}


#: What is to be said of each kind of field; the first one that fits says it.
_UNSEEN: tuple[tuple[type[fields.Field[Any]], Callable[[Any], dict[str, Any]]], ...] = (
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
    """Correct what apispec says of whole schemas: what is always there, and what may be sent back."""
    for key, name in converter.refs.items():
        schema, described = key[0], components[name]
        if issubclass(schema, ResponseSchema):
            _promise(described, name)
        elif issubclass(schema, RequestSchema):
            for member in described["properties"].values():
                _drop_null_default(member)
            for own in sorted(schema.read_only):
                described["properties"][own] = {
                    "description": "The service's own: ignored, so that what was read fits."
                }


def add_selected(components: dict[str, Any]) -> None:
    """Events and their pages as they are with `fields`: only `id` is sure to be there."""
    event = components["Event"]
    components[f"{SELECTED}Event"] = event | {
        "required": ["id"],
        "description": "An event of which `fields` were asked.",
        "properties": {name: dict(member) for name, member in event["properties"].items()},
    }
    items = {"type": "array", "items": {"$ref": f"#/components/schemas/{SELECTED}Event"}}
    for name in ("EventPage", "SimilarPage"):
        page = components[name]
        components[f"{SELECTED}{name}"] = page | {"properties": page["properties"] | {"items": items}}


def _promise(described: dict[str, Any], name: str) -> None:
    """In what goes out every key is always there, so a client's types need not doubt it; and nothing is a default."""
    if name not in _SPARING:
        described["required"] = list(described["properties"])
    for member in described["properties"].values():
        member.pop("default", None)


def _drop_null_default(member: dict[str, Any]) -> None:
    """Let a member that cannot be null not be so when it is left out; that it need not be there says enough."""
    kinds = [member, *member.get("anyOf", ())]
    if member.get("default", ...) is None and not any("null" in kind.get("type", ()) for kind in kinds):
        del member["default"]


def share_vocabularies(described: dict[str, Any]) -> None:
    """Describe each vocabulary once, as a component, and let its words' fields point there."""
    found: dict[str, type[Vocabulary]] = {}
    for node in list(_nodes(described)):
        if _VOCABULARY in node:
            vocabulary = node[_VOCABULARY]
            found[vocabulary.__name__] = vocabulary
            _point(node, vocabulary.__name__)
    for name in sorted(found):
        described["components"]["schemas"][name] = _vocabulary(found[name])


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
    """Take away the components that nothing points at."""
    used = {node["$ref"] for node in _nodes(described) if isinstance(node.get("$ref"), str)}
    for kind in kinds:
        kept = {name: one for name, one in described["components"][kind].items() if _at(kind, name) in used}
        described["components"][kind] = kept


def _at(kind: str, name: str) -> str:
    return f"#/components/{kind}/{name}"
