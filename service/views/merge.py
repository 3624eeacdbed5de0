"""/v1/events/{id}/merge: two records found to be of one event."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
from flask import Blueprint, Response, request, url_for
from psycopg import Connection

from schemas.events import EventSchema, MergeSchema, NewEventSchema
from service import store
from service.errors import Conflict, Gone, Invalid, Moved, NotFound, PreconditionRequired, Stale
from service.events.diff import changed_fields
from service.events.merge import merge, merged_record
from service.events.normalize import Record
from service.events.write import related_event_ids, revise_event
from service.http.auth import requires
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
    """Let an event be another one from now on.

    Needs If-Match with the ETag of the event that goes: it answers 308 from then on, and its revisions remain readable.
    Its external ids, sources, citations, relations and tags move to the event named in `into`, which is the answer.
    Citations of facts that the other event does not state stay behind; `change.reason` names them.
    """
    into, now = UUID(body["into"]), datetime.now(UTC)
    _require_two(event_id, into)
    with transaction() as conn:
        store.events.records.lock_events(conn, [event_id, into])
        goes = store.events.records.get_event(conn, event_id)
        require_match(request.headers.get("If-Match"), goes.version)
        stays = _target(conn, into)
        before, after = orjson.loads(goes.document), orjson.loads(stays.document)
        content = _together(conn, after, before)
        last = merged_record(before, str(into), now)
        by = Authorship(key_id(), last["change"]["kind"], last["change"]["reason"], changed_fields(before, last))
        store.events.records.merge_event(conn, goes, into, by, document=render(last), now=now)
        stored = revise_event(conn, stays, content, now=now, key_id=key_id(), may_be_missing=related_event_ids(before))
    response = respond(stored.document, stored.version)
    response.headers["Content-Location"] = url_for("events.get_event", event_id=into)
    return response


def _require_two(goes: UUID, stays: UUID) -> None:
    if goes == stays:
        raise Invalid.at("An event cannot be merged into itself.", pointer="#/into")


def _target(conn: Connection, into: UUID) -> StoredEvent:
    """The event that stays. Invalid where it never was, Conflict where it is not there any more."""
    try:
        return store.events.records.get_event(conn, into)
    except NotFound as error:
        raise Invalid.at(error.detail, pointer="#/into") from error
    except (Gone, Moved) as error:
        raise Conflict.at(error.detail, pointer="#/into") from error


def _together(conn: Connection, stays: Record, goes: Record) -> Record:
    """What both say, checked as if a client had sent it. Conflict where it is more than one event may hold."""
    named = [UUID(relation["event"]) for relation in stays["relations"] + goes["relations"] if relation["event"]]
    now = store.events.records.follow_merges(conn, named)
    own = [str(id_) for id_, is_now in now.items() if str(is_now) in (stays["id"], goes["id"])]
    try:
        content: Record = load(_NEW_EVENT, merge(stays, goes, own).content)
    except Invalid as error:
        raise Conflict("The two together would not be a valid event.", error.faults) from error
    return content
