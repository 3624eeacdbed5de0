"""`@operation`: the contract of a view, declared once, checked for each request and published in OpenAPI."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial, wraps
from http import HTTPStatus
from typing import Any, NoReturn

from flask import Response, request
from marshmallow import Schema, ValidationError, missing
from webargs.flaskparser import FlaskParser

from schemas.base import BaseQuerySchema, RequestSchema
from service.errors import Fault, Invalid, ServiceError, UnsupportedMediaType
from service.events.patch import json_patch, merge_patch
from service.http import content_negotiation, idempotency
from service.http.auth import may_read, require_reader
from service.http.conditional import etag, known_tag, require_current
from service.http.content_negotiation import (
    ONLY_JSON,
    PREFERENCE_APPLIED,
    Format,
    codings_for,
    form_of,
    preferences,
    require_acceptable,
    require_coding,
    wants_pretty,
)
from service.http.context import json_body, service
from service.strict_json import select_members
from service.validation import faults_of, load

View = Callable[..., Any]
#: The argument `patch` of a view: a function from a document to the patched document.
Patch = Callable[[Any], Any]

JSON = content_negotiation.JSON
MERGE_PATCH = "application/merge-patch+json"
JSON_PATCH = "application/json-patch+json"

#: The media types of patches. Plain JSON counts as a merge patch.
PATCHES = (MERGE_PATCH, JSON_PATCH, JSON)


@dataclass(frozen=True)
class Operation:
    """The contract of one view; see `operation`."""

    query: RequestSchema
    body: RequestSchema | None
    patches: RequestSchema | None
    returns: tuple[int, Schema | None]
    media_type: str
    also: tuple[type[ServiceError], ...]
    conditional: bool
    upsert: bool
    safe: bool = False
    formats: tuple[Format, ...] = ONLY_JSON
    takes: tuple[str, ...] = ()
    replaces: Callable[..., Any] | None = None

    @property
    def is_negotiated(self) -> bool:
        """Return whether Accept may choose or refuse the response's format."""
        return self.returns[1] is not None and self.media_type == JSON

    def names_its_format(self, arguments: Mapping[str, Any]) -> bool:
        """Return whether the address names the format, in its path or its query, so that Accept does not count."""
        return self.formats != ONLY_JSON and ("suffix" in arguments or "format" in request.args)


def operation(
    *,
    query: type[RequestSchema] | None = None,
    body: type[RequestSchema] | None = None,
    patches: type[RequestSchema] | None = None,
    returns: tuple[int, type[Schema] | None],
    media_type: str = JSON,
    also: Sequence[type[ServiceError]] = (),
    conditional: bool = False,
    upsert: bool = False,
    safe: bool = False,
    formats: Sequence[Format] = ONLY_JSON,
    takes: Sequence[str] = (),
    replaces: Callable[..., Any] | None = None,
) -> Callable[[View], View]:
    """Declare a view's contract: check each request against it before the view runs.

    The view gets the arguments `query` and `body`, loaded by these schemas, or `patch`, a function that changes a
    document of the schema `patches`. `returns` is the status and schema of success, `also` lists further errors.
    `conditional` means If-Match is required, or for GET that 304 is possible; an `upsert` may also answer 201, and its
    conditions are optional. A POST is idempotent by its Idempotency-Key unless it is `safe`, which changes nothing; it
    runs in the transaction that stores its response, and returns AfterCommit if it has to wait for the outside.
    `takes` lists the media types of a body that the view reads itself, together with its Idempotency-Key.
    `replaces` returns the stored document that `body` replaces, if any: codes and texts that it has stay valid.
    Every query also takes `pretty`. Accept may refuse JSON, unless the address names one of several `formats`.
    """
    contract = Operation(
        _with_form(query),
        body() if body else None,
        patches() if patches else None,
        (returns[0], returns[1]() if returns[1] else None),
        media_type,
        tuple(also),
        conditional,
        upsert,
        safe,
        tuple(formats),
        tuple(takes),
        replaces,
    )
    return partial(_checked, contract)


def _with_form(query: type[RequestSchema] | None) -> RequestSchema:
    """Return a schema of `query` and the parameters of every operation."""
    return type(query.__name__, (query, BaseQuerySchema), {})() if query else BaseQuerySchema()


def _checked(contract: Operation, view: View) -> View:
    """Return `view` behind the checks of its contract."""
    load_query = _query_loader(contract.query)
    has_query = type(contract.query) is not BaseQuerySchema
    is_replayed = not contract.safe and not contract.takes

    def run(**arguments: Any) -> Any:
        _require_acceptable(contract, arguments)
        query = load_query()
        if has_query:
            arguments["query"] = query
        response = view(**arguments, **_body_argument(contract))
        if "HTTP_IF_MATCH" in request.environ and request.method in ("GET", "HEAD"):
            _require_current(response)
        return response

    @wraps(view)
    def checked(**arguments: Any) -> Any:
        token = request.headers.get(idempotency.HEADER) if is_replayed and request.method == "POST" else None
        if token is not None:
            return idempotency.replay_or_run(token, partial(run, **arguments))
        return idempotency.complete(run(**arguments))

    checked.operation = contract  # type: ignore[attr-defined]  # read by service/openapi and the tests of the house
    return checked


