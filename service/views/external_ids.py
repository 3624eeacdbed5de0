"""/v1/events/by: events under the ids that other systems gave them."""

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Response, request, url_for

from schemas.events import EventSchema, NewEventSchema
from schemas.lists import FieldsQuerySchema
from schemas.parts import NewExternalIdSchema
from service import store
from service.errors import Conflict, Invalid, NotFound, Stale
from service.events.write import record_event, revise_event
from service.http.auth import requires
from service.http.conditional import is_known, require_match
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
    """Read the event that another system knows by this id."""
    with reading() as conn:
        stored = store.events.records.get_event_by_external_id(conn, scheme, value)
    return _told(stored, fields=query["fields"])


@external_ids.put("/<scheme>/<path:value>")
@requires("events:write")
@operation(body=NewEventSchema, returns=(200, EventSchema), also=[Conflict, Stale], upsert=True)
def upsert_event(scheme: str, value: str, body: dict[str, Any]) -> Response:
    """Create or replace the event that another system knows by this id.

    201 where it was created, 200 where it was replaced or said nothing new. If-Match and `If-None-Match: *` are not
    needed, but honoured.
    """
    _state_id(body, scheme, value)
    now = datetime.now(UTC)
    with transaction() as conn:
        store.events.records.lock_external_id(conn, scheme, value)
        stored = store.events.records.find_event_by_external_id(conn, scheme, value, lock=True)
        _check_conditions(stored)
        if stored is None:
            return _told(record_event(conn, body, id=uuid7(), now=now, key_id=key_id()), 201)
        return _told(revise_event(conn, stored, body, now=now, key_id=key_id()))


def _check_conditions(stored: StoredEvent | None) -> None:
    """Pass what the client's conditions allow: If-Match needs an event, `If-None-Match: *` needs none."""
    if_match = request.headers.get("If-Match")
    if if_match is not None and stored is None:
        raise Stale("There is no such event yet; send no If-Match to create it.")
    if stored and if_match is not None:
        require_match(if_match, stored.version)
    if stored and is_known(request.headers.get("If-None-Match"), stored.version):
        raise Stale(f"The event exists already, as version {stored.version}.")


def _state_id(body: dict[str, Any], scheme: str, value: str) -> None:
    """Let the record state the id in its address. Invalid where it states another one of the same scheme."""
    load(_NEW_EXTERNAL_ID, {"scheme": scheme, "value": value})
    stated = [external["value"] for external in body["external_ids"] if external["scheme"] == scheme]
    if not stated:
        body["external_ids"] = [*body["external_ids"], {"scheme": scheme, "value": value}]
    elif value not in stated:
        raise Invalid.at(f'The body says {scheme} "{stated[0]}", the address "{value}".', pointer="#/external_ids")


def _told(stored: StoredEvent, status: int = 200, fields: Collection[str] | None = None) -> Response:
    """The event, and where it stands by its own id."""
    address = url_for("events.get_event", event_id=stored.id)
    response = respond(stored.document, stored.version, status, address if status == 201 else None, fields=fields)  # noqa: PLR2004 (Created)
    response.headers["Content-Location"] = address
    return response
