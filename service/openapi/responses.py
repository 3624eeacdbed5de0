"""What an operation answers: its success, its problems, and the headers of each."""

from http import HTTPStatus
from typing import Any

from marshmallow import Schema

from service.errors import (
    BodyTooLarge,
    Conflict,
    Forbidden,
    Invalid,
    Malformed,
    NotAcceptable,
    ServiceError,
    TooManyRequests,
    Unauthenticated,
    Unavailable,
    Unexpected,
    UnsupportedMediaType,
)
from service.http.operation import Operation
from service.http.problems import MEDIA_TYPE, STATUS, title_of
from service.openapi import media_types
from service.openapi.examples.events import REQUEST_ID, problem_example
from service.openapi.links import links_of
from service.openapi.parameters import is_selectable, is_versioned, takes_wishes
from service.openapi.schema_fixes import SELECTED, component_name

_CREATED, _NOTHING, _UNCHANGED = "201", "204", "304"

#: Every header that an answer may have, and an example of it.
_HEADERS = {
    "X-Request-Id": (
        "The id by which the log knows the request: the client's own, or a new one.",
        "0192f0c1-5b7e-7c3a",
    ),
    "RateLimit-Policy": ("How many requests are allowed in how many seconds.", '"key";q=6000;w=60'),
    "RateLimit": ("How many requests are left, and seconds until there are more.", '"key";r=5997;t=12'),
    "ETag": ("The version, and its form where it is not the whole record.", '"1"'),
    "ETag-of-feed": ("Of a feed: a digest of what it holds.", '"9f2c1a0b3d4e5f60"'),
    "Last-Modified": (
        "Of a feed: when what it holds was last written; deletions show in the ETag.",
        "Tue, 02 Apr 2024 09:30:01 GMT",
    ),
    "Changes-Cursor": (
        "Of a file of events: from where to follow `/v1/changes`.",
        "3b241101-e2bb-4255-8caf-4136c566a962:41",
    ),
    "Content-Disposition": ("Of a file: what to call it.", 'attachment; filename="policytrail-events.csv"'),
    "Location": ("Where the record stands.", "/v1/events/018e9a2c-6a00-7000-8000-000000000001"),
    "Content-Location": ("Where the record stands by its own id.", "/v1/events/018e9a2c-6a00-7000-8000-000000000001"),
    "Link": ("Where to go on from here (RFC 8288).", '</v1/events?limit=20>; rel="first"'),
    "Retry-After": ("Seconds after which to ask again.", "1"),
    "WWW-Authenticate": ("What is lacking (RFC 6750).", 'Bearer realm="policytrail"'),
    "Accept-Patch": ("The media types of patches that are taken (RFC 5789).", "application/merge-patch+json"),
    "Preference-Applied": ("Which wish in Prefer was granted.", "return=minimal"),
    "Idempotent-Replayed": ("`true` where the answer was given before.", "true"),
}

#: Headers of a problem beside those of every answer. Those in _ALWAYS are always there.
_OF_PROBLEM: dict[str, tuple[str, ...]] = {
    "CursorExpired": ("Link",),
    "Moved": ("Location",),
    "Unauthenticated": ("WWW-Authenticate",),
    "Forbidden": ("WWW-Authenticate",),
    "UnsupportedMediaType": ("Accept-Patch",),
    "TooManyRequests": ("Retry-After",),
    "Unavailable": ("Retry-After",),
}
#: Headers of one operation's success.
_OF_SUCCESS: dict[str, tuple[str, ...]] = {
    "getEventByExternalId": ("Content-Location",),
    "upsertEvent": ("Content-Location",),
    "mergeEvent": ("Content-Location",),
    "createEvent": ("Link",),
    "recoverDeliveries": ("Location",),
}
#: Where a problem is told in the form of the success: a check of health says what it found.
_IN_ITS_OWN_FORM = {"ready": Unavailable}

#: What gunicorn refuses before the API sees it, whatever is asked.
_BEFORE_US = {414: "UriTooLong", 431: "HeadersTooLarge"}

_OF_EVERY = ("X-Request-Id", "RateLimit-Policy", "RateLimit")
_ALWAYS = frozenset({"X-Request-Id", "ETag", "Location", "Retry-After", "WWW-Authenticate", "Content-Location"})


def headers() -> dict[str, Any]:
    """Every header of an answer."""
    return {
        name: {
            "description": description,
            "required": name in _ALWAYS,
            "schema": {"type": "string", "examples": [example]},
        }
        for name, (description, example) in _HEADERS.items()
    }


def problems() -> dict[str, Any]:
    """Every problem as a response, by the name of its class."""
    return {error.__name__: _problem(error) for error in STATUS} | {
        name: _told_by_gunicorn(status) for status, name in _BEFORE_US.items()
    }


