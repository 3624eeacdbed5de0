"""Headers of every response: indentation and gzip, Vary, caching, security, rate limit, CORS."""

import gzip
from collections.abc import Callable, Mapping
from typing import Any

from flask import Flask, Response, g, request

from service.http.conditional import gzipped
from service.http.content_negotiation import codings_for, wants_pretty
from service.http.operation import PATCHES
from service.http.security_headers import SECURITY_HEADERS
from service.strict_json import indent

#: The media types to gzip: text with no secret beside content that a client chooses.
COMPRESSIBLE = frozenset(
    {
        "application/json",
        "application/problem+json",
        "application/linkset+json",
        "application/health+json",
        "application/yaml",
        "application/atom+xml",
        "application/feed+json",
        "text/calendar",
        "text/html",
        "text/css",
        "text/javascript",
    }
)

#: The fewest bytes to gzip: a smaller body fits into one packet anyway.
MIN_GZIP = 1000

#: Of the article's event (23 kB), measured: level 1 gives 5.2 kB in 49 us, 3 gives 4.8 kB in 54 us, 6 gives 4.4 kB in
#: 143 us.
GZIP_LEVEL = 3

_WITHOUT_BODY = (204, 304)

#: The request headers on which the form of a response depends.
_VARY = "Accept, Accept-Encoding"
_DEFAULTS = [
    (name, name.lower(), value) for name, value in (*SECURITY_HEADERS, ("Vary", _VARY), ("Cache-Control", "no-store"))
]

_ACCEPT_PATCH = ", ".join(PATCHES)

#: The request headers that a page may send, beyond those of any page.
_ALLOWED = (
    "Accept, Authorization, Content-Encoding, Content-Type, Idempotency-Key, If-Match, If-None-Match, Last-Event-ID,"
    " Prefer, X-API-Key,"
    " X-Request-Id, traceparent"
)
#: The response headers that a page may read, beyond those of any page.
_EXPOSED = (
    "ETag, Link, Location, Content-Location, RateLimit, RateLimit-Policy, Retry-After, X-Request-Id, Deprecation,"
    " Sunset, Preference-Applied, Idempotent-Replayed, Content-Disposition, Changes-Cursor, WWW-Authenticate,"
    " Accept-Patch, Allow"
)
#: Seconds for which a browser may cache a preflight: the most that any browser accepts.
_MAX_AGE = "7200"


def register(app: Flask, cors_origins: str) -> None:
    """Complete the headers of every response of `app`.

    A function that is registered earlier runs later, and sees the final bytes.
    """
    if origins := origins_of(cors_origins):
        app.after_request(sharing(origins))
    app.after_request(_finish)


def _finish(response: Response) -> Response:
    headers, environ = response.headers, request.environ
    before = {name.lower(): value for name, value in headers}
    kind = before.get("content-type", "").partition(";")[0]
    method = environ["REQUEST_METHOD"]
    if response.status_code in _WITHOUT_BODY or method == "OPTIONS":
        headers.pop("Content-Type", None)
    elif kind in COMPRESSIBLE and "content-encoding" not in before and not response.is_streamed:
        _shape(response, kind, environ)
    if method in ("OPTIONS", "PATCH"):
        _announce_patches(response)
    if (rate_limit := g.get("rate_limit")) is not None:
        headers.add("RateLimit-Policy", rate_limit.quota.header)
        headers.add("RateLimit", rate_limit.header)
    for name, lower_name, value in _DEFAULTS:
        if lower_name not in before:
            headers.add(name, value)
    return response


def _shape(response: Response, kind: str, environ: Mapping[str, Any]) -> None:
    """Indent and gzip as the request prefers. The ETag gets a suffix for gzip; it covers the indentation already."""
    if kind.endswith("json") and wants_pretty(environ):
        response.set_data(indent(response.get_data()))
    accepted = environ.get("HTTP_ACCEPT_ENCODING")
    if not accepted:
        return
    codings, body = codings_for(accepted), response.get_data()
    if codings.gzip and (len(body) >= MIN_GZIP or not codings.identity):
        response.set_data(gzip.compress(body, GZIP_LEVEL, mtime=0))
        response.headers["Content-Encoding"] = "gzip"
        if tag := response.headers.get("ETag"):
            response.headers["ETag"] = gzipped(tag)


def _announce_patches(response: Response) -> None:
    """Name the media types of patches, for OPTIONS and after an unsupported one (RFC 5789)."""
    unsupported = 415
    if response.status_code == unsupported or "PATCH" in response.headers.get("Allow", ""):
        response.headers["Accept-Patch"] = _ACCEPT_PATCH


def origins_of(setting: str) -> frozenset[str]:
    """Return the origins in a setting, which are separated by commas."""
    return frozenset(origin.strip().rstrip("/") for origin in setting.split(",") if origin.strip())


def sharing(origins: frozenset[str]) -> Callable[[Response], Response]:
    """Return a function that lets pages of `origins` read a response; "*" stands for all origins.

    Cross-origin requests (Fetch) never carry credentials.
    """
    public = "*" in origins

    def share(response: Response) -> Response:
        if not public:
            response.vary.add("Origin")
        origin = request.environ.get("HTTP_ORIGIN")
        if origin is None or not (public or origin in origins):
            return response
        headers = response.headers
        headers["Access-Control-Allow-Origin"] = "*" if public else origin
        if request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers:
            headers["Access-Control-Allow-Methods"] = headers.get("Allow", "")
            headers["Access-Control-Allow-Headers"] = _ALLOWED
            headers["Access-Control-Max-Age"] = _MAX_AGE
        else:
            headers["Access-Control-Expose-Headers"] = _EXPOSED
        return response

    return share
