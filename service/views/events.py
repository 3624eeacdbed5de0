"""/v1/events: the record over HTTP."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
from flask import Blueprint, Response, request, url_for

from schemas.event import EventSchema, NewEventSchema
from schemas.listing import EventQuerySchema, page_of
from service import store
from service.api import Patch, answer, load, operation
from service.auth import requires
from service.conditional import require_match
from service.current import key_id, reading, transaction
from service.errors import Conflict, Gone, Invalid, NotFound, PreconditionRequired, Stale
from service.events.recording import record_event, revise_event
from service.ids import uuid7
from service.paging import decode_cursor, encode_cursor, fingerprint
from service.store.events import Authorship
from service.store.listing import Order
from service.views.pages import page, page_size

events = Blueprint("events", __name__, url_prefix="/v1/events")

_NEW_EVENT = NewEventSchema()


@events.get("")
@requires("events:read")
@operation(query=EventQuerySchema, returns=(200, page_of(EventSchema)))
def list_events(query: dict[str, Any]) -> Response:
    """List events.

    Newest first by the main date unless `sort` says otherwise; events without the date come last.
    """
    order = [Order(name, descending) for name, descending in query["sort"]]
    filters = {name: query[name] for name in store.listing.FILTERS if name in query}
    limit = page_size(query)
    bound_to = fingerprint(sorted(filters.items()), query["sort"])
    after = decode_cursor(query["cursor"], bound_to, len(order) + 1) if query["cursor"] else None
    with reading() as conn:
        if "topic" in filters:
            filters["topic"] = store.topics.narrower_of(conn, filters["topic"])
        found = store.listing.page_events(conn, filters, order, after, limit)
    return page(found.documents, encode_cursor(bound_to, found.end) if found.end else None)


@events.post("")
@requires("events:write")
@operation(body=NewEventSchema, returns=(201, EventSchema), also=[Conflict])
def create_event(body: dict[str, Any]) -> Response:
    """Record a policy event.

    An external id that belongs to another event answers 409 and keeps nothing.
    """
    id_ = uuid7()
    with transaction() as conn:
        stored = record_event(conn, body, id=id_, now=datetime.now(UTC), key_id=key_id())
    return answer(stored.document, stored.version, 201, url_for("events.get_event", event_id=id_))


@events.get("/<uuid:event_id>")
@requires("events:read")
@operation(returns=(200, EventSchema), also=[NotFound, Gone], conditional=True)
def get_event(event_id: UUID) -> Response:
    """Read one event."""
    with reading() as conn:
        stored = store.events.get_event(conn, event_id)
    return answer(stored.document, stored.version)


@events.put("/<uuid:event_id>")
@requires("events:write")
@operation(
    body=NewEventSchema,
    returns=(200, EventSchema),
    also=[NotFound, Gone, Conflict, Stale, PreconditionRequired],
    conditional=True,
)
def replace_event(event_id: UUID, body: dict[str, Any]) -> Response:
    """Replace an event.

    Needs If-Match. What says nothing new makes no new version. Fields of the service's own are ignored.
    """
    with transaction() as conn:
        stored = store.events.get_event(conn, event_id)
        require_match(request.headers.get("If-Match"), stored.version)
        stored = revise_event(conn, stored, body, now=datetime.now(UTC), key_id=key_id())
    return answer(stored.document, stored.version)


@events.patch("/<uuid:event_id>")
@requires("events:write")
@operation(
    patches=NewEventSchema,
    returns=(200, EventSchema),
    also=[NotFound, Gone, Conflict, Invalid, Stale, PreconditionRequired],
    conditional=True,
)
def patch_event(event_id: UUID, patch: Patch) -> Response:
    """Change parts of an event by JSON Merge Patch (RFC 7396) or JSON Patch (RFC 6902).

    Needs If-Match. By merge patch null takes a field away and lists are replaced whole; by JSON Patch members of lists
    can be changed, and `test` operations that fail answer 409. `change` is taken from the patch alone.
    """
    with transaction() as conn:
        stored = store.events.get_event(conn, event_id)
        require_match(request.headers.get("If-Match"), stored.version)
        content = load(_NEW_EVENT, patch(_without_reason(stored.document)))
        stored = revise_event(conn, stored, content, now=datetime.now(UTC), key_id=key_id())
    return answer(stored.document, stored.version)


@events.delete("/<uuid:event_id>")
@requires("events:write")
@operation(returns=(204, None), also=[NotFound, Gone, Stale, PreconditionRequired], conditional=True)
def delete_event(event_id: UUID) -> Response:
    """Delete an event.

    Needs If-Match. It answers 410 from then on; its revisions remain readable.
    """
    with transaction() as conn:
        stored = store.events.get_event(conn, event_id)
        require_match(request.headers.get("If-Match"), stored.version)
        by = Authorship(key_id(), None, None)
        store.events.delete_event(conn, event_id, by, expected=stored.version, now=datetime.now(UTC))
    return Response(status=204)


def _without_reason(document: bytes) -> dict[str, Any]:
    """The record without the reason for its last change, which is not that for the next."""
    record: dict[str, Any] = orjson.loads(document)
    del record["change"]
    return record