def _require_current(response: Response) -> None:
    """Refuse a successful read whose If-Match does not name the representation (RFC 9110, 13.1.1)."""
    if response.status_code in (HTTPStatus.OK, HTTPStatus.NOT_MODIFIED):
        try:
            require_current(request.headers, response.headers.get("ETag"))
        except ServiceError:
            response.close()
            raise


def _require_acceptable(contract: Operation, arguments: Mapping[str, Any]) -> None:
    """Refuse a request whose Accept or Accept-Encoding excludes every response of the operation."""
    if not contract.is_negotiated:
        return
    if contract.names_its_format(arguments):
        require_coding(request.environ)
    else:
        require_acceptable(request.environ, contract.formats)


class Parser(FlaskParser):
    """webargs for the query, with this service's errors; unknown parameters are refused."""

    DEFAULT_UNKNOWN_BY_LOCATION = {"query": None}  # noqa: RUF012 (webargs' own name and kind)

    def handle_error(self, error: ValidationError, *_: Any, **__: Any) -> NoReturn:
        """Raise Invalid with a fault for each message."""
        messages = error.normalized_messages()["query"]  # webargs nests them under the location
        raise Invalid(faults=faults_of(messages, "parameter")) from error


parser = Parser()


def _query_loader(query: RequestSchema) -> Callable[[], dict[str, Any]]:
    """Return a function that loads the request's query as `query` does."""
    defaults = defaults_of(query)
    has_required = any(field.required for field in query.fields.values())

    def load_query() -> dict[str, Any]:
        if not request.environ["QUERY_STRING"] and not has_required:
            return defaults()
        require_once(request.args)
        values: dict[str, Any] = parser.parse(query, request, location="query")
        return values

    return load_query


def defaults_of(query: RequestSchema) -> Callable[[], dict[str, Any]]:
    """Return a function that loads an empty query; webargs and marshmallow would take 30 us for it."""
    defaults = [
        (field.attribute or name, field.load_default)
        for name, field in query.load_fields.items()
        if field.load_default is not missing
    ]
    return lambda: {name: default() if callable(default) else default for name, default in defaults}


def require_once(args: Any) -> None:
    """Refuse a query that repeats a parameter."""
    detail = "Must be given once; join several values with commas."
    repeated = [Fault(detail, parameter=name) for name, values in args.lists() if len(values) > 1]
    if repeated:
        raise Invalid(faults=repeated)


def _body_argument(contract: Operation) -> dict[str, Any]:
    """Return the view's argument for the body: `body`, `patch`, or none if the view reads the body itself."""
    if contract.body:
        require_media_type(JSON)
        return {"body": _load_body(contract.body, contract.replaces)}
    if contract.patches:
        require_media_type(*PATCHES)
        return {"patch": _patch_in_body()}
    if contract.takes:
        require_media_type(*contract.takes)
    return {}


def _load_body(schema: RequestSchema, replaces: Callable[..., Any] | None) -> Any:
    """Return the body as `schema` loads it. Read the document that it replaces only if it is not valid alone."""
    body = json_body()
    try:
        return load(schema, body)
    except Invalid:
        if replaces is None:
            raise
        return load(schema, body, replaces(**(request.view_args or {})))


def _patch_in_body() -> Patch:
    if request.mimetype == JSON_PATCH:
        require_reader()  # its paths, tests and errors would show the document
        return partial(json_patch, patch=json_body(), limits=service().json_limits)
    return partial(merge_patch, patch=json_body())


def require_media_type(*accepted: str) -> None:
    """Refuse a body whose media type is none of `accepted`."""
    if request.mimetype not in accepted:
        raise UnsupportedMediaType.at(f"Send Content-Type: {' or '.join(accepted)}.", header="Content-Type")


def respond(
    document: bytes,
    version: int | str,
    status: int = 200,
    location: str | None = None,
    *,
    fields: Collection[str] | None = None,
    media_type: str = JSON,
    cache_control: str = "private, no-cache",
) -> Response:
    """Return `document`, or only its members `fields`, with its ETag.

    304 if a reader's If-None-Match names it, 204 if a writer prefers `return=minimal`, or may not read what was there
    before.
    """
    environ = request.environ
    tag = etag(version, form_of(fields, pretty=wants_pretty(environ)))
    headers = {"ETag": tag, "Cache-Control": cache_control}
    if location:
        headers["Location"] = location
    if request.method in ("GET", "HEAD"):
        if (if_none_match := environ.get("HTTP_IF_NONE_MATCH")) is not None:
            takes_gzip = codings_for(environ.get("HTTP_ACCEPT_ENCODING")).gzip
            if cached_tag := known_tag(if_none_match, tag, gzip=takes_gzip):
                return Response(status=304, headers=headers | {"ETag": cached_tag})
    elif status == HTTPStatus.OK and not may_read():
        return Response(status=204, headers=headers | {"ETag": etag(version)})
    elif preference := preferences(environ.get("HTTP_PREFER")).get("return"):
        if preference == "minimal":
            headers |= {"ETag": etag(version), PREFERENCE_APPLIED: "return=minimal"}
            return Response(status=204, headers=headers)
        if preference == "representation":
            headers[PREFERENCE_APPLIED] = "return=representation"
    return Response(select_members(document, fields) if fields else document, status, headers, content_type=media_type)
