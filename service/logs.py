"""One JSON line a request, with an id that is echoed and stands in every problem. No body, key or query is logged."""

import logging
import re
import sys
import time
from http import HTTPStatus

import orjson
import structlog
from flask import Flask, Response, g, request

from service import metrics
from service.ids import uuid7

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,128}\Z")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

log = structlog.get_logger()


def configure(level: str) -> None:
    """Write JSON lines of `level` and above to standard error."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(serializer=orjson.dumps),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.BytesLoggerFactory(file=sys.stderr.buffer),
        cache_logger_on_first_use=True,
    )


def register(app: Flask) -> None:
    """Log and count every request of `app`."""
    app.before_request(_begin)
    app.after_request(_end)


def _begin() -> None:
    g.began = time.perf_counter()
    sent = request.headers.get("X-Request-Id", "")
    g.request_id = sent if _REQUEST_ID.match(sent) else str(uuid7())


def _end(response: Response) -> Response:
    seconds = time.perf_counter() - g.began
    route = request.url_rule.rule if request.url_rule else "none"
    method = request.method if request.method in _METHODS else "other"
    response.headers["X-Request-Id"] = g.request_id
    metrics.count_request(method, route, response.status_code, seconds)
    key = g.get("caller")
    # Health checks come every few seconds and say nothing new; they are there when asked for.
    tell = log.debug if route in ("/livez", "/readyz") and response.status_code == HTTPStatus.OK else log.info
    tell(
        "request",
        method=method,
        route=route,
        path=request.path,
        status=response.status_code,
        ms=round(seconds * 1000, 2),
        bytes=response.content_length,
        key=str(key.id) if key else None,
        remote=request.remote_addr,
        request_id=g.request_id,
    )
    return response
