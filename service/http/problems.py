"""Errors over HTTP: application/problem+json (RFC 9457), whatever went wrong."""

from collections.abc import Iterable
from dataclasses import asdict
from itertools import islice
from typing import Any
from urllib.parse import quote
from uuid import UUID

import structlog
from flask import Flask, Response, g, request, url_for
from psycopg.errors import DataError
from werkzeug.exceptions import HTTPException, InternalServerError

from service import errors
from service.errors import Fault, ServiceError
from service.strict_json import render

#: Faults that one problem lists; who has more begins with these.
MOST_FAULTS = 100

MEDIA_TYPE = "application/problem+json"

#: The status by which each error is told.
STATUS: dict[type[ServiceError], int] = {
    errors.Moved: 308,
    errors.Malformed: 400,
    errors.Unauthenticated: 401,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.MethodNotAllowed: 405,
    errors.NotAcceptable: 406,
    errors.Duplicate: 409,
    errors.Conflict: 409,
    errors.CursorExpired: 410,
    errors.Gone: 410,
    errors.Stale: 412,
    errors.BodyTooLarge: 413,
    errors.UnsupportedMediaType: 415,
    errors.Invalid: 422,
    errors.PreconditionRequired: 428,
    errors.TooManyRequests: 429,
    errors.Unexpected: 500,
    errors.Unavailable: 503,
}

_BY_STATUS = {status: error for error, status in STATUS.items()}

log = structlog.get_logger()


def register(app: Flask) -> None:
    """Tell every error of `app` as a problem."""
    app.register_error_handler(ServiceError, tell)
    app.register_error_handler(HTTPException, tell_http_exception)
    app.register_error_handler(DataError, tell_unstorable)
    app.register_error_handler(Exception, tell_unexpected)


def title_of(error: type[ServiceError]) -> str:
    """What is said of every error of one class: its docstring's first line."""
    return (error.__doc__ or "").splitlines()[0]


def tell(error: ServiceError) -> Response:
    """One of our own errors as a problem."""
    if isinstance(error, errors.Moved) and request.method not in ("GET", "HEAD"):
        # Not a redirect: a client that follows it with the same If-Match could hit a version of that number there.
        response = tell(errors.Conflict(f"{error.detail} Read that one, and change it there."))
        response.headers["Link"] = f'</v1/events/{error.merged_into}>; rel="canonical"'
        return response
    response = _problem(
        f"/problems/{error.code}", title_of(type(error)), STATUS[type(error)], error.detail, error.faults
    )
    if isinstance(error, errors.Moved):
        response.headers["Location"] = _at(error.merged_into) + _query()
    elif isinstance(error, errors.Unavailable | errors.TooManyRequests):
        response.headers["Retry-After"] = str(error.retry_after)
    elif isinstance(error, errors.Duplicate):
        response.headers["Link"] = duplicate_links(error.likely)
    elif isinstance(error, errors.CursorExpired):
        response.headers["Link"] = '</v1/events?snapshot=true>; rel="start"'
    elif isinstance(error, errors.Unauthenticated):
        response.headers["WWW-Authenticate"] = _CHALLENGE + (', error="invalid_token"' if _sent_a_key() else "")
    elif isinstance(error, errors.Forbidden):
        response.headers["WWW-Authenticate"] = f'{_CHALLENGE}, error="insufficient_scope", scope="{error.scope}"'
    return response


def _at(event_id: UUID) -> str:
    """What was asked of an event, asked of another one."""
    arguments = dict(request.view_args or {})
    if "event_id" not in arguments:
        return f"/v1/events/{event_id}"
    return url_for(str(request.endpoint), **arguments | {"event_id": event_id})


def duplicate_links(likely: Iterable[UUID]) -> str:
    """The header Link that names the events which another one may be."""
    return ", ".join(f'</v1/events/{id_}>; rel="duplicate"' for id_ in likely)


def tell_http_exception(error: HTTPException) -> Response:
    """An error that Flask or werkzeug found; its headers, such as Allow, are kept."""
    status, detail = error.code or InternalServerError.code, error.description or error.name
    ours = _BY_STATUS.get(status)
    response = (
        tell(ours(_OWN_DETAILS.get(ours, detail))) if ours else _problem("about:blank", error.name, status, detail)
    )
    for name, value in error.get_headers():
        if name.lower() not in ("content-type", "content-length"):
            response.headers[name] = value
    return response


def tell_unstorable(error: DataError) -> Response:
    """PostgreSQL cannot hold a value that was sent. Its own words may quote the value, so only their code is logged."""
    log.warning("unstorable", sqlstate=error.sqlstate, request_id=g.get("request_id"))
    return tell(errors.Invalid("A value that was sent cannot be stored."))


def tell_unexpected(error: Exception) -> Response:
    """A fault of ours: told without detail, logged with all of it."""
    log.error("unexpected", request_id=g.get("request_id"), exc_info=error)
    return tell(errors.Unexpected("It has been logged under the request id."))


def _problem(type_: str, title: str, status: int, detail: str, faults: Iterable[Fault] = ()) -> Response:
    body: dict[str, Any] = {"type": type_, "title": title, "status": status, "detail": detail}
    listed = [
        {name: text for name, text in asdict(fault).items() if text is not None}
        for fault in islice(faults, MOST_FAULTS)
    ]
    if listed:
        body["errors"] = listed
    body["request_id"] = g.get("request_id")
    return Response(render(body), status, content_type=MEDIA_TYPE, headers={"Cache-Control": "no-store"})


def _query() -> str:
    """The request's parameters, which hold for the other address as well."""
    return f"?{quote(request.query_string, safe='%&=+:,;@/~')}" if request.query_string else ""


def _sent_a_key() -> bool:
    return "Authorization" in request.headers or "X-API-Key" in request.headers


_CHALLENGE = 'Bearer realm="policytrail"'

#: What werkzeug says at length, said shortly.
_OWN_DETAILS: dict[type[ServiceError], str] = {
    errors.NotFound: "There is nothing at this address.",
    errors.MethodNotAllowed: "See Allow for the methods that it knows.",
}
