"""Errors over HTTP: application/problem+json (RFC 9457), whatever went wrong."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from typing import Any

import structlog
from flask import Flask, Response, g, request
from psycopg.errors import DataError
from werkzeug.exceptions import HTTPException, InternalServerError

from service import errors
from service.errors import Fault, ServiceError
from service.jsontext import pointer_token, render

MEDIA_TYPE = "application/problem+json"

#: The status by which each error is told.
STATUS: dict[type[ServiceError], int] = {
    errors.Malformed: 400,
    errors.Unauthenticated: 401,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.Gone: 410,
    errors.Stale: 412,
    errors.UnsupportedMediaType: 415,
    errors.Invalid: 422,
    errors.PreconditionRequired: 428,
    errors.Unavailable: 503,
}

#: The types of errors that werkzeug finds before we do.
_HTTP_CODES = {404: "not-found", 405: "method-not-allowed", 413: "body-too-large", 415: "unsupported-media-type"}

log = structlog.get_logger()


def register(app: Flask) -> None:
    """Tell every error of `app` as a problem."""
    app.register_error_handler(ServiceError, tell_service_error)
    app.register_error_handler(HTTPException, tell_http_exception)
    app.register_error_handler(DataError, tell_unstorable)
    app.register_error_handler(Exception, tell_unexpected)


def problem(code: str, title: str, status: int, detail: str, faults: Iterable[Fault] = ()) -> Response:
    """A problem as a response."""
    body: dict[str, Any] = {"type": f"/problems/{code}", "title": title, "status": status, "detail": detail}
    listed = [{name: text for name, text in asdict(fault).items() if text is not None} for fault in faults]
    if listed:
        body["errors"] = listed
    body["request_id"] = g.get("request_id")
    return Response(render(body), status, content_type=MEDIA_TYPE, headers={"Cache-Control": "no-store"})


def tell_service_error(error: ServiceError) -> Response:
    """One of our own errors."""
    title = (type(error).__doc__ or "").splitlines()[0]
    response = problem(error.code, title, STATUS[type(error)], error.detail, error.faults)
    if isinstance(error, errors.Unavailable):
        response.headers["Retry-After"] = str(error.retry_after)
    elif isinstance(error, errors.Unauthenticated):
        sent = ' error="invalid_token"' if "Authorization" in request.headers else ""
        response.headers["WWW-Authenticate"] = f'Bearer realm="policytrail"{"," if sent else ""}{sent}'
    elif isinstance(error, errors.Forbidden):
        response.headers["WWW-Authenticate"] = 'Bearer realm="policytrail", error="insufficient_scope"'
    return response


def tell_http_exception(error: HTTPException) -> Response:
    """An error that Flask or werkzeug found; its headers, such as Allow, are kept."""
    status = error.code or InternalServerError.code
    code = _HTTP_CODES.get(status, error.name.lower().replace(" ", "-"))
    response = problem(code, error.name, status, error.description or error.name)
    for name, value in error.get_headers():
        if name.lower() not in ("content-type", "content-length"):
            response.headers[name] = value
    return response


def tell_unstorable(error: DataError) -> Response:
    """PostgreSQL cannot hold a value that was sent: its own words, which name no data, are in the log."""
    log.warning("unstorable", sqlstate=error.sqlstate)
    return tell_service_error(errors.Invalid("A value that was sent cannot be stored."))


def tell_unexpected(error: Exception) -> Response:
    """A fault of ours: told without detail, logged with all of it."""
    log.error("unexpected", request_id=g.get("request_id"), exc_info=error)
    return problem("unexpected", "Something went wrong here.", 500, "It has been logged under the request id.")


def faults_of(messages: Mapping[Any, Any], place: str, path: str = "") -> Iterator[Fault]:
    """Nested messages as faults; `place` is pointer, parameter or header."""
    for name, inner in messages.items():
        here = path if name == "_schema" else f"{path}/{pointer_token(name)}"
        if isinstance(inner, Mapping):
            yield from faults_of(inner, place, here)
        else:
            where = f"#{here}" if place == "pointer" else here.split("/")[1]
            yield from (Fault(sentence, **{place: where}) for sentence in inner)
