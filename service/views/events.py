"""/v1/events: list, create, read, change and delete events."""

from typing import Any
from uuid import UUID

import orjson
from flask import Blueprint, Response, request, url_for
from psycopg import Connection

from schemas.events import EventSchema, NewEventSchema
from schemas.lists import EventPageSchema, EventQuerySchema, OneEventQuerySchema
from service import clock, store
from service.errors import Conflict, Duplicate, Gone, Invalid, Moved, NotFound, PreconditionRequired, Stale
from service.events.duplicates import find_duplicates
from service.events.write import record_event, revise_event
from service.http.auth import own_faults, require_revisions_readable, requires
from service.http.conditional import require_match
from service.http.content_negotiation import FORMATS, PREFER, PREFERENCE_APPLIED, preferences
from service.http.context import json_body, key_id, reading, transaction
from service.http.operation import Patch, operation, respond
from service.http.problems import duplicate_links
from service.http.representation import requested_format
from service.ids import uuid7
from service.search.find import require_past
from service.store.events.records import Authorship, StoredEvent
from service.validation import load
from service.views.exports import answer_events

events = Blueprint("events", __name__, url_prefix="/v1/events")

_NEW_EVENT = NewEventSchema()


@events.get("")
@requires("events:read")
@operation(query=EventQuerySchema, returns=(200, EventPageSchema), formats=FORMATS)
def list_events(query: dict[str, Any]) -> Response:
    r"""List events.

    An event must match every filter, and at least one value of each; `not_` before a name negates a filter. Write a
    comma within a value as `\,`. The `date…` parameters together describe one date, the `figure_…` parameters one
    figure. For filters that a URL cannot express use `POST /v1/search`.

    With `q` the best matches come first, otherwise the newest main dates, unless you set `sort`; events without the
    date come last. `format` or Accept selects another format: a file with all matches, or a feed; see
    `/v1/events.{suffix}`.
    """
    return answer_events(requested_format(query, FORMATS), query)


@events.post("")
@requires("events:write")
@operation(body=NewEventSchema, returns=(201, EventSchema), also=[Conflict])
def create_event(body: dict[str, Any]) -> Response:
    """Record a policy event.

    The response is 409 if an external id belongs to another event. Likely duplicates, by source, title, number, party
    and date, are listed in `Link` with rel="duplicate"; with `Prefer: handling=strict` the response is 409 instead.
    """
    id_, strict = uuid7(), preferences(request.headers.get(PREFER)).get("handling") == "strict"
    with transaction() as conn:
        likely = find_duplicates(conn, body)
        if strict and likely:
            raise Duplicate("The event is probably recorded already; nothing was stored.", likely)
        stored = record_event(conn, body, id=id_, now=clock.now(), key_id=key_id())
    response = respond(stored.document, stored.version, 201, url_for("events.get_event", event_id=id_))
    if strict:
        applied = filter(None, (response.headers.get(PREFERENCE_APPLIED), "handling=strict"))
        response.headers[PREFERENCE_APPLIED] = ", ".join(applied)
    if likely:
        response.headers["Link"] = duplicate_links(likely)
    return response


@events.get("/<uuid:event_id>")
@requires("events:read")
@operation(query=OneEventQuerySchema, returns=(200, EventSchema), also=[Moved, NotFound, Gone], conditional=True)
def get_event(event_id: UUID, query: dict[str, Any]) -> Response:
    """Read one event.

    With `as_of` you get the response of that instant: 404 before the creation, 410 after the deletion, 308 after the
    merge. An event that was deleted since then needs a key.
    """
    as_of = query["as_of"]
    require_past(as_of)
    with reading() as conn:
        if as_of is None:
            stored = store.events.records.get_event(conn, event_id)
        else:
            require_revisions_readable(conn, event_id)
            stored = store.events.revisions.get_event_as_of(conn, event_id, as_of)
    return respond(stored.document, stored.version, fields=query["fields"])


def _stored_document(event_id: UUID) -> Any:
    """Return the record of the event."""
    with reading() as conn:
        return orjson.loads(store.events.records.get_event(conn, event_id).document)


@events.put("/<uuid:event_id>")
@requires("events:write")
@operation(
    body=NewEventSchema,
    replaces=_stored_document,
    returns=(200, EventSchema),
    also=[NotFound, Gone, Conflict, Stale, PreconditionRequired],
    conditional=True,
)
def replace_event(event_id: UUID, body: dict[str, Any]) -> Response:
    """Replace an event.

    Requires If-Match. Unchanged content makes no new version. Computed fields are ignored.
    """
    with transaction() as conn:
        stored = _get_matching(conn, event_id)
        stored = revise_event(conn, stored, body, now=clock.now(), key_id=key_id())
    return respond(stored.document, stored.version)


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

    Requires If-Match. In a merge patch null removes a field, and lists are replaced as a whole. A JSON Patch can change
    members of lists; a failed `test` operation gives 409. `change` comes from the patch alone.
    """
    with reading() as conn:
        stored = _get_matching(conn, event_id)
    before = _without_reason(stored.document)
    with own_faults(json_body):
        content = load(_NEW_EVENT, patch(before), before)
    with transaction() as conn:
        stored = revise_event(conn, stored, content, now=clock.now(), key_id=key_id())
    return respond(stored.document, stored.version)


@events.delete("/<uuid:event_id>")
@requires("events:write")
@operation(returns=(204, None), also=[NotFound, Gone, Conflict, Stale, PreconditionRequired], conditional=True)
def delete_event(event_id: UUID) -> Response:
    """Delete an event.

    Requires If-Match. Its address responds with 410 from then on; its revisions remain readable with a key.
    """
    with transaction() as conn:
        stored = _get_matching(conn, event_id)
        by = Authorship(key_id(), None, None)
        store.events.records.delete_event(conn, event_id, by, expected=stored.version, now=clock.now())
    return Response(status=204)


def _get_matching(conn: Connection, event_id: UUID) -> StoredEvent:
    """Return the event. Stale if If-Match names another version, PreconditionRequired without If-Match."""
    stored = store.events.records.get_event(conn, event_id)
    require_match(request.headers, stored.version)
    return stored


def _without_reason(document: bytes) -> dict[str, Any]:
    """Return the record without the reason of its last change, which does not apply to the next one."""
    record: dict[str, Any] = orjson.loads(document)
    del record["change"]
    return record
