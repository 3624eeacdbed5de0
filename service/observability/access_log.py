"""One JSON line a request, with an id that is echoed and stands in every problem. No body, key or query is logged."""

import logging
import os
import re
import sys
import time
from http import HTTPStatus
from traceback import format_tb

import orjson
import structlog
from flask import Flask, Response, g, request
from structlog.typing import ExcInfo

from service.ids import PREFIX, uuid7
from service.observability import metrics

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,128}\Z")
#: A key that stands where none belongs, such as in the path.
_KEY = re.compile(re.escape(PREFIX) + r"\w+")
#: Stack frames in a line of the log, about.
_MOST_FRAMES = 200
#: Version, trace, parent, flags; a version to come may say more behind. No id may be all zeros.
_TRACEPARENT = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-.*)?\Z")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

log = structlog.get_logger()


def configure(level: str) -> None:
    """Write JSON lines of `level` and above to standard error."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.ExceptionRenderer(_without_words),
            structlog.processors.JSONRenderer(serializer=orjson.dumps),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.BytesLoggerFactory(file=sys.stderr.buffer),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(handlers=[_AsLine()], level=level.upper(), force=True)
    # The pool tells every attempt to connect; that the database is gone is told by each 503 as well.
    logging.getLogger("psycopg.pool").setLevel(logging.ERROR)


class _AsLine(logging.Handler):
    """What libraries log, as one line like ours: its level, its logger and its message, without what was raised."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write the record."""
        log.log(record.levelno, "library", logger=record.name, message=_KEY.sub(PREFIX + "…", record.getMessage()))


def _without_words(exc_info: ExcInfo) -> str:
    """What was raised and where, and what had led to it, without messages: they may quote what was sent."""
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
    g.began = time.perf_counter()
    sent = request.headers.get("X-Request-Id", "")
    g.request_id = sent if _REQUEST_ID.match(sent) and PREFIX not in sent else str(uuid7())
    g.trace_id = trace_id(request.environ.get("HTTP_TRACEPARENT"))


def _end(response: Response) -> Response:
    seconds = time.perf_counter() - g.began
    route = request.url_rule.rule if request.url_rule else "none"
    method = request.method if request.method in _METHODS else "other"
    response.headers["X-Request-Id"] = g.request_id
    database_seconds: float = g.get("database_seconds", 0.0)
    key = str(g.caller.id) if g.get("caller") else None
    metrics.count_request(
        method, route, response.status_code, seconds=seconds, database_seconds=database_seconds, key=key
    )
    # Health checks come every few seconds and say nothing new; they are there when asked for.
    tell = log.debug if route in ("/livez", "/readyz") and response.status_code == HTTPStatus.OK else log.info
    tell(
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
    """The 32 hex digits of the trace in `traceparent`; new ones where it names none, or is malformed."""
    found = _TRACEPARENT.match(traceparent) if traceparent else None
    if found and (found[2] is None or not found[0].startswith("00")):
        return found[1]
    return os.urandom(16).hex()
