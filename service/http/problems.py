"""Errors over HTTP: every one as application/problem+json (RFC 9457)."""

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
from service.http.request_codec import ACCEPTED as ACCEPTED_CODINGS
from service.http.request_codec import HEADER as CODING
from service.strict_json import render

#: The most faults that one problem lists.
MOST_FAULTS = 100

MEDIA_TYPE = "application/problem+json"

#: The status of each error.
STATUS: dict[type[ServiceError], int] = {
    errors.Moved: 308,
    errors.Malformed: 400,
    errors.Unauthenticated: 401,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.MethodNotAllowed: 405,
    errors.NotAcceptable: 406,
    errors.BodyTimeout: 408,
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
    """Answer every error of `app` with a problem."""
    app.register_error_handler(ServiceError, to_response)
    app.register_error_handler(HTTPException, http_exception_to_response)
    app.register_error_handler(DataError, data_error_to_response)
    app.register_error_handler(Exception, unexpected_to_response)


def title_of(error: type[ServiceError]) -> str:
    """Return the title of a class of errors: its docstring's first line."""
    return (error.__doc__ or "").splitlines()[0]


def to_response(error: ServiceError) -> Response:
    """Return one of the service's own errors as a problem."""
    if isinstance(error, errors.Moved) and request.method not in ("GET", "HEAD"):
        # Not a redirect: a client that follows it with the same If-Match could hit a version of that number there.
        response = to_response(errors.Conflict(f"{error.detail} Read that one, and change it there."))
        response.headers["Link"] = f'</v1/events/{error.merged_into}>; rel="canonical"'
        return response
    response = _problem(
        f"/problems/{error.code}", title_of(type(error)), STATUS[type(error)], error.detail, error.faults
    )
    if isinstance(error, errors.Moved):
        response.headers["Location"] = _address_for(error.merged_into) + _query()
    elif isinstance(error, errors.Unavailable | errors.TooManyRequests):
        response.headers["Retry-After"] = str(error.retry_after)
    elif isinstance(error, errors.UnsupportedMediaType) and any(one.header == CODING for one in error.faults):
        response.headers["Accept-Encoding"] = ACCEPTED_CODINGS
    elif isinstance(error, errors.Duplicate):
        response.headers["Link"] = duplicate_links(error.likely)
    elif isinstance(error, errors.CursorExpired):
        response.headers["Link"] = '</v1/events?snapshot=true>; rel="start"'
    elif isinstance(error, errors.Unauthenticated):
        response.headers["WWW-Authenticate"] = _CHALLENGE + (', error="invalid_token"' if _has_key() else "")
    elif isinstance(error, errors.Forbidden):
        response.headers["WWW-Authenticate"] = f'{_CHALLENGE}, error="insufficient_scope", scope="{error.scope}"'
    return response


def _address_for(event_id: UUID) -> str:
    """Return the address of the same request for the event `event_id`."""
    arguments = dict(request.view_args or {})
    if "event_id" not in arguments:
        return f"/v1/events/{event_id}"
    return url_for(str(request.endpoint), **arguments | {"event_id": event_id})


def duplicate_links(likely: Iterable[UUID]) -> str:
    """Return a Link header with the events that another one may duplicate."""
    return ", ".join(f'</v1/events/{id_}>; rel="duplicate"' for id_ in likely)


def http_exception_to_response(error: HTTPException) -> Response:
    """Return an error of Flask or werkzeug as a problem with the error's own headers, such as Allow."""
    status, detail = error.code or InternalServerError.code, error.description or error.name
    own = _BY_STATUS.get(status)
    response = (
        to_response(own(_OWN_DETAILS.get(own, detail))) if own else _problem("about:blank", error.name, status, detail)
    )
    for name, value in error.get_headers():
        if name.lower() not in ("content-type", "content-length"):
            response.headers[name] = value
    return response


def data_error_to_response(error: DataError) -> Response:
    """Return 422 for a value that PostgreSQL cannot store; log only the code, as the message may quote the value."""
    log.warning("unstorable", sqlstate=error.sqlstate, request_id=g.get("request_id"))
    return to_response(errors.Invalid("The request has a value that cannot be stored."))


def unexpected_to_response(error: Exception) -> Response:
    """Return 500 without detail, and log the exception."""
    log.error("unexpected", request_id=g.get("request_id"), exc_info=error)
    return to_response(errors.Unexpected("The error is logged under the request id."))


def _problem(type_: str, title: str, status: int, detail: str, faults: Iterable[Fault] = ()) -> Response:
    body: dict[str, Any] = {"type": type_, "title": title, "status": status, "detail": detail}
    members = [
        {name: text for name, text in asdict(fault).items() if text is not None}
        for fault in islice(faults, MOST_FAULTS)
    ]
    if members:
        body["errors"] = members
    body["request_id"] = g.get("request_id")
    return Response(render(body), status, content_type=MEDIA_TYPE, headers={"Cache-Control": "no-store"})


def _query() -> str:
    """Return the request's query, for the address to which it is redirected."""
    return f"?{quote(request.query_string, safe='%&=+:,;@/~')}" if request.query_string else ""


def _has_key() -> bool:
    return "Authorization" in request.headers or "X-API-Key" in request.headers


_CHALLENGE = 'Bearer realm="policytrail"'

#: Details that are shorter than werkzeug's own.
_OWN_DETAILS: dict[type[ServiceError], str] = {
    errors.NotFound: "No resource has this address.",
    errors.MethodNotAllowed: "See Allow for the supported methods.",
}