def _told_by_gunicorn(status: int) -> dict[str, Any]:
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


def answers(operation_id: str, contract: Operation, methods: list[str], scope: str | None) -> dict[str, Any]:
    """Everything that an operation may answer, by status."""
    status = str(contract.returns[0])
    told = {status: _success(operation_id, contract, methods, scope)}
    if contract.upsert:
        told[_CREATED] = _with_headers(told[status], "Created.", ("Location",))
    if "get" not in methods and takes_wishes(contract):
        told[_NOTHING] = _minimal(contract, scope)
    if (contract.conditional and "get" in methods) or media_types.has_feeds(contract):
        told[_UNCHANGED] = _unchanged(scope)
    for error in sorted(_errors(contract, methods, scope), key=lambda error: STATUS[error]):
        told[str(STATUS[error])] = {"$ref": f"#/components/responses/{error.__name__}"}
    if own := _IN_ITS_OWN_FORM.get(operation_id):
        told[str(STATUS[own])] = _with_headers(told[status], title_of(own), ("Retry-After",))
    told |= {str(status): {"$ref": f"#/components/responses/{name}"} for status, name in _BEFORE_US.items()}
    return dict(sorted(told.items()))


def _success(operation_id: str, contract: Operation, methods: list[str], scope: str | None) -> dict[str, Any]:
    status, schema = contract.returns
    described: dict[str, Any] = {
        "description": _SUCCESS[status],
        "headers": _pointed(_names(contract, methods, scope) + _OF_SUCCESS.get(operation_id, ())),
    }
    if schema is not None:
        described["content"] = {contract.media_type: _content(schema, selectable=is_selectable(contract))}
        described["content"] |= media_types.other_forms(contract)
    elif str(status) != _NOTHING:
        described["content"] = {contract.media_type: _TEXT if contract.media_type.startswith("text/") else {}}
    if links := links_of(operation_id, schema):
        described["links"] = links
    return described


_SUCCESS = {
    200: "As asked.",
    201: "Created.",
    202: "Begun; it goes on by itself.",
    204: "Done; there is nothing to say.",
}


_TEXT = {"schema": {"type": "string"}}


def _content(schema: Schema, *, selectable: bool) -> dict[str, Any]:
    """A body of `schema`, or of only some of its fields where `selectable`."""
    name = component_name(schema)
    told: Any = {"anyOf": [schema, f"{SELECTED}{name}"]} if selectable else schema
    return {"schema": told, "examples": {name: {"$ref": f"#/components/examples/{name}"}}}


def _names(contract: Operation, methods: list[str], scope: str | None) -> tuple[str, ...]:
    """The headers of a success."""
    status, schema = contract.returns
    names: tuple[str, ...] = _OF_EVERY if scope is not None else _OF_EVERY[:1]
    if is_versioned(contract) or (contract.conditional and "get" in methods):
        names += ("ETag",)
    if str(status) == _CREATED:
        names += ("Location",)
    if "post" in methods and not contract.safe:
        names += ("Idempotent-Replayed",)
    if "get" not in methods and takes_wishes(contract):
        names += ("Preference-Applied",)
    if schema is not None and "next" in schema.fields and "items" in schema.fields:
        names += ("Link",)
    return names + media_types.header_names(contract)


def _with_headers(described: dict[str, Any], description: str, names: tuple[str, ...]) -> dict[str, Any]:
    return described | {"description": description, "headers": described["headers"] | _pointed(names)}


def _minimal(contract: Operation, scope: str | None) -> dict[str, Any]:
    names = _names(contract, [], scope)
    return {"description": "Done; `Prefer: return=minimal` wants no more said.", "headers": _pointed(names)}


def _unchanged(scope: str | None) -> dict[str, Any]:
    names = _OF_EVERY if scope is not None else _OF_EVERY[:1]
    return {"description": "What If-None-Match names is still so.", "headers": _pointed((*names, "ETag"))}


def _errors(contract: Operation, methods: list[str], scope: str | None) -> set[type[ServiceError]]:
    """What an operation may answer beside its success: its own errors, and those that follow from its form."""
    errors: set[type[ServiceError]] = {Invalid, Unexpected, *contract.also}
    if contract.is_negotiated:
        errors.add(NotAcceptable)
    if scope is not None:
        errors |= {Unauthenticated, TooManyRequests, Unavailable}
    if scope:
        errors.add(Forbidden)
    if contract.body or contract.patches or contract.takes:
        errors |= {Malformed, UnsupportedMediaType, BodyTooLarge}
    if "post" in methods and not contract.safe:
        errors.add(Conflict)  # for its Idempotency-Key
    if "cursor" in contract.query.fields:
        errors.add(Malformed)
    return errors
