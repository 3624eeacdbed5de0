"""openapi.yaml, from the operations that the views declare."""

import re
from typing import Any

import yaml
from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from apispec.ext.marshmallow.openapi import OpenAPIConverter
from flask import Flask
from marshmallow import Schema, fields, validate
from werkzeug.routing import Rule

from schemas.base import ResponseSchema
from schemas.listing import CommaSeparated, Sort
from schemas.published import ProblemSchema
from service.api import JSON, JSON_PATCH, MERGE_PATCH, Operation
from service.errors import (
    Forbidden,
    Invalid,
    Malformed,
    ServiceError,
    Unauthenticated,
    Unavailable,
    UnsupportedMediaType,
)
from service.problems import MEDIA_TYPE, STATUS

_METHODS = ("get", "post", "put", "patch", "delete")
_ARGUMENT = re.compile(r"<(?:(\w+):)?(\w+)>")
_ARGUMENT_TYPES = {
    "uuid": {"type": "string", "format": "uuid"},
    "int": {"type": "integer", "minimum": 0},
    None: {"type": "string"},
}

INFO = {"description": "Policy events whose every fact can point at the sentence that supports it."}


def to_yaml(app: Flask) -> str:
    """The description of `app` as it stands in openapi.yaml."""
    return yaml.safe_dump(build_spec(app), sort_keys=False, allow_unicode=True, width=120)


def build_spec(app: Flask) -> dict[str, Any]:
    """The OpenAPI 3.1 description of every route of `app`."""
    plugin = MarshmallowPlugin(schema_name_resolver=_component_name)
    spec = APISpec("Policytrail", "1", "3.1.0", plugins=[plugin], info=INFO, servers=[{"url": "/"}])
    converter: OpenAPIConverter = plugin.converter  # type: ignore[assignment]  # set as soon as the plugin is in a spec
    converter.add_attribute_function(_constraints)
    spec.components.security_scheme("key", {"type": "http", "scheme": "bearer", "description": "An API key, `ptk_…`."})
    spec.components.schema("Problem", schema=ProblemSchema())
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
        view = app.view_functions[rule.endpoint]
        spec.path(path=_ARGUMENT.sub(r"{\2}", rule.rule), operations=_operations(rule, view, converter))
    described = spec.to_dict()
    _require_all_of_responses(described, converter)
    return described


def _operations(rule: Rule, view: Any, converter: OpenAPIConverter) -> dict[str, Any]:
    contract: Operation = view.operation
    scope: str | None = getattr(view, "scope", None)
    summary, _, description = (view.__doc__ or "").strip().partition("\n\n")
    methods = [method for method in _METHODS if method.upper() in (rule.methods or ())]
    described: dict[str, Any] = {"operationId": view.__name__, "summary": summary.rstrip(".")}
    if description:
        described["description"] = " ".join(description.split())
    described["tags"] = [rule.endpoint.split(".")[0]]
    described["security"] = [{"key": [scope]}] if scope else []
    described["parameters"] = [
        *_path_parameters(rule),
        *_query_parameters(contract, converter),
        *_headers(contract, methods),
    ]
    if contract.body or contract.patches:
        described["requestBody"] = _body(contract)
    described["responses"] = _responses(contract, scope)
    return dict.fromkeys(methods, described)


def _path_parameters(rule: Rule) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": _ARGUMENT_TYPES[kind or None]}
        for kind, name in _ARGUMENT.findall(rule.rule)
    ]


def _query_parameters(contract: Operation, converter: OpenAPIConverter) -> list[dict[str, Any]]:
    if contract.query is None:
        return []
    return [_query_parameter(name, field, converter) for name, field in contract.query.fields.items()]


