"""Cross-origin requests from browsers (Fetch): off unless a setting names origins, and never with credentials."""

from collections.abc import Callable

from flask import Response, request

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
