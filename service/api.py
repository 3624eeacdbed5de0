"""@operation: what a view takes in and gives out, read by the request and by OpenAPI alike."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import wraps
from typing import Any, NoReturn

from flask import Response, request
from marshmallow import Schema, ValidationError
from webargs.flaskparser import FlaskParser
from werkzeug.exceptions import HTTPException

from schemas.base import RequestSchema
from schemas.quickload import Unsure, quick_loader
from service import jsontext
from service.conditional import etag, is_known
from service.errors import Fault, Invalid, Malformed, ServiceError, UnsupportedMediaType
from service.problems import faults_of

View = Callable[..., Any]

JSON = "application/json"
MERGE_PATCH = "application/merge-patch+json"


@dataclass(frozen=True)
class Operation:
    """The contract of one view."""

    query: RequestSchema | None
    body: RequestSchema | None
    patches: RequestSchema | None
    returns: tuple[int, Schema | None]
    also: tuple[type[ServiceError], ...]
    conditional: bool


class Parser(FlaskParser):
    """webargs for the query, with our errors, and unknown parameters refused."""

    DEFAULT_UNKNOWN_BY_LOCATION = {"query": None}  # noqa: RUF012 (webargs' own name and kind)

    def handle_error(self, error: ValidationError, *_: Any, **__: Any) -> NoReturn:
        """Raise Invalid with a fault for each message."""
        messages = error.normalized_messages()["query"]  # webargs nests them under the location
        raise Invalid("See `errors` for what is not valid, and where.", faults_of(messages, "parameter")) from error


class NoQuerySchema(RequestSchema):
    """No query parameters."""


parser = Parser()
_NO_QUERY = NoQuerySchema()


def operation(
    *,
    query: type[RequestSchema] | None = None,
    body: type[RequestSchema] | None = None,
    patches: type[RequestSchema] | None = None,
    returns: tuple[int, type[Schema] | None],
    also: Sequence[type[ServiceError]] = (),
    conditional: bool = False,
) -> Callable[[View], View]:
    """A decorator: check the query and the body, hand them on, and keep the contract where OpenAPI finds it.

    The view gets `query` (loaded) if it names one, and `body` (loaded) or `patch` (a JSON value that is to be merged
    into what `patches` describes).
    """
    contract = Operation(
        query() if query else None,
        body() if body else None,
        patches() if patches else None,
        (returns[0], returns[1]() if returns[1] else None),
        tuple(also),
        conditional,
    )

    def decorate(view: View) -> View:
        @wraps(view)
        def checked(**kwargs: Any) -> Any:
            require_once(request.args)
            if contract.query:
                kwargs["query"] = parser.parse(contract.query, request, location="query")
            elif request.args:
                parser.parse(_NO_QUERY, request, location="query")
            if contract.body:
                require_media_type(JSON)
                kwargs["body"] = load(contract.body, sent_json())
            elif contract.patches:
                require_media_type(MERGE_PATCH, JSON)
                kwargs["patch"] = sent_json()
            return view(**kwargs)

        checked.operation = contract  # type: ignore[attr-defined]  # read by openapi.py and the tests of the house
        return checked

    return decorate


def load(schema: RequestSchema, value: Any) -> Any:
    """`value` as `schema` loads it. Invalid with a pointer for each message."""
    with suppress(Unsure):
        return quick_loader(type(schema))(value)
    try:
        return schema.load(value)
    except ValidationError as error:
        messages = error.normalized_messages()
        raise Invalid("See `errors` for what is not valid, and where.", faults_of(messages, "pointer")) from error


def require_once(args: Any) -> None:
    """Pass a query that gives each parameter once."""
    detail = "Must be given once; join several values with commas."
    twice = [Fault(detail, parameter=name) for name, values in args.lists() if len(values) > 1]
    if twice:
        raise Invalid("See `errors` for what is not valid, and where.", twice)


def sent_json() -> Any:
    """The body, strictly read."""
    return jsontext.parse(_sent_bytes())


def _sent_bytes() -> bytes:
    """The whole body. Malformed where it does not come as it was announced."""
    try:
        body = request.get_data(cache=False)
        if request.content_length is None and len(body) == request.max_content_length:
            # Where no length was announced werkzeug stops at the limit without a word; asked for more, it raises 413.
            request.stream.read(1)
    except HTTPException:
        raise
    except Exception as error:
        raise Malformed("The body is not sent as HTTP sends it.") from error
    if request.content_length not in (None, len(body)):
        raise Malformed("The body ended before its Content-Length.")
    return body


def require_media_type(*accepted: str) -> None:
    """Pass a request whose body is of a type in `accepted`, in UTF-8."""
    if request.mimetype not in accepted:
        detail = f"Send Content-Type: {' or '.join(accepted)}."
        raise UnsupportedMediaType(detail, [Fault(detail, header="Content-Type")])


def answer(document: bytes, version: int, status: int = 200, location: str | None = None) -> Response:
    """`document` as it is stored, with its ETag; 304 where the reader has it."""
    headers = {"ETag": etag(version), "Cache-Control": "private, no-cache"}
    if location:
        headers["Location"] = location
    if request.method in ("GET", "HEAD") and is_known(request.headers.get("If-None-Match"), version):
        return Response(status=304, headers=headers)
    return Response(document, status, headers, content_type=JSON)
