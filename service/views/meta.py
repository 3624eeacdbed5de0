"""The service's description of itself: API catalog (RFC 9727), OpenAPI, problem types and vocabularies."""

from typing import Any

from flask import Blueprint, Response, current_app

from schemas.meta import LinksetSchema, OpenApiSchema, ProblemTypeSchema, VocabulariesSchema, vocabulary_documents
from service.errors import NotFound
from service.http.auth import requires
from service.http.conditional import content_tag
from service.http.operation import JSON, operation, respond
from service.http.problems import STATUS, title_of
from service.openapi.spec import as_yaml, build_spec
from service.strict_json import render

catalog = Blueprint("catalog", __name__)
problem_types = Blueprint("problem_types", __name__, url_prefix="/problems")
vocabularies = Blueprint("vocabularies", __name__, url_prefix="/v1/vocabularies")

LINKSET = 'application/linkset+json; profile="https://www.rfc-editor.org/info/rfc9727"'
_CATALOG = "/.well-known/api-catalog"

_CACHED = "public, max-age=300"

#: The links at the roots, with the root of the API as their anchor.
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

_TYPES = {
    error.code: render({"type": f"/problems/{error.code}", "title": title_of(error), "status": status})
    for error, status in STATUS.items()
}

_PUBLISHED = render(vocabulary_documents())


@catalog.get(_CATALOG)
@operation(returns=(200, LinksetSchema), media_type="application/linkset+json", conditional=True)
def get_catalog() -> Response:
    """List the addresses of the API, its description and its health as a linkset (RFC 9264)."""
    return _respond_links(LINKSET)


@catalog.get("/v1")
@operation(returns=(200, LinksetSchema), conditional=True)
def get_root() -> Response:
    """List the addresses of the API, its description and its health."""
    return _respond_links(JSON)


@catalog.get("/")
@operation(returns=(200, LinksetSchema), conditional=True)
def get_home() -> Response:
    """List the same addresses as `/v1`."""
    return _respond_links(JSON)


@catalog.get("/openapi.json")
@operation(returns=(200, OpenApiSchema), conditional=True)
def get_openapi_json() -> Response:
    """Describe the API in OpenAPI 3.1, as JSON."""
    return _respond_description("json", JSON)


@catalog.get("/openapi.yaml")
@operation(returns=(200, None), media_type="application/yaml", conditional=True)
def get_openapi_yaml() -> Response:
    """Describe the API in OpenAPI 3.1, as YAML."""
    return _respond_description("yaml", "application/yaml")


@problem_types.get("/<code>")
@operation(returns=(200, ProblemTypeSchema), also=[NotFound])
def get_problem_type(code: str) -> Response:
    """Read the title and status of a type of problem."""
    if code not in _TYPES:
        raise NotFound(f"There is no problem type {code}.")
    return Response(_TYPES[code], content_type=JSON, headers={"Cache-Control": _CACHED})


@vocabularies.get("")
@requires("events:read")
@operation(returns=(200, VocabulariesSchema))
def list_vocabularies() -> Response:
    """List every vocabulary with its words and their meanings."""
    return Response(_PUBLISHED, content_type=JSON, headers={"Cache-Control": _CACHED})


def _respond_links(media_type: str) -> Response:
    response = respond(_LINKSET, _LINKSET_TAG, media_type=media_type, cache_control=_CACHED)
    response.headers["Link"] = _HEADER
    return response


def _respond_description(kind: str, media_type: str) -> Response:
    """Return the description of this app, built on the first request."""
    cache = current_app.extensions.setdefault("policytrail.openapi", {})
    if not cache:
        described: dict[str, Any] = build_spec(current_app)
        cache |= {
            kind: (body, content_tag(body))
            for kind, body in (("json", render(described)), ("yaml", as_yaml(described)))
        }
    body, tag = cache[kind]
    return respond(body, tag, media_type=media_type, cache_control=_CACHED)