def _query_parameter(name: str, field: fields.Field[Any], converter: OpenAPIConverter) -> dict[str, Any]:
    described: dict[str, Any] = converter._field2parameter(field, name=name, location="query")  # noqa: SLF001 (the only way to one field)
    schema = described["schema"]
    schema.pop("default", None)  # null stands for "not given", which a query cannot say otherwise
    if isinstance(schema.get("type"), list):
        schema["type"] = schema["type"][0]
    if isinstance(field, CommaSeparated):
        described |= {"style": "form", "explode": False}
    return described


def _headers(contract: Operation, methods: list[str]) -> list[dict[str, Any]]:
    needed = {}
    if contract.conditional:
        needed = {"If-None-Match": False} if "get" in methods else {"If-Match": True}
    elif contract.upsert:
        needed = {"If-Match": False, "If-None-Match": False}
    if "post" in methods:
        needed["Idempotency-Key"] = False
    return [
        {
            "name": name,
            "in": "header",
            "required": required,
            "schema": {"type": "string", "examples": [_EXAMPLES[name]]},
        }
        for name, required in needed.items()
    ]


_EXAMPLES = {"If-Match": '"1"', "If-None-Match": '"1"', "Idempotency-Key": '"8e03978e-40d5-43dd-bc93-6894a57f9324"'}


def _body(contract: Operation) -> dict[str, Any]:
    if contract.body:
        return {"required": True, "content": {JSON: {"schema": contract.body}}}
    merge, operations = {"schema": {"type": "object"}}, {"schema": {"type": "array", "items": {"type": "object"}}}
    return {"required": True, "content": {MERGE_PATCH: merge, JSON_PATCH: operations}}


def _responses(contract: Operation, scope: str | None) -> dict[str, Any]:
    status, schema = contract.returns
    told: dict[str, Any] = {str(status): {"description": "As asked."}}
    if schema:
        told[str(status)]["content"] = {JSON: {"schema": schema}}
    if contract.upsert:
        told["201"] = {**told[str(status)], "description": "Created."}
    for error in sorted(_errors(contract, scope), key=lambda error: STATUS[error]):
        title = (error.__doc__ or "").splitlines()[0]
        told[str(STATUS[error])] = {"description": title, "content": {MEDIA_TYPE: {"schema": "Problem"}}}
    return told


def _errors(contract: Operation, scope: str | None) -> set[type[ServiceError]]:
    """What an operation may answer beside its success: its own errors, and those that follow from its form."""
    errors: set[type[ServiceError]] = {Invalid, *contract.also}
    if scope:
        errors |= {Unauthenticated, Forbidden, Unavailable}
    if contract.body or contract.patches:
        errors |= {Malformed, UnsupportedMediaType}
    if contract.query and "cursor" in contract.query.fields:
        errors.add(Malformed)
    return errors


def _component_name(schema: type[Schema] | Schema) -> str:
    """A schema's class name without `Schema`."""
    name = schema.__name__ if isinstance(schema, type) else type(schema).__name__
    return name.removesuffix("Schema")


def _constraints(_: OpenAPIConverter, field: fields.Field[Any], **__: Any) -> dict[str, Any]:
    """What apispec does not see: how long a list may be, and lists joined by commas."""
    if isinstance(field, CommaSeparated):
        return {"type": "array", "items": {**field.of.metadata, "type": "string"}}
    if isinstance(field, Sort):
        return {"type": "string", "examples": ["-date,title"]}
    lengths = [check for check in field.validators if isinstance(check, validate.Length)]
    if not isinstance(field, fields.List) or not lengths:
        return {}
    return {name: bound for name, bound in (("minItems", lengths[0].min), ("maxItems", lengths[0].max)) if bound}


def _require_all_of_responses(described: dict[str, Any], converter: OpenAPIConverter) -> None:
    """In what goes out every key is always there, so a client's types need not doubt it."""
    for key, name in converter.refs.items():
        if issubclass(key[0], ResponseSchema) and name not in ("Problem", "Fault"):
            component = described["components"]["schemas"][name]
            component["required"] = list(component["properties"])
