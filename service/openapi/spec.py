"""The OpenAPI description, built from the operations that the views declare."""

import re
import sys
from typing import Any

import yaml
from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from apispec.ext.marshmallow.openapi import OpenAPIConverter
from flask import Flask
from werkzeug.routing import Rule

from schemas.meta import ProblemSchema
from service.openapi import links, parameters, responses, schema_fixes
from service.openapi.examples import events

_METHODS = ("get", "post", "put", "patch", "delete")

_INTRODUCTION = """\
Policy events, in which every fact can cite the sentence that supports it.

Send your API key as `Authorization: Bearer ptk_…` or as `X-API-Key`. Errors are `application/problem+json` (RFC 9457).
The ETag of a record is its version; send it as If-Match to change the record. `next` in a list is the address of the
next page. A body may be gzipped, with Content-Encoding. Every operation
accepts your own `X-Request-Id` and `traceparent`, and supports HEAD and OPTIONS."""

INFO = {
    "description": _INTRODUCTION,
    "license": {"name": "All rights reserved", "identifier": "LicenseRef-All-Rights-Reserved"},
}

_KEYS = {
    "key": {"type": "http", "scheme": "bearer", "description": "An API key, `ptk_…`."},
    "key_header": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "The same API key."},
}

#: Descriptions of tags whose blueprint shares a module with another one.
_TAG_TEXTS = {
    "catalog": "The API catalog (RFC 9727), the same links at the roots, and the OpenAPI description.",
    "keys": "API keys and their scopes.",
    "me": "The caller: its key, scopes and rate limits.",
    "problem_types": "The types of problem that errors name.",
    "vocabularies": "The closed lists of words, each with its meaning.",
}


class _Dumper(yaml.SafeDumper):
    """YAML without anchors, which some readers do not support."""

    def ignore_aliases(self, _: Any) -> bool:
        """Write every node in full."""
        return True


def to_yaml(app: Flask) -> str:
    """Return the description of `app` as openapi.yaml has it."""
    return as_yaml(build_spec(app)).decode()


def as_yaml(described: dict[str, Any]) -> bytes:
    """Return a description as YAML."""
    text: bytes = yaml.dump(described, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120, encoding="utf-8")
    return text


def build_spec(app: Flask) -> dict[str, Any]:
    """Return the OpenAPI 3.1 description of every route of `app`."""
    plugin = MarshmallowPlugin(schema_name_resolver=schema_fixes.component_name)
    spec = APISpec("Policytrail", "1", "3.1.0", plugins=[plugin], info=INFO, servers=[{"url": "/"}], tags=_tags(app))
    converter: OpenAPIConverter = plugin.converter  # type: ignore[assignment]  # set as soon as the plugin is in a spec
    converter.add_attribute_function(schema_fixes.correct)
    for name, scheme in _KEYS.items():
        spec.components.security_scheme(name, scheme)
    spec.components.schema("Problem", schema=ProblemSchema())
    blueprints = list(app.blueprints)
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: (blueprints.index(_noun(rule)), rule.rule)):
        view = app.view_functions[rule.endpoint]
        spec.path(path=parameters.ARGUMENT.sub(r"{\2}", rule.rule), operations=_operations(rule, view, converter))
    described = spec.to_dict()
    _complete(described["components"], converter)
    schema_fixes.share_vocabularies(described)
    schema_fixes.drop_unused(described, ("responses", "headers", "examples", "parameters"))
    return described


def _complete(components: dict[str, Any], converter: OpenAPIConverter) -> None:
    """Add the components that operations reference, beside their schemas."""
    schema_fixes.correct_components(components["schemas"], converter)
    schema_fixes.add_selected(components["schemas"])
    components["schemas"] |= parameters.PATCH_SCHEMAS
    components |= {
        "parameters": parameters.shared_parameters(),
        "headers": responses.headers(),
        "responses": responses.problems(),
        "links": links.links(),
        "examples": events.components(),
    }


def _noun(rule: Rule) -> str:
    """Return the name of the blueprint."""
    noun: str = rule.endpoint.partition(".")[0]
    return noun


def _tags(app: Flask) -> list[dict[str, str]]:
    """Return a tag for each blueprint, described as here or else as its module is."""
    texts = {}
    for endpoint, view in app.view_functions.items():
        module = sys.modules[view.__module__].__doc__ or ""
        texts[endpoint.partition(".")[0]] = module.strip().partition("\n")[0]
    texts |= _TAG_TEXTS
    return [{"name": _tag(name), "description": texts[name]} for name in app.blueprints]


def _tag(blueprint: str) -> str:
    return blueprint.replace("_", " ")


def _operations(rule: Rule, view: Any, converter: OpenAPIConverter) -> dict[str, Any]:
    contract = view.operation
    scope: str | None = getattr(view, "scope", None)
    methods = [method for method in _METHODS if method.upper() in (rule.methods or ())]
    described = _texts(view) | {"tags": [_tag(_noun(rule))], "security": _security(scope)}
    described["parameters"] = parameters.parameters(rule.rule, methods, contract, converter)
    if body := parameters.body(contract):
        described["requestBody"] = body
    described["responses"] = responses.responses_of(described["operationId"], contract, methods, scope)
    return dict.fromkeys(methods, described)


def _texts(view: Any) -> dict[str, Any]:
    """Return the view's operation id, summary and description, from its name and docstring."""
    summary, _, description = (view.__doc__ or "").strip().partition("\n\n")
    first = " ".join(summary.split())
    return {
        "operationId": operation_id(view.__name__),
        "summary": first.rstrip("."),
        "description": " ".join(description.split()) or first,
    }


def operation_id(name: str) -> str:
    """Return a function's name in camel case: getEvent for get_event."""
    return re.sub(r"_(\w)", lambda match: match[1].upper(), name)


def _security(scope: str | None) -> list[dict[str, list[str]]]:
    """Return the key with its scope, in either header."""
    return [] if scope is None else [{name: [scope] if scope else []} for name in _KEYS]
