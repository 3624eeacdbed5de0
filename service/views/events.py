"""/v1/events: the record over HTTP."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
from flask import Blueprint, Response, request, url_for
from psycopg import Connection, DataError

from schemas.event import EventSchema, NewEventSchema
from schemas.listing import EventQuerySchema, OneEventQuerySchema, counted_page_of
from service import store
from service.api import Patch, answer, load, operation
from service.auth import requires
from service.conditional import require_match
from service.current import key_id, reading, transaction
from service.errors import Conflict, Fault, Gone, Invalid, Moved, NotFound, PreconditionRequired, Stale
from service.events.duplicates import clues_of, refuse
from service.events.recording import record_event, revise_event
from service.ids import uuid7
from service.paging import decode_cursor, encode_cursor, fingerprint, unusable
from service.preferring import APPLIED, preferred
from service.preferring import HEADER as PREFER
from service.problems import duplicate_links
from service.store.events import Authorship
from service.store.listing import Order
from service.views.pages import page, page_size, selected

events = Blueprint("events", __name__, url_prefix="/v1/events")

_NEW_EVENT = NewEventSchema()


@events.get("")
@requires("events:read")
@operation(query=EventQuerySchema, returns=(200, counted_page_of(EventSchema)))
def list_events(query: dict[str, Any]) -> Response:
    """List events.

    Newest first by the main date unless `sort` says otherwise; events without the date come last.
    """
    order = [Order(name, descending) for name, descending in query["sort"]]
    filters = {name: query[name] for name in store.listing.FILTERS if name in query}
    limit = page_size(query)
    bound_to = fingerprint(sorted(filters.items()), query["sort"], query["as_of"])
    after = decode_cursor(query["cursor"], bound_to, len(order) + 1) if query["cursor"] else None
    require_past(query["as_of"])
    with reading() as conn:
        if "topic" in filters:
            filters["topic"] = store.topics.narrower_of(conn, filters["topic"])
        try:
            found = store.listing.page_events(conn, filters, order, after, limit, as_of=query["as_of"])
        except DataError as error:  # the fingerprint is no secret: what follows it may be forged
            raise (unusable() if after else error) from error
        count = _count(conn, filters, query)
    cursor = encode_cursor(bound_to, found.end) if found.end else None
    return page(selected(found.documents, query["fields"]), cursor, count=count)


@events.post("")
@requires("events:write")
@operation(body=NewEventSchema, returns=(201, EventSchema), also=[Conflict])
def create_event(body: dict[str, Any]) -> Response:
    """Record a policy event.

    An external id that belongs to another event answers 409 and keeps nothing. Events that this one may be, by a source
    or by title, parties and date, are named in `Link` with rel="duplicate"; with `Prefer: handling=strict` they are
    reason enough for 409.
    """
    id_, strict = uuid7(), preferred(request.headers.get(PREFER)).get("handling") == "strict"
    with transaction() as conn:
        likely = store.duplicates.find_duplicates(conn, clues_of(body))
        if strict:
            refuse(likely)
        stored = record_event(conn, body, id=id_, now=datetime.now(UTC), key_id=key_id())
    response = answer(stored.document, stored.version, 201, url_for("events.get_event", event_id=id_))
    if strict:
        response.headers[APPLIED] = ", ".join(filter(None, (response.headers.get(APPLIED), "handling=strict")))
    if likely:
        response.headers["Link"] = duplicate_links(likely)
    return response


@events.get("/<uuid:event_id>")
@requires("events:read")
@operation(query=OneEventQuerySchema, returns=(200, EventSchema), also=[Moved, NotFound, Gone], conditional=True)
def get_event(event_id: UUID, query: dict[str, Any]) -> Response:
    """Read one event.

    With `as_of` as it was readable then: 404 before it was recorded, 410 and 308 as they would have been answered.
    """
    as_of = query["as_of"]
    require_past(as_of)
    with reading() as conn:
        if as_of is None:
            stored = store.events.get_event(conn, event_id)
        else:
            stored = store.revisions.get_event_as_of(conn, event_id, as_of)
    return answer(stored.document, stored.version, fields=query["fields"])


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
@operation(returns=(204, None), also=[NotFound, Gone, Conflict, Stale, PreconditionRequired], conditional=True)
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


def _count(conn: Connection, filters: dict[str, Any], query: dict[str, Any]) -> dict[str, Any] | None:
    """How many events match, as `count` asks; None where it does not."""
    kind = query["count"]
    return {"value": _COUNTS[kind](conn, filters, query["as_of"]), "kind": kind} if kind else None


_COUNTS = {"exact": store.counting.count_events, "estimate": store.counting.estimate_events}


def require_past(as_of: datetime | None) -> None:
    """Pass an instant whose answer is known by now."""
    if as_of is not None and as_of > datetime.now(UTC):
        detail = "Lies in the future, of which nothing is known yet."
        raise Invalid(detail, [Fault(detail, parameter="as_of")])


def _without_reason(document: bytes) -> dict[str, Any]:
    """The record without the reason for its last change, which is not that for the next."""
    record: dict[str, Any] = orjson.loads(document)
    del record["change"]
    return record
