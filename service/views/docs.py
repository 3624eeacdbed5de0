"""/docs: the API description as an interactive page, without files from elsewhere."""

from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from flask import Blueprint, Response

from service.errors import NotFound
from service.http.conditional import content_tag
from service.http.operation import operation, respond

docs = Blueprint("docs", __name__, url_prefix="/docs")

#: The files of Swagger UI that the page needs, and their media types.
_ASSETS = {
    "swagger-ui.css": "text/css; charset=utf-8",
    "swagger-ui-bundle.js": "text/javascript; charset=utf-8",
    "favicon-32x32.png": "image/png",
}

#: Swagger UI sets styles on its elements and draws its icons from data; everything else comes from this service.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:;"
    " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_CACHED, _FOREVER = "public, max-age=300", "public, max-age=31536000, immutable"

_START = b"""\
SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#swagger-ui",
  validatorUrl: null,
  deepLinking: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  filter: true,
  persistAuthorization: false,
  showExtensions: false,
  syntaxHighlight: { activated: true },
});
"""

_STYLE = b"""\
body { margin: 0; background: #fafafa; }
.swagger-ui .info { margin: 2rem 0 1rem; }
.swagger-ui .info__license { display: none; }  /* its link leads elsewhere */
.swagger-ui .scheme-container { padding: 1rem 0; box-shadow: none; }
"""


@docs.get("")
@operation(returns=(200, None), media_type="text/html", conditional=True)
def show_docs() -> Response:
    """Show the API description, with forms to try it."""
    page = _page()
    response = respond(page, content_tag(page), media_type="text/html; charset=utf-8", cache_control=_CACHED)
    response.headers["Content-Security-Policy"] = _POLICY
    return response


@docs.get("/<digest>/<asset>")
@operation(returns=(200, None), media_type="*/*", also=[NotFound], conditional=True)
def get_docs_asset(digest: str, asset: str) -> Response:
    """Read a file of the page. Its address contains its version, so it never changes."""
    if digest != _version() or asset not in _files():
        raise NotFound(f"/docs has no file {digest}/{asset}.")
    media_type, content = _files()[asset]
    return respond(content, digest, media_type=media_type, cache_control=_FOREVER)


def _distribution() -> Traversable:
    return files("flask_swagger_ui") / "dist"


@cache
def _files() -> dict[str, tuple[str, bytes]]:
    """Return media type and content by name, of Swagger UI and of the files that start it."""
    dist = {name: (media_type, (_distribution() / name).read_bytes()) for name, media_type in _ASSETS.items()}
    own = {"start.js": ("text/javascript; charset=utf-8", _START), "page.css": ("text/css; charset=utf-8", _STYLE)}
    return dist | own


@cache
def _version() -> str:
    """Return a digest of all files."""
    return content_tag(b"".join(content for _, content in _files().values()))


@cache
def _page() -> bytes:
    at = f"/docs/{_version()}"
    return f"""\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Policytrail: the API</title>
<link rel="icon" type="image/png" href="{at}/favicon-32x32.png">
<link rel="stylesheet" href="{at}/swagger-ui.css">
<link rel="stylesheet" href="{at}/page.css">
</head>
<body>
<div id="swagger-ui"></div>
<noscript>This page needs JavaScript. Without it, read <a href="/openapi.yaml">/openapi.yaml</a>.</noscript>
<script src="{at}/swagger-ui-bundle.js"></script>
<script src="{at}/start.js"></script>
</body>
</html>
""".encode()
