"""/v1/events: the record over HTTP."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
from flask import Blueprint, Response, request, url_for
from psycopg import DataError

from schemas.event import EventSchema, NewEventSchema
from schemas.listing import EventQuerySchema, page_of
from service import store
from service.api import answer, load, operation
from service.auth import requires
from service.conditional import require_match
from service.current import caller, reading, transaction
from service.errors import Conflict, Gone, Invalid, NotFound, PreconditionRequired, Stale
from service.events.patching import merge_patch
from service.events.recording import record_event, revise_event
from service.ids import uuid7
from service.paging import decode_cursor, encode_cursor, fingerprint, unusable
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
        try:
            found = store.listing.page_events(conn, filters, order, after, limit)
        except DataError as error:  # the fingerprint is no secret: what follows it may be forged
            raise (unusable() if after else error) from error
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
        stored = record_event(conn, body, id=id_, now=datetime.now(UTC), key_id=_key_id())
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
        stored = revise_event(conn, stored, body, now=datetime.now(UTC), key_id=_key_id())
    return answer(stored.document, stored.version)


@events.patch("/<uuid:event_id>")
@requires("events:write")
@operation(
    patches=NewEventSchema,
    returns=(200, EventSchema),
    also=[NotFound, Gone, Conflict, Invalid, Stale, PreconditionRequired],
    conditional=True,
)
def patch_event(event_id: UUID, patch: Any) -> Response:
    """Change parts of an event by JSON Merge Patch (RFC 7396).

    Needs If-Match. Null takes a field away, lists are replaced whole; `change` is taken from the patch alone.
    """
    with transaction() as conn:
        stored = store.events.get_event(conn, event_id)
        require_match(request.headers.get("If-Match"), stored.version)
        content = load(_NEW_EVENT, merge_patch(_without_reason(stored.document), patch))
        stored = revise_event(conn, stored, content, now=datetime.now(UTC), key_id=_key_id())
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
        by = Authorship(_key_id(), None, None)
        store.events.delete_event(conn, event_id, by, expected=stored.version, now=datetime.now(UTC))
    return Response(status=204)


@events.get("/<uuid:event_id>/revisions/<int:version>")
@requires("events:read")
@operation(returns=(200, EventSchema), also=[NotFound, Gone], conditional=True)
def get_revision(event_id: UUID, version: int) -> Response:
    """Read one version of an event, as it was served then."""
    with reading() as conn:
        revision = store.events.get_revision(conn, event_id, version)
    if revision.document is None:
        raise Gone(f"Version {version} of the event {event_id} is its deletion.")
    return answer(revision.document, version)


def _key_id() -> UUID | None:
    key = caller()
    return key.id if key else None


def _without_reason(document: bytes) -> dict[str, Any]:
    """The record without the reason for its last change, which is not that for the next."""
    record: dict[str, Any] = orjson.loads(document)
    del record["change"]
    return record
