"""Where everything is: the API catalog (RFC 9727), the same links at the roots, and the description of the API."""

from typing import Any

from flask import Blueprint, Response, current_app

from schemas.meta import LinksetSchema, OpenApiSchema
from service.http.conditional import content_tag
from service.http.operation import JSON, answer, operation
from service.openapi.spec import as_yaml, build_spec
from service.strict_json import render

catalog = Blueprint("catalog", __name__)

LINKSET = 'application/linkset+json; profile="https://www.rfc-editor.org/info/rfc9727"'
_CATALOG = "/.well-known/api-catalog"

_CACHED = "public, max-age=300"

#: What stands at the roots, with an API's root as its anchor.
_LINKS: dict[str, list[dict[str, str]]] = {
    "service-desc": [
        {"href": "/openapi.json", "type": "application/json"},
        {"href": "/openapi.yaml", "type": "application/yaml"},
    ],
    "service-doc": [{"href": "/docs", "type": "text/html"}],
    "service-meta": [{"href": "/v1/vocabularies", "type": "application/json"}],
    "status": [{"href": "/readyz", "type": "application/health+json"}],
    "item": [{"href": "/v1/events", "type": "application/json"}, {"href": "/v1/topics", "type": "application/json"}],
}
_LINKSET = render({"linkset": [{"anchor": "/v1", **_LINKS}]})
_LINKSET_TAG = content_tag(_LINKSET)
_HEADER = ", ".join(
    [f'<{_CATALOG}>; rel="api-catalog"']
    + [f'<{link["href"]}>; rel="{name}"' for name in ("service-desc", "service-doc", "status") for link in _LINKS[name]]
)


@catalog.get(_CATALOG)
@operation(returns=(200, LinksetSchema), media_type="application/linkset+json", conditional=True)
def get_catalog() -> Response:
    """Say where the API, its description and its state are, as a linkset (RFC 9264)."""
    return _linked(LINKSET)


@catalog.get("/v1")
@operation(returns=(200, LinksetSchema), conditional=True)
def get_root() -> Response:
    """Say where everything is."""
    return _linked(JSON)


@catalog.get("/")
@operation(returns=(200, LinksetSchema), conditional=True)
def get_home() -> Response:
    """Say where everything is, as `/v1` does."""
    return _linked(JSON)


@catalog.get("/openapi.json")
@operation(returns=(200, OpenApiSchema), conditional=True)
def get_openapi_json() -> Response:
    """Describe the API, in OpenAPI 3.1 as JSON."""
    return _described("json", JSON)


@catalog.get("/openapi.yaml")
@operation(returns=(200, None), media_type="application/yaml", conditional=True)
def get_openapi_yaml() -> Response:
    """Describe the API, in OpenAPI 3.1 as YAML."""
    return _described("yaml", "application/yaml")


def _linked(media_type: str) -> Response:
    response = answer(_LINKSET, _LINKSET_TAG, media_type=media_type, cache_control=_CACHED)
    response.headers["Link"] = _HEADER
    return response


def _described(kind: str, media_type: str) -> Response:
    """The description of this app, built when it is first asked for."""
    built = current_app.extensions.setdefault("policytrail.openapi", {})
    if not built:
        described: dict[str, Any] = build_spec(current_app)
        built |= {
            kind: (body, content_tag(body))
            for kind, body in (("json", render(described)), ("yaml", as_yaml(described)))
        }
    body, tag = built[kind]
    return answer(body, tag, media_type=media_type, cache_control=_CACHED)
