"""/v1/events/{id}/merge: merge an event into another one."""

from typing import Any
from uuid import UUID

import orjson
from flask import Blueprint, Response, request, url_for
from psycopg import Connection

from schemas.events import EventSchema, MergeSchema, NewEventSchema
from service import clock, store
from service.errors import Conflict, Gone, Invalid, Moved, NotFound, PreconditionRequired, Stale
from service.events.diff import changed_fields
from service.events.merge import merge, merged_record
from service.events.normalize import Record
from service.events.write import related_event_ids, revise_event
from service.http.auth import may_read, requires
from service.http.conditional import require_match
from service.http.context import key_id, transaction
from service.http.operation import operation, respond
from service.store.events.records import Authorship, StoredEvent
from service.strict_json import render
from service.validation import load

merging = Blueprint("merging", __name__, url_prefix="/v1/events/<uuid:event_id>/merge")

_NEW_EVENT = NewEventSchema()


@merging.post("")
@requires("events:write")
@operation(
    body=MergeSchema,
    returns=(200, EventSchema),
    also=[NotFound, Gone, Conflict, Stale, PreconditionRequired],
    conditional=True,
)
def merge_event(event_id: UUID, body: dict[str, Any]) -> Response:
    """Merge an event into another one.

    Requires If-Match with the ETag of the event in the address: it responds with 308 from then on, and its revisions
    remain readable. Its external ids, sources, citations, relations and tags move to the event `into`, which is the
    response. Citations of facts that the other event lacks stay behind; `change.reason` lists them.
    """
    into, now = UUID(body["into"]), clock.now()
    _require_distinct(event_id, into)
    with transaction() as conn:
        store.events.records.lock_events(conn, [event_id, into])
        goes = store.events.records.get_event(conn, event_id)
        require_match(request.headers, goes.version)
        stays = _target(conn, into)
        before, after = orjson.loads(goes.document), orjson.loads(stays.document)
        content = _merged_content(conn, after, before)
        last = merged_record(before, str(into), now)
        by = Authorship(key_id(), last["change"]["kind"], last["change"]["reason"], changed_fields(before, last))
        store.events.records.merge_event(conn, goes, into, by, document=render(last), now=now)
        stored = revise_event(conn, stays, content, now=now, key_id=key_id(), may_be_missing=related_event_ids(before))
    response = respond(stored.document, stored.version)
    response.headers["Content-Location"] = url_for("events.get_event", event_id=into)
    return response


def _require_distinct(goes: UUID, stays: UUID) -> None:
    if goes == stays:
        raise Invalid.at("An event cannot be merged into itself.", pointer="#/into")


def _target(conn: Connection, into: UUID) -> StoredEvent:
    """Return the event that stays. Invalid if it never existed, Conflict if it was deleted or merged."""
    try:
        return store.events.records.get_event(conn, into)
    except NotFound as error:
        raise Invalid.at(error.detail, pointer="#/into") from error
    except (Gone, Moved) as error:
        raise Conflict.at(error.detail, pointer="#/into") from error


def _merged_content(conn: Connection, stays: Record, goes: Record) -> Record:
    """Return the merged content, validated as a request. Conflict if it exceeds the limits of one event."""
    current = store.events.records.follow_merges(conn, related_event_ids(stays) + related_event_ids(goes))
    own = [str(id_) for id_, current_id in current.items() if str(current_id) in (stays["id"], goes["id"])]
    try:
        content: Record = load(_NEW_EVENT, merge(stays, goes, own).content, [stays, goes])
    except Invalid as error:
        raise Conflict("The merged event would not be valid.", error.faults if may_read() else ()) from error
    return content
