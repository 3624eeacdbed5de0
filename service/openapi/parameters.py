"""The request of an operation: parameters in path, query and headers, and its body."""

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
from service.openapi.examples.imports import BODIES
from service.openapi.schema_fixes import component_name
from service.store.idempotency import STORED_FOR

ARGUMENT = re.compile(r"<(?:(\w+):)?(\w+)>")

_STORED_HOURS = round(STORED_FOR.total_seconds() / 3600)

#: The largest integer of PostgreSQL, and so the largest version.
_MOST = 2_147_483_647

_ARGUMENT_TYPES: dict[str, dict[str, Any]] = {
    "uuid": {"type": "string", "format": "uuid"},
    "int": {"type": "integer", "minimum": 0, "maximum": _MOST},
    "path": {"type": "string", "minLength": 1},
    "": {"type": "string", "minLength": 1},
}

#: The header parameters; the introduction describes those that every operation takes.
HEADERS: dict[str, dict[str, Any]] = {
    "If-Match": {
        "description": "The ETag that you read: the request applies only to that version.",
        "schema": {"type": "string", "examples": ['"1"']},
    },
    "If-None-Match": {
        "description": "The ETag of the copy that you have, or `*`.",
        "schema": {"type": "string", "examples": ['"1"']},
    },
    "If-Modified-Since": {
        "description": "The time when you last read the feed. If-None-Match is more exact and takes precedence.",
        "schema": {"type": "string", "examples": ["Tue, 02 Apr 2024 09:30:01 GMT"]},
    },
    "Last-Event-ID": {
        "description": "The `id` of the last event of an interrupted stream; it takes precedence over `after`.",
        "schema": {"type": "string", "examples": ["3b241101-e2bb-4255-8caf-4136c566a962:41"]},
    },
    "Idempotency-Key": {
        "description": "A key of your choice for this one request."
        f" Repeat the request with it within {_STORED_HOURS} hours to get the stored response.",
        "schema": {
            "type": "string",
            "pattern": '^("[!#-~ ]{1,255}"|[!#-~]{1,255})$',
            "examples": ['"8e03978e-40d5-43dd-bc93-6894a57f9324"'],
        },
    },
    "Prefer": {
        "description": "`return=minimal` for 204 without a body, `return=representation` for the record."
        " `handling=strict` refuses a new event that probably exists already.",
        "schema": {"type": "string", "examples": ["return=minimal"]},
    },
}


def parameters(rule: str, methods: list[str], contract: Operation, converter: OpenAPIConverter) -> list[Any]:
    """Return the parameters of the operation at `rule`."""
    return [
        *(_path_parameter(kind, name, contract) for kind, name in ARGUMENT.findall(rule)),
        *(_query_parameter(field.data_key or name, field, converter) for name, field in contract.query.fields.items()),
        *header_parameters(contract, methods),  # apispec points at the component of that name
    ]


def header_parameters(contract: Operation, methods: list[str]) -> list[str]:
    """Return the names of the shared header parameters of an operation."""
    conditions = {"If-Match", "If-None-Match"} if "get" in methods else {"If-Match-needed"}
    names = conditions if contract.conditional else {"If-Match", "If-None-Match"} if contract.upsert else set()
    if any(form.is_feed for form in contract.formats):
        names = names | {"If-None-Match", "If-Modified-Since"}
    if EVENT_STREAM in contract.formats:
        names = names | {"Last-Event-ID"}
    if "post" in methods and not contract.safe:
        names |= {"Idempotency-Key"}
    if "get" not in methods and takes_preferences(contract):
        names |= {"Prefer"}
    return sorted(names)


def shared_parameters() -> dict[str, dict[str, Any]]:
    """Return every header parameter, by its name among the components."""
    described = {name: {"name": name, "in": "header", "required": False, **text} for name, text in HEADERS.items()}
    return described | {"If-Match-needed": described["If-Match"] | {"required": True}}


def is_versioned(contract: Operation) -> bool:
    """Return whether the response is a record with a version, as conditional requests need it."""
    schema = contract.returns[1]
    return schema is not None and "version" in schema.fields


def takes_preferences(contract: Operation) -> bool:
    """Return whether a writer may do without the record. One that is shown once always comes."""
    return is_versioned(contract) and not getattr(contract.returns[1], "shown_once", False)


def is_selectable(contract: Operation) -> bool:
    """Return whether a client may select some fields of a record."""
    schemas = (contract.query, contract.body) if contract.body else (contract.query,)
    return any(isinstance(field, FieldSelection) for schema in schemas for field in schema.fields.values())


def body(contract: Operation) -> dict[str, Any] | None:
    """Return the request body, or None."""
    if contract.body:
        name = component_name(contract.body)
        content = {"schema": contract.body, "examples": {name: {"$ref": f"#/components/examples/{name}"}}}
        return {"required": True, "content": {JSON: content}}
    if contract.takes:
        examples = {form: {"schema": {"type": "string"}, "example": text} for form, text in BODIES.items()}
        return {
            "required": True,
            "content": {kind: examples["csv" if "text/" in kind else "ndjson"] for kind in contract.takes},
        }
    if not contract.patches:
        return None
    name = component_name(contract.patches).removeprefix("New")
    merge = {"schema": {"$ref": "#/components/schemas/MergePatch"}, "example": PATCHES[name, MERGE_PATCH]}
    operations = {"schema": {"$ref": "#/components/schemas/JsonPatch"}, "example": PATCHES[name, JSON_PATCH]}
    return {"required": True, "content": {MERGE_PATCH: merge, JSON_PATCH: operations, JSON: merge}}


#: The schemas of patches: a patch is valid if it results in a valid record.
PATCH_SCHEMAS: dict[str, dict[str, Any]] = {
    "MergePatch": {
        "type": "object",
        "description": "JSON Merge Patch (RFC 7396): null removes a field, a list replaces the whole list.",
    },
    "JsonPatch": {
        "type": "array",
        "items": {"$ref": "#/components/schemas/JsonPatchOperation"},
        "description": "JSON Patch (RFC 6902): either all operations apply, or none.",
    },
    "JsonPatchOperation": {
        "type": "object",
        "required": ["op", "path"],
        "properties": {
            "op": {"type": "string", "enum": ["add", "remove", "replace", "move", "copy", "test"]},
            "path": {"type": "string", "description": "JSON pointer."},
            "from": {"type": "string", "description": "JSON pointer, for move and copy."},
            "value": {"description": "For add, replace and test."},
        },
    },
}


def _path_parameter(kind: str, name: str, contract: Operation) -> dict[str, Any]:
    suffixes = {"enum": [form.suffix for form in contract.formats]} if name == "suffix" else {}
    return {
        "name": name,
        "in": "path",
        "required": True,
        "schema": _ARGUMENT_TYPES[kind] | {"examples": [ARGUMENTS[name]]} | suffixes,
    }


def _query_parameter(name: str, field: fields.Field[Any], converter: OpenAPIConverter) -> dict[str, Any]:
    described: dict[str, Any] = converter._field2parameter(field, name=name, location="query")  # noqa: SLF001 (the only way to one field)
    schema = described["schema"]
    schema.pop("default", None)  # null stands for a missing parameter, and a query has no null
    if isinstance(schema.get("type"), list):
        schema["type"] = schema["type"][0]
    if isinstance(field, Flag):
        schema |= {"type": "string", "enum": list(Flag.SPELLINGS)}
    elif isinstance(field, Choice):
        schema["enum"] = list(field.words)
    if isinstance(field, CommaSeparated | FieldSelection):
        described |= {"style": "form", "explode": False}
    return described
