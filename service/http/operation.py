"""@operation: what a view takes in and gives out, read by the request and by OpenAPI alike."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial, wraps
from typing import Any, NoReturn

from flask import Response, request
from marshmallow import Schema, ValidationError, missing
from webargs.flaskparser import FlaskParser

from schemas.base import RequestSchema
from schemas.representation import FormQuerySchema
from service.errors import Fault, Invalid, ServiceError, UnsupportedMediaType
from service.events.patch import json_patch, merge_patch
from service.http import content_negotiation, idempotency
from service.http.conditional import etag, known_tag
from service.http.content_negotiation import (
    ONLY_JSON,
    Format,
    codings_for,
    form_of,
    require_acceptable,
    require_coding,
    wants_pretty,
)
from service.http.prefer import APPLIED, preferred
from service.http.request_body import sent_json
from service.strict_json import select
from service.validation import faults_of, load

View = Callable[..., Any]
#: What a view that changes a document gets: the document before gives the document after.
Patch = Callable[[Any], Any]

JSON = content_negotiation.JSON
MERGE_PATCH = "application/merge-patch+json"
JSON_PATCH = "application/json-patch+json"

#: How a document is changed by a patch of each media type. Plain JSON is taken for a merge patch.
PATCHES: dict[str, Callable[..., Any]] = {MERGE_PATCH: merge_patch, JSON_PATCH: json_patch, JSON: merge_patch}


@dataclass(frozen=True)
class Operation:
    """The contract of one view."""

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

    @property
    def is_negotiated(self) -> bool:
        """Whether Accept has a say: what is a record may come in several forms."""
        return self.returns[1] is not None and self.media_type == JSON

    def names_its_format(self, arguments: Mapping[str, Any]) -> bool:
        """Whether the address says the form, in its path or its query, so that Accept does not matter."""
        return self.formats != ONLY_JSON and ("suffix" in arguments or "format" in request.args)


class Parser(FlaskParser):
    """webargs for the query, with our errors, and unknown parameters refused."""

    DEFAULT_UNKNOWN_BY_LOCATION = {"query": None}  # noqa: RUF012 (webargs' own name and kind)

    def handle_error(self, error: ValidationError, *_: Any, **__: Any) -> NoReturn:
        """Raise Invalid with a fault for each message."""
        messages = error.normalized_messages()["query"]  # webargs nests them under the location
        raise Invalid(faults=faults_of(messages, "parameter")) from error


parser = Parser()


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
) -> Callable[[View], View]:
    """A decorator: check the query and the body, hand them on, and keep the contract where OpenAPI finds it.

    The view gets `query` (loaded) if it names one, and `body` (loaded) or `patch` (a function that changes a document
    of the kind that `patches` describes). A POST with an Idempotency-Key is answered once. `conditional` is what needs
    If-Match or may be answered with 304; an `upsert` may answer 201 as well, and takes conditions without needing any.
    Every operation takes `pretty` beside its query, and what is answered as JSON may be refused by Accept, unless the
    address names one of the `formats` that it can be had in. A `safe` POST changes nothing: of it no answer is kept.
    What `takes` names are media types of a body that the view itself reads, as it comes, with its Idempotency-Key.
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
    )

    defaults = defaults_of(contract.query)
    demanding = any(field.required for field in contract.query.fields.values())

    def decorate(view: View) -> View:
        def run(**kwargs: Any) -> Any:
            if contract.is_negotiated:
                if contract.names_its_format(kwargs):
                    require_coding(request.environ)
                else:
                    require_acceptable(request.environ, contract.formats)
            if request.environ["QUERY_STRING"] or demanding:
                require_once(request.args)
                asked = parser.parse(contract.query, request, location="query")
            else:
                asked = defaults()
            if query:
                kwargs["query"] = asked
            return view(**kwargs, **_sent(contract))

        @wraps(view)
        def checked(**kwargs: Any) -> Any:
            token = request.headers.get(idempotency.HEADER) if request.method == "POST" and not safe else None
            if token is not None and not contract.takes:
                return idempotency.answered_once(token, partial(run, **kwargs))
            return run(**kwargs)

        checked.operation = contract  # type: ignore[attr-defined]  # read by openapi.py and the tests of the house
        return checked

    return decorate


def _sent(contract: Operation) -> dict[str, Any]:
    """What the view gets of the body: `body`, `patch`, or nothing where it reads it itself."""
    if contract.body:
        require_media_type(JSON)
        return {"body": load(contract.body, sent_json())}
    if contract.patches:
        require_media_type(*PATCHES)
        return {"patch": partial(PATCHES[request.mimetype], patch=sent_json())}
    if contract.takes:
        require_media_type(*contract.takes)
    return {}


def _with_form(query: type[RequestSchema] | None) -> RequestSchema:
    """`query` with what every operation takes."""
    return type(query.__name__, (query, FormQuerySchema), {})() if query else FormQuerySchema()


def defaults_of(query: RequestSchema) -> Callable[[], dict[str, Any]]:
    """A function that loads an empty query as `query` does, without the 30 us that webargs and marshmallow take."""
    given = [
        (field.attribute or name, field.load_default)
        for name, field in query.load_fields.items()
        if field.load_default is not missing
    ]
    return lambda: {name: default() if callable(default) else default for name, default in given}


def require_once(args: Any) -> None:
    """Pass a query that gives each parameter once."""
    detail = "Must be given once; join several values with commas."
    twice = [Fault(detail, parameter=name) for name, values in args.lists() if len(values) > 1]
    if twice:
        raise Invalid(faults=twice)


def require_media_type(*accepted: str) -> None:
    """Pass a request whose body is of a type in `accepted`, in UTF-8."""
    if request.mimetype not in accepted:
        raise UnsupportedMediaType.at(f"Send Content-Type: {' or '.join(accepted)}.", header="Content-Type")


def answer(
    document: bytes,
    version: int | str,
    status: int = 200,
    location: str | None = None,
    *,
    fields: Collection[str] | None = None,
    media_type: str = JSON,
    cache_control: str = "private, no-cache",
) -> Response:
    """`document` as it is stored, or only some `fields` of it, with its ETag.

    304 where the reader has it; 204 where the writer would rather not read what was just sent.
    """
    environ = request.environ
    tag = etag(version, form_of(fields, pretty=wants_pretty(environ)))
    headers = {"ETag": tag, "Cache-Control": cache_control}
    if location:
        headers["Location"] = location
    if request.method in ("GET", "HEAD"):
        if (if_none_match := environ.get("HTTP_IF_NONE_MATCH")) is not None:
            takes_gzip = codings_for(environ.get("HTTP_ACCEPT_ENCODING")).gzip
            if known := known_tag(if_none_match, tag, gzip=takes_gzip):
                return Response(status=304, headers=headers | {"ETag": known})
    elif wish := preferred(environ.get("HTTP_PREFER")).get("return"):
        if wish == "minimal":
            headers |= {"ETag": etag(version), APPLIED: "return=minimal"}
            return Response(status=204, headers=headers)
        if wish == "representation":
            headers[APPLIED] = "return=representation"
    return Response(select(document, fields) if fields else document, status, headers, content_type=media_type)
