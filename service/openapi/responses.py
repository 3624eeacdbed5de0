"""The responses of an operation: its success, its problems, and their headers."""

from http import HTTPStatus
from typing import Any

from marshmallow import Schema

from service.errors import (
    BodyTimeout,
    BodyTooLarge,
    Conflict,
    Forbidden,
    Invalid,
    Malformed,
    NotAcceptable,
    ServiceError,
    Stale,
    TooManyRequests,
    Unauthenticated,
    Unavailable,
    Unexpected,
    UnsupportedMediaType,
)
from service.http.operation import Operation
from service.http.problems import MEDIA_TYPE, STATUS, title_of
from service.http.request_codec import ACCEPTED
from service.openapi import media_types
from service.openapi.examples.events import REQUEST_ID, problem_example
from service.openapi.links import response_links
from service.openapi.parameters import is_selectable, is_versioned, takes_preferences
from service.openapi.schema_fixes import SELECTED, component_name

_CREATED, _NO_CONTENT, _NOT_MODIFIED = "201", "204", "304"

#: Description and example of every response header.
_HEADERS = {
    "X-Request-Id": (
        "The request's id in the log: the client's own, or a new one.",
        "0192f0c1-5b7e-7c3a",
    ),
    "RateLimit-Policy": ("The quota: requests `q` in a window of `w` seconds.", '"key";q=6000;w=60'),
    "RateLimit": ("The requests `r` left in this window, and the seconds `t` until it ends.", '"key";r=5997;t=12'),
    "ETag": ("The version, with a suffix for another form than the whole record.", '"1"'),
    "ETag-of-feed": ("Of a feed: a digest of its content.", '"9f2c1a0b3d4e5f60"'),
    "Last-Modified": (
        "Of a feed: the time of the last change to its events; a deletion changes only the ETag.",
        "Tue, 02 Apr 2024 09:30:01 GMT",
    ),
    "Changes-Cursor": (
        "Of a file of events: the cursor with which to follow `/v1/changes`.",
        "3b241101-e2bb-4255-8caf-4136c566a962:41",
    ),
    "Content-Disposition": ("Of a file: its name.", 'attachment; filename="policytrail-events.csv"'),
    "Location": ("The address of the record.", "/v1/events/018e9a2c-6a00-7000-8000-000000000001"),
    "Content-Location": ("The address of the record by its own id.", "/v1/events/018e9a2c-6a00-7000-8000-000000000001"),
    "Link": ("Related addresses, such as the next page (RFC 8288).", '</v1/events?limit=20>; rel="first"'),
    "Retry-After": ("Seconds to wait before the next try.", "1"),
    "WWW-Authenticate": ("The required credentials (RFC 6750).", 'Bearer realm="policytrail"'),
    "Accept-Encoding": ("The codings of a body that the service reads, if the body has another.", ACCEPTED),
    "Accept-Patch": (
        "The media types of patches that the resource accepts (RFC 5789).",
        "application/merge-patch+json",
    ),
    "Preference-Applied": ("The preferences in Prefer that were applied.", "return=minimal"),
    "Idempotent-Replayed": ("`true` if this is the stored response of an earlier request.", "true"),
}

#: The headers of a problem beside those of every response.
_OF_PROBLEM: dict[str, tuple[str, ...]] = {
    "CursorExpired": ("Link",),
    "Moved": ("Location",),
    "Unauthenticated": ("WWW-Authenticate",),
    "Forbidden": ("WWW-Authenticate",),
    "UnsupportedMediaType": ("Accept-Encoding", "Accept-Patch"),
    "TooManyRequests": ("Retry-After",),
    "Unavailable": ("Retry-After",),
}
#: The headers of single operations' success.
_OF_SUCCESS: dict[str, tuple[str, ...]] = {
    "getEventByExternalId": ("Content-Location",),
    "upsertEvent": ("Content-Location",),
    "mergeEvent": ("Content-Location",),
    "createEvent": ("Link",),
    "recoverDeliveries": ("Location",),
}
#: Problems in the schema of the success: a health check lists its checks.
_IN_SUCCESS_SCHEMA = {"ready": Unavailable}

#: Errors of gunicorn, before a request reaches the API.
_BY_GUNICORN = {414: "UriTooLong", 431: "HeadersTooLarge"}

_OF_EVERY = ("X-Request-Id", "RateLimit-Policy", "RateLimit")
#: The headers that are never missing where they are listed.
_ALWAYS = frozenset({"X-Request-Id", "ETag", "Location", "Retry-After", "WWW-Authenticate", "Content-Location"})


def headers() -> dict[str, Any]:
    """Return every response header as a component."""
    return {
        name: {
            "description": description,
            "required": name in _ALWAYS,
            "schema": {"type": "string", "examples": [example]},
        }
        for name, (description, example) in _HEADERS.items()
    }


def problems() -> dict[str, Any]:
    """Return every problem as a response component, by the name of its class."""
    return {error.__name__: _problem(error) for error in STATUS} | {
        name: _gunicorn_problem(status) for status, name in _BY_GUNICORN.items()
    }


def _gunicorn_problem(status: int) -> dict[str, Any]:
    title = HTTPStatus(status).phrase
    example = {"type": "about:blank", "title": title, "status": status, "detail": title, "request_id": REQUEST_ID}
    content = {"schema": {"$ref": "#/components/schemas/Problem"}, "example": example}
    return {"description": f"{title}.", "headers": _pointed(("X-Request-Id",)), "content": {MEDIA_TYPE: content}}


