"""The access log: one JSON line a request, with the id in its response and problem; no body, key or query."""

import json
import logging
import os
import re
import sys
import time
from http import HTTPStatus
from traceback import format_tb
from typing import Any

import orjson
import structlog
from flask import Flask, Response, g, request
from structlog.typing import ExcInfo

from service.ids import PREFIX, uuid7
from service.observability import metrics

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,128}\Z")
#: An API key in the wrong place, such as in the path.
_KEY = re.compile(re.escape(PREFIX) + r"\w+")
#: Unicode's control characters beyond U+001F, line and paragraph separators, and marks of direction.
_CONTROL = re.compile("[\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")
#: The approximate limit of stack frames in a line.
_MOST_FRAMES = 200
#: Version, trace, parent and flags; later versions may add members. No id may be all zeros.
_TRACEPARENT = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-.*)?\Z")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

log = structlog.get_logger()


def configure(level: str) -> None:
    """Write JSON lines of `level` and above to standard error."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.ExceptionRenderer(_without_messages),
            structlog.processors.JSONRenderer(serializer=render_line),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.BytesLoggerFactory(file=sys.stderr.buffer),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(handlers=[_LibraryLog()], level=level.upper(), force=True)
    # The pool logs every attempt to connect; a lost database shows in each 503 as well.
    logging.getLogger("psycopg.pool").setLevel(logging.ERROR)


def render_line(event: Any, **options: Any) -> bytes:
    r"""Return `event` as JSON without raw controls: orjson escapes U+0000 to U+001F alone.

    The others are DEL and C1, which move a terminal's cursor, and those that break lines or reorder text. No value
    fails the request that is logged.
    """
    try:
        line = orjson.dumps(event, **options)
    except TypeError:  # such as half of a surrogate pair
        line = json.dumps(event, default=repr).encode()
    if line.isascii() and b"\x7f" not in line:
        return line
    return _CONTROL.sub(lambda match: f"\\u{ord(match[0]):04x}", line.decode()).encode()


class _LibraryLog(logging.Handler):
    """The log of libraries in the same form: level, logger and message, without exceptions."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write the record; without its arguments if they do not fit its message."""
        try:
            message = record.getMessage()
        except Exception:  # noqa: BLE001 (any error of any library's arguments)
            message = str(record.msg)
        log.log(record.levelno, "library", logger=record.name, message=_KEY.sub(PREFIX + "…", message))


def _without_messages(exc_info: ExcInfo) -> str:
    """Return the exception's types and stack frames without messages, which may quote the request."""
    lines: list[str] = []
    error: BaseException | None = exc_info[1]
    while error is not None and len(lines) < _MOST_FRAMES:
        lines += [f"{type(error).__module__}.{type(error).__qualname__}\n", *format_tb(error.__traceback__)]
        error = error.__cause__ or error.__context__
    return "".join(lines)


def register(app: Flask) -> None:
    """Log and count every request of `app`."""
    app.before_request(_begin)
    app.after_request(_end)


def _begin() -> None:
    g.start = time.perf_counter()
    request_id = request.headers.get("X-Request-Id", "")
    g.request_id = request_id if _REQUEST_ID.match(request_id) and PREFIX not in request_id else str(uuid7())
    g.trace_id = trace_id(request.environ.get("HTTP_TRACEPARENT"))


def _end(response: Response) -> Response:
    seconds = time.perf_counter() - g.start
    route = request.url_rule.rule if request.url_rule else "none"
    method = request.method if request.method in _METHODS else "other"
    response.headers["X-Request-Id"] = g.request_id
    database_seconds: float = g.get("database_seconds", 0.0)
    key = str(g.caller.id) if g.get("caller") else None
    metrics.count_request(
        method, route, response.status_code, seconds=seconds, database_seconds=database_seconds, key=key
    )
    # Health checks come every few seconds, so a successful one is logged at DEBUG only.
    write = log.debug if route in ("/livez", "/readyz") and response.status_code == HTTPStatus.OK else log.info
    write(
        "request",
        method=method,
        route=route,
        path=_KEY.sub(PREFIX, request.path) if PREFIX in request.path else request.path,
        status=response.status_code,
        ms=round(seconds * 1000, 2),
        db_ms=round(database_seconds * 1000, 2),
        bytes=response.content_length,
        key=key,
        remote=request.remote_addr,
        request_id=g.request_id,
        trace_id=g.trace_id,
    )
    return response


def trace_id(traceparent: str | None) -> str:
    """Return the 32 hex digits of the trace in `traceparent` (W3C); new ones if it is missing or malformed."""
    match = _TRACEPARENT.match(traceparent) if traceparent else None
    if match and (match[2] is None or not match[0].startswith("00")):
        return match[1]
    return os.urandom(16).hex()
