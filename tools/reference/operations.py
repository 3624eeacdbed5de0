"""The HTTP operations, from the OpenAPI description."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any
from urllib.parse import quote

from schemas.filters import FilterQuerySchema
from service import create_app
from service.config import Settings
from service.openapi.spec import build_spec
from tools.reference.markdown import table

#: The service as `make run` serves it.
_SERVICE = f"http://{Settings().host}:{Settings().port}"

#: Parameters of every operation that answers JSON, explained once.
_EVERYWHERE = {"pretty"}

#: The commands that do the same as the operations of a tag, or the opposite end of them.
COMMANDS: Mapping[str, Sequence[str]] = {
    "exports": ["export"],
    "changes": ["mirror"],
    "imports": ["import"],
    "keys": ["keys create", "keys list", "keys revoke"],
    "catalog": ["openapi"],
    "deliveries": ["work", "status"],
}

Operation = Mapping[str, Any]


@cache
def spec() -> Mapping[str, Any]:
    """Return the OpenAPI description."""
    return build_spec(create_app(Settings()))


def operations() -> str:
    """Return a section for each tag: its operations, then the query parameters that are no filters."""
    return "\n\n".join(_section(tag) for tag in spec()["tags"])


def _section(tag: Mapping[str, str]) -> str:
    tagged = list(_tagged(tag["name"]))
    rows = [
        (f"[`{method.upper()} {path}`]({_link(tag['name'], operation)})", operation["summary"], _scope(operation))
        for method, path, operation in tagged
    ]
    parts = [f"## {tag['name'].capitalize()}", tag["description"], table(("Operation", "Summary", "Scope"), rows)]
    if parameters := _parameters(operation for _, _, operation in tagged):
        parts.append(table(("Parameter", "Type", "Meaning"), parameters))
    if any(_takes_filters(operation) for _, _, operation in tagged):
        parts.append("Every [filter](filters.md) is a parameter as well.")
    if links := [f"[`policytrail {name}`](commands.md#{_anchor(name)})" for name in COMMANDS.get(tag["name"], ())]:
        parts.append(f"Commands: {', '.join(links)}.")
    return "\n\n".join(parts)


def _anchor(command: str) -> str:
    return f"policytrail-{command.replace(' ', '-')}"


def _tagged(tag: str) -> Iterator[tuple[str, str, Operation]]:
    """Yield the operations of `tag`, each with its method and path."""
    for path, methods in spec()["paths"].items():
        for method, operation in methods.items():
            if tag in operation["tags"]:
                yield method, path, operation


def _link(tag: str, operation: Operation) -> str:
    return f"{_SERVICE}/docs#/{quote(tag)}/{operation['operationId']}"


def _scope(operation: Operation) -> str:
    security = operation.get("security")
    if not security:
        return "none"
    scopes = security[0]["key"]
    return f"`{scopes[0]}`" if scopes else "any key"


def _query(operation: Operation) -> Iterator[Mapping[str, Any]]:
    """Yield the query parameters of an operation."""
    for parameter in operation.get("parameters", ()):
        if parameter.get("in") == "query":
            yield parameter


def _takes_filters(operation: Operation) -> bool:
    return any(parameter["name"] == "topic" and parameter["in"] == "query" for parameter in _query(operation))


def _parameters(operations: Iterator[Operation]) -> list[tuple[str, str, str]]:
    """Return a row for each query parameter that is no filter; the same parameter of several operations stands once."""
    filters = set(FilterQuerySchema().fields)
    rows: dict[tuple[str, str, str], None] = {}
    for operation in operations:
        for parameter in _query(operation):
            is_filter = parameter["name"] in filters and _takes_filters(operation)
            if parameter["name"] not in _EVERYWHERE and not is_filter:
                rows[f"`{parameter['name']}`", type_of(parameter["schema"]), parameter.get("description", "")] = None
    return list(rows)


def type_of(schema: Mapping[str, Any]) -> str:
    """Return the type that a JSON schema describes, in words."""
    if "$ref" in schema:
        return f"`{schema['$ref'].rpartition('/')[2]}`"
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"] if value != "")
    if schema.get("type") == "array":
        return f"list of {type_of(schema['items'])}"
    return str(schema.get("format", schema.get("type", "text"))).replace("string", "text")