def _problem(error: type[ServiceError]) -> dict[str, Any]:
    content = {"schema": {"$ref": "#/components/schemas/Problem"}, "example": problem_example(error)}
    names = _OF_EVERY + _OF_PROBLEM.get(error.__name__, ())
    return {"description": title_of(error), "headers": _pointed(names), "content": {MEDIA_TYPE: content}}


def _pointed(names: tuple[str, ...]) -> dict[str, Any]:
    return {name.partition("-of-")[0]: {"$ref": f"#/components/headers/{name}"} for name in names}


def responses_of(operation_id: str, contract: Operation, methods: list[str], scope: str | None) -> dict[str, Any]:
    """Return the responses of an operation by status."""
    status = str(contract.returns[0])
    responses = {status: _success(operation_id, contract, methods, scope)}
    if contract.upsert:
        responses[_CREATED] = _with_headers(responses[status], "Created.", ("Location",))
    if "get" not in methods and takes_preferences(contract):
        responses[_NO_CONTENT] = _minimal(contract, scope)
    if (contract.conditional and "get" in methods) or media_types.has_feeds(contract):
        responses[_NOT_MODIFIED] = _not_modified(scope)
    for error in sorted(_errors(contract, methods, scope), key=lambda error: STATUS[error]):
        responses[str(STATUS[error])] = {"$ref": f"#/components/responses/{error.__name__}"}
    if own := _IN_SUCCESS_SCHEMA.get(operation_id):
        responses[str(STATUS[own])] = _with_headers(responses[status], title_of(own), ("Retry-After",))
    responses |= {str(status): {"$ref": f"#/components/responses/{name}"} for status, name in _BY_GUNICORN.items()}
    return dict(sorted(responses.items()))


def _success(operation_id: str, contract: Operation, methods: list[str], scope: str | None) -> dict[str, Any]:
    status, schema = contract.returns
    described: dict[str, Any] = {
        "description": _SUCCESS[status],
        "headers": _pointed(_names(contract, methods, scope) + _OF_SUCCESS.get(operation_id, ())),
    }
    if schema is not None:
        described["content"] = {contract.media_type: _content(schema, selectable=is_selectable(contract))}
        described["content"] |= media_types.other_formats(contract)
    elif str(status) != _NO_CONTENT:
        described["content"] = {contract.media_type: _TEXT if contract.media_type.startswith("text/") else {}}
    if links := response_links(operation_id, schema):
        described["links"] = links
    return described


_SUCCESS = {
    200: "OK.",
    201: "Created.",
    202: "Accepted; the work continues in the background.",
    204: "Done; the response has no body.",
}


_TEXT = {"schema": {"type": "string"}}


def _content(schema: Schema, *, selectable: bool) -> dict[str, Any]:
    """Return a body of `schema`, or of only some of its fields if `selectable`."""
    name = component_name(schema)
    body: Any = {"anyOf": [schema, f"{SELECTED}{name}"]} if selectable else schema
    return {"schema": body, "examples": {name: {"$ref": f"#/components/examples/{name}"}}}


def _names(contract: Operation, methods: list[str], scope: str | None) -> tuple[str, ...]:
    """Return the names of the headers of success."""
    status, schema = contract.returns
    names: tuple[str, ...] = _OF_EVERY if scope is not None else _OF_EVERY[:1]
    if is_versioned(contract) or (contract.conditional and "get" in methods):
        names += ("ETag",)
    if str(status) == _CREATED:
        names += ("Location",)
    if "post" in methods and not contract.safe:
        names += ("Idempotent-Replayed",)
    if "get" not in methods and takes_preferences(contract):
        names += ("Preference-Applied",)
    if schema is not None and "next" in schema.fields and "items" in schema.fields:
        names += ("Link",)
    return names + media_types.header_names(contract)


def _with_headers(described: dict[str, Any], description: str, names: tuple[str, ...]) -> dict[str, Any]:
    return described | {"description": description, "headers": described["headers"] | _pointed(names)}


def _minimal(contract: Operation, scope: str | None) -> dict[str, Any]:
    names = _names(contract, [], scope)
    return {"description": "Done; no body because of `Prefer: return=minimal`.", "headers": _pointed(names)}


def _not_modified(scope: str | None) -> dict[str, Any]:
    names = _OF_EVERY if scope is not None else _OF_EVERY[:1]
    return {"description": "Not modified.", "headers": _pointed((*names, "ETag"))}


def _errors(contract: Operation, methods: list[str], scope: str | None) -> set[type[ServiceError]]:
    """Return the errors of an operation: its own, and those that follow from its contract."""
    errors: set[type[ServiceError]] = {Invalid, Unexpected, *contract.also}
    if contract.is_negotiated:
        errors.add(NotAcceptable)
    if scope is not None:
        errors |= {Unauthenticated, TooManyRequests, Unavailable}
    if scope:
        errors.add(Forbidden)
    if contract.body or contract.patches or contract.takes:
        errors |= {Malformed, UnsupportedMediaType, BodyTooLarge, BodyTimeout}
    if "post" in methods and not contract.safe:
        errors.add(Conflict)  # for its Idempotency-Key
    if contract.conditional or contract.upsert:
        errors |= {Malformed, Stale}
    if "cursor" in contract.query.fields:
        errors.add(Malformed)
    return errors
