"""What an operation takes: parameters in path, query and headers, and its body."""

import re
from typing import Any

from apispec.ext.marshmallow.openapi import OpenAPIConverter
from marshmallow import fields

from schemas.forms import Selection
from schemas.listing import CommaSeparated
from service.api import JSON, JSON_PATCH, MERGE_PATCH, Operation
from service.describing.corrections import component_name
from service.describing.examples import ARGUMENTS, PATCHES

ARGUMENT = re.compile(r"<(?:(\w+):)?(\w+)>")

#: The largest version that PostgreSQL's integer holds.
_MOST = 2_147_483_647

_ARGUMENT_TYPES: dict[str, dict[str, Any]] = {
    "uuid": {"type": "string", "format": "uuid"},
    "int": {"type": "integer", "minimum": 0, "maximum": _MOST},
    "path": {"type": "string", "minLength": 1},
    "": {"type": "string", "minLength": 1},
}

#: What a client may say in headers, apart from what it says to every operation: see the introduction.
HEADERS: dict[str, dict[str, Any]] = {
    "If-Match": {
        "description": "The ETag that was read: only that version is changed.",
        "schema": {"type": "string", "examples": ['"1"']},
    },
    "If-None-Match": {
        "description": "An ETag that is known already, or `*`.",
        "schema": {"type": "string", "examples": ['"1"']},
    },
    "Idempotency-Key": {
        "description": "Chosen by the client for this one request. Sent again within 24 hours it is answered again, not"
        " done again.",
        "schema": {
            "type": "string",
            "pattern": '^("[!#-~ ]{1,255}"|[!#-~]{1,255})$',
            "examples": ['"8e03978e-40d5-43dd-bc93-6894a57f9324"'],
        },
    },
    "Prefer": {
        "description": "`return=minimal` for 204 without a body, `return=representation` for the record."
        " `handling=strict`, where an event is recorded, refuses one that is likely recorded already.",
        "schema": {"type": "string", "examples": ["return=minimal"]},
    },
}


def parameters(rule: str, methods: list[str], contract: Operation, converter: OpenAPIConverter) -> list[Any]:
    """The parameters of the operation at `rule`."""
    return [
        *(_path_parameter(kind, name) for kind, name in ARGUMENT.findall(rule)),
        *(_query_parameter(field.data_key or name, field, converter) for name, field in contract.query.fields.items()),
        *header_parameters(contract, methods),  # apispec points at the component of that name
    ]


def header_parameters(contract: Operation, methods: list[str]) -> list[str]:
    """Names of the shared parameters in headers that the operation takes."""
    conditions = {"If-None-Match"} if "get" in methods else {"If-Match-needed"}
    taken = conditions if contract.conditional else {"If-Match", "If-None-Match"} if contract.upsert else set()
    if "post" in methods:
        taken |= {"Idempotency-Key"}
    if "get" not in methods and is_versioned(contract):
        taken |= {"Prefer"}
    return sorted(taken)


def shared_parameters() -> dict[str, dict[str, Any]]:
    """Every parameter in a header, by the name it has among the components."""
    described = {name: {"name": name, "in": "header", "required": False, **said} for name, said in HEADERS.items()}
    return described | {"If-Match-needed": described["If-Match"] | {"required": True}}


def is_versioned(contract: Operation) -> bool:
    """Whether a record is answered that has a version, by which it can be conditioned."""
    schema = contract.returns[1]
    return schema is not None and "version" in schema.fields


def is_selectable(contract: Operation) -> bool:
    """Whether only some fields of a record can be asked for."""
    return any(isinstance(field, Selection) for field in contract.query.fields.values())


def body(contract: Operation) -> dict[str, Any] | None:
    """The request's body, or None."""
    if contract.body:
        name = component_name(contract.body)
        content = {"schema": contract.body, "examples": {name: {"$ref": f"#/components/examples/{name}"}}}
        return {"required": True, "content": {JSON: content}}
    if not contract.patches:
        return None
    name = component_name(contract.patches).removeprefix("New")
    merge = {"schema": {"$ref": "#/components/schemas/MergePatch"}, "example": PATCHES[name, MERGE_PATCH]}
    operations = {"schema": {"$ref": "#/components/schemas/JsonPatch"}, "example": PATCHES[name, JSON_PATCH]}
    return {"required": True, "content": {MERGE_PATCH: merge, JSON_PATCH: operations, JSON: merge}}


#: Patches, which are of no schema of ours: they need only lead to a record that is valid.
PATCH_SCHEMAS: dict[str, dict[str, Any]] = {
    "MergePatch": {
        "type": "object",
        "description": "JSON Merge Patch (RFC 7396): null takes a field away, lists are replaced whole.",
    },
    "JsonPatch": {
        "type": "array",
        "items": {"$ref": "#/components/schemas/JsonPatchOperation"},
        "description": "JSON Patch (RFC 6902): all of the operations, or none.",
    },
    "JsonPatchOperation": {
        "type": "object",
        "required": ["op", "path"],
        "properties": {
            "op": {"type": "string", "enum": ["add", "remove", "replace", "move", "copy", "test"]},
            "path": {"type": "string", "description": "JSON pointer."},
            "from": {"type": "string", "description": "JSON pointer, of move and copy."},
            "value": {"description": "Of add, replace and test."},
        },
    },
}


def _path_parameter(kind: str, name: str) -> dict[str, Any]:
    return {
        "name": name,
        "in": "path",
        "required": True,
        "schema": _ARGUMENT_TYPES[kind] | {"examples": [ARGUMENTS[name]]},
    }


def _query_parameter(name: str, field: fields.Field[Any], converter: OpenAPIConverter) -> dict[str, Any]:
    described: dict[str, Any] = converter._field2parameter(field, name=name, location="query")  # noqa: SLF001 (the only way to one field)
    schema = described["schema"]
    schema.pop("default", None)  # null stands for "not given", which a query cannot say otherwise
    if isinstance(schema.get("type"), list):
        schema["type"] = schema["type"][0]
    if isinstance(field, CommaSeparated | Selection):
        described |= {"style": "form", "explode": False}
    return described
