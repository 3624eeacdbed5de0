"""/v1/search: the list of events, with filters as JSON."""

from collections.abc import Iterator, Mapping
from typing import Any

from flask import Blueprint, Response

from schemas.filters import NOT
from schemas.lists import EventPageSchema, SearchPageQuerySchema, SearchSchema
from service.errors import Fault, Invalid, ServiceError
from service.http.auth import requires
from service.http.content_negotiation import FILES
from service.http.operation import operation
from service.http.representation import requested_format
from service.views.exports import answer_events

searching = Blueprint("searching", __name__, url_prefix="/v1/search")


@searching.post("")
@requires("events:read")
@operation(query=SearchPageQuerySchema, body=SearchSchema, returns=(200, EventPageSchema), safe=True, formats=FILES)
def search_events(query: dict[str, Any], body: dict[str, Any]) -> Response:
    """Search events by filters as JSON.

    The same as `GET /v1/events`, for filters that a URL cannot express: `all`, `any` and `not` combine filters, up to 8
    levels deep, with up to 100 conditions and 10 `q`. A value is a string, or a list of which any may match; commas
    have no meaning. The request changes nothing, so you need no Idempotency-Key. For the next page, post the same body
    to `next`, or add the cursor as `cursor`. With `format` you get a file of all matching events.
    """
    if query["cursor"] and body["cursor"]:
        raise Invalid.at("Give the cursor once: here or in the body.", parameter="cursor")
    try:
        return answer_events(requested_format(body, FILES), body | {"cursor": query["cursor"] or body["cursor"]})
    except ServiceError as error:
        error.faults = tuple(_in_body(fault, body) for fault in error.faults)
        raise


def _in_body(fault: Fault, body: Mapping[str, Any]) -> Fault:
    """Return the fault of a parameter at the member of the body with its meaning."""
    if fault.parameter is None:
        return fault
    members = [
        (pointer, value)
        for pointer, name, value in _members(body, "#")
        if name.removeprefix(NOT) == fault.parameter.removeprefix(NOT) and value is not None
    ]
    if not members:
        return fault
    # Of several it is the one whose value the detail quotes.
    quoted = [pointer for pointer, value in members if any(f'"{one}"' in fault.detail for one in _each(value))]
    return Fault(fault.detail, pointer=(quoted or [members[0][0]])[0])


def _members(value: Any, pointer: str) -> Iterator[tuple[str, str, Any]]:
    """Yield every member of the filters in `value`: its pointer, its name and its value."""
    for name, member in value.items() if isinstance(value, Mapping) else ():
        yield f"{pointer}/{name}", name, member
        for index, part in enumerate(member if name in ("all", "any") else ()):
            yield from _members(part, f"{pointer}/{name}/{index}")
        if name == "not":
            yield from _members(member, f"{pointer}/not")


def _each(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
