"""What an operation takes: parameters in path, query and headers, and its body."""

import re
from typing import Any

from apispec.ext.marshmallow.openapi import OpenAPIConverter
from marshmallow import fields

from schemas.base import Flag
from schemas.filter_values import CommaSeparated
from schemas.representation import Choice, FieldSelection
from service.http.content_negotiation import EVENT_STREAM
from service.http.operation import JSON, JSON_PATCH, MERGE_PATCH, Operation
from service.openapi.examples.events import ARGUMENTS, PATCHES
from service.openapi.examples.imports import SENT
from service.openapi.schema_fixes import component_name

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
    "If-Modified-Since": {
        "description": "When the feed was last read. If-None-Match is surer, and goes before it.",
        "schema": {"type": "string", "examples": ["Tue, 02 Apr 2024 09:30:01 GMT"]},
    },
    "Last-Event-ID": {
        "description": "The `id` of the last event of a stream that was cut; it goes before `after`.",
        "schema": {"type": "string", "examples": ["3b241101-e2bb-4255-8caf-4136c566a962:41"]},
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
        *(_path_parameter(kind, name, contract) for kind, name in ARGUMENT.findall(rule)),
        *(_query_parameter(field.data_key or name, field, converter) for name, field in contract.query.fields.items()),
        *header_parameters(contract, methods),  # apispec points at the component of that name
    ]


def header_parameters(contract: Operation, methods: list[str]) -> list[str]:
    """Names of the shared parameters in headers that the operation takes."""
    conditions = {"If-None-Match"} if "get" in methods else {"If-Match-needed"}
    taken = conditions if contract.conditional else {"If-Match", "If-None-Match"} if contract.upsert else set()
    if any(form.is_feed for form in contract.formats):
        taken = taken | {"If-None-Match", "If-Modified-Since"}
    if EVENT_STREAM in contract.formats:
        taken = taken | {"Last-Event-ID"}
    if "post" in methods and not contract.safe:
        taken |= {"Idempotency-Key"}
    if "get" not in methods and takes_wishes(contract):
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


def takes_wishes(contract: Operation) -> bool:
    """Whether the record need not be answered: where it is shown but once, it always is."""
    return is_versioned(contract) and not getattr(contract.returns[1], "shown_once", False)


def is_selectable(contract: Operation) -> bool:
    """Whether only some fields of a record can be asked for."""
    schemas = (contract.query, contract.body) if contract.body else (contract.query,)
    return any(isinstance(field, FieldSelection) for schema in schemas for field in schema.fields.values())


def body(contract: Operation) -> dict[str, Any] | None:
    """The request's body, or None."""
    if contract.body:
        name = component_name(contract.body)
        content = {"schema": contract.body, "examples": {name: {"$ref": f"#/components/examples/{name}"}}}
        return {"required": True, "content": {JSON: content}}
    if contract.takes:
        told = {form: {"schema": {"type": "string"}, "example": sent} for form, sent in SENT.items()}
        return {
            "required": True,
            "content": {kind: told["csv" if "text/" in kind else "ndjson"] for kind in contract.takes},
        }
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


def _path_parameter(kind: str, name: str, contract: Operation) -> dict[str, Any]:
    known = {"enum": [form.suffix for form in contract.formats]} if name == "suffix" else {}
    return {
        "name": name,
        "in": "path",
        "required": True,
        "schema": _ARGUMENT_TYPES[kind] | {"examples": [ARGUMENTS[name]]} | known,
    }


def _query_parameter(name: str, field: fields.Field[Any], converter: OpenAPIConverter) -> dict[str, Any]:
    described: dict[str, Any] = converter._field2parameter(field, name=name, location="query")  # noqa: SLF001 (the only way to one field)
    schema = described["schema"]
    schema.pop("default", None)  # null stands for "not given", which a query cannot say otherwise
    if isinstance(schema.get("type"), list):
        schema["type"] = schema["type"][0]
    if isinstance(field, Flag):
        schema |= {"type": "string", "enum": list(Flag.SPELLINGS)}
    elif isinstance(field, Choice):
        schema["enum"] = list(field.words)
    if isinstance(field, CommaSeparated | FieldSelection):
        described |= {"style": "form", "explode": False}
    return described
