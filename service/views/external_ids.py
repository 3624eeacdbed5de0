"""/v1/events/by: events by their ids in other systems."""

from collections.abc import Collection
from typing import Any

import orjson
from flask import Blueprint, Response, request, url_for

from schemas.events import EventSchema, NewEventSchema
from schemas.lists import FieldsQuerySchema
from schemas.parts import NewExternalIdSchema
from service import clock, store
from service.errors import Conflict, Invalid, NotFound, Stale
from service.events.write import record_event, revise_event
from service.http.auth import requires
from service.http.conditional import require_absence, require_match
from service.http.context import key_id, reading, transaction
from service.http.operation import operation, respond
from service.ids import uuid7
from service.store.events.records import StoredEvent
from service.validation import load

external_ids = Blueprint("external_ids", __name__, url_prefix="/v1/events/by")

_NEW_EXTERNAL_ID = NewExternalIdSchema()


@external_ids.get("/<scheme>/<path:value>")
@requires("events:read")
@operation(query=FieldsQuerySchema, returns=(200, EventSchema), also=[NotFound], conditional=True)
def get_event_by_external_id(scheme: str, value: str, query: dict[str, Any]) -> Response:
    """Read the event with this external id."""
    with reading() as conn:
        stored = store.events.records.get_event_by_external_id(conn, scheme, value)
    return _respond(stored, fields=query["fields"])


def _stored_document(scheme: str, value: str) -> Any:
    """Return the record of the event with this external id, or None if there is none."""
    with reading() as conn:
        stored = store.events.records.find_event_by_external_id(conn, scheme, value)
    return orjson.loads(stored.document) if stored else None


@external_ids.put("/<scheme>/<path:value>")
@requires("events:write")
@operation(
    body=NewEventSchema,
    replaces=_stored_document,
    returns=(200, EventSchema),
    also=[Conflict, Stale],
    upsert=True,
)
def upsert_event(scheme: str, value: str, body: dict[str, Any]) -> Response:
    """Create or replace the event with this external id.

    The response is 201 if it was created, 200 if it was replaced or unchanged. If-Match and `If-None-Match: *` are
    optional.
    """
    _add_external_id(body, scheme, value)
    now = clock.now()
    with transaction() as conn:
        store.events.records.lock_external_id(conn, scheme, value)
        stored = store.events.records.find_event_by_external_id(conn, scheme, value, lock=True)
        _require_conditions(stored)
        if stored is None:
            return _respond(record_event(conn, body, id=uuid7(), now=now, key_id=key_id()), 201)
        return _respond(revise_event(conn, stored, body, now=now, key_id=key_id()))


def _require_conditions(stored: StoredEvent | None) -> None:
    """Raise Stale if a condition fails: If-Match needs its version of the event, `If-None-Match: *` needs no event."""
    if stored is None:
        require_absence(request.headers)
    else:
        require_match(request.headers, stored.version, required=False)


def _add_external_id(body: dict[str, Any], scheme: str, value: str) -> None:
    """Add the id of the address to the body. Invalid if the body has another id of the same scheme."""
    load(_NEW_EXTERNAL_ID, {"scheme": scheme, "value": value})
    values = [external["value"] for external in body["external_ids"] if external["scheme"] == scheme]
    if not values:
        body["external_ids"] = [*body["external_ids"], {"scheme": scheme, "value": value}]
    elif value not in values:
        raise Invalid.at(f'The body has {scheme} "{values[0]}", the address "{value}".', pointer="#/external_ids")


def _respond(stored: StoredEvent, status: int = 200, fields: Collection[str] | None = None) -> Response:
    """Return the event, with its address by its own id in Content-Location."""
    address = url_for("events.get_event", event_id=stored.id)
    response = respond(stored.document, stored.version, status, address if status == 201 else None, fields=fields)  # noqa: PLR2004 (Created)
    response.headers["Content-Location"] = address
    return response
