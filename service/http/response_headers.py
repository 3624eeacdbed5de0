"""What every answer gets on its way out: its form (indented, gzipped), Vary, caching, security, CORS."""

import gzip
from collections.abc import Callable, Mapping
from typing import Any

from flask import Flask, Response, request

from service.http.conditional import gzipped
from service.http.content_negotiation import codings_for, wants_pretty
from service.http.operation import PATCHES
from service.http.security_headers import SECURITY_HEADERS
from service.strict_json import indent

#: What is worth gzipping and may be: text that holds no secret beside what a client sends.
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

#: Bytes from which gzip is worth it: below, a body fits into one packet anyway.
MIN_GZIP = 1000

#: Of the article's event (23 kB), measured: level 1 gives 5.2 kB in 49 us, 3 gives 4.8 kB in 54 us, 6 gives 4.4 kB in
#: 143 us.
GZIP_LEVEL = 3

_NOTHING_SENT = (204, 304)

#: Whoever has an answer may have it in another form for another of these headers.
_VARY = "Accept, Accept-Encoding"
_DEFAULTS = [
    (name, name.lower(), value) for name, value in (*SECURITY_HEADERS, ("Vary", _VARY), ("Cache-Control", "no-store"))
]

_ACCEPT_PATCH = ", ".join(PATCHES)

#: What a page may send, beyond what any page may.
_ALLOWED = (
    "Accept, Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, Last-Event-ID, Prefer, X-API-Key,"
    " X-Request-Id, traceparent"
)
#: What a page may read, beyond what any page may.
_EXPOSED = (
    "ETag, Link, Location, Content-Location, RateLimit, RateLimit-Policy, Retry-After, X-Request-Id, Deprecation,"
    " Sunset, Preference-Applied, Idempotent-Replayed, Content-Disposition, Changes-Cursor, WWW-Authenticate,"
    " Accept-Patch, Allow"
)
#: Seconds that a browser may remember a preflight: the most that any keeps.
_MAX_AGE = "7200"


def register(app: Flask, cors_origins: str) -> None:
    """Finish every answer of `app`. What is registered before runs after, and sees the bytes that are sent."""
    if origins := origins_of(cors_origins):
        app.after_request(sharing(origins))
    app.after_request(_finish)


def _finish(response: Response) -> Response:
    headers, environ = response.headers, request.environ
    said = {name.lower(): value for name, value in headers}
    kind = said.get("content-type", "").partition(";")[0]
    method = environ["REQUEST_METHOD"]
    if response.status_code in _NOTHING_SENT or method == "OPTIONS":
        headers.pop("Content-Type", None)
    elif kind in COMPRESSIBLE and "content-encoding" not in said and not response.is_streamed:
        _shape(response, kind, environ)
    if method in ("OPTIONS", "PATCH"):
        _announce_patches(response)
    for name, known_as, value in _DEFAULTS:
        if known_as not in said:
            headers.add(name, value)
    return response


def _shape(response: Response, kind: str, environ: Mapping[str, Any]) -> None:
    """Indent and gzip where that is asked for. The ETag names the gzip; that it is indented, whoever set it knew."""
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
    """Which patches a resource takes, where it was asked or sent another one (RFC 5789)."""
    unsupported = 415
    if response.status_code == unsupported or "PATCH" in response.headers.get("Allow", ""):
        response.headers["Accept-Patch"] = _ACCEPT_PATCH


def origins_of(setting: str) -> frozenset[str]:
    """The origins that a setting names."""
    return frozenset(origin.strip().rstrip("/") for origin in setting.split(",") if origin.strip())


def sharing(origins: frozenset[str]) -> Callable[[Response], Response]:
    """A function that lets pages of `origins` read an answer; "*" among them stands for all."""
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
