"""/v1/events/{id}/revisions and diff: the versions of an event and their differences."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, url_for
from psycopg import Connection

from schemas.events import EventSchema
from schemas.lists import PageQuerySchema, page_of
from schemas.revisions import DiffQuerySchema, DiffSchema, RevisionSchema
from service import store
from service.cursors import decode_cursor, encode_cursor, fingerprint
from service.errors import Gone, NotFound
from service.events.diff import comparable, patch_between
from service.events.normalize import Record, timestamp
from service.http.auth import require_revisions_readable, requires
from service.http.context import reading, settings
from service.http.operation import JSON, operation, respond
from service.http.pages import page_response, page_size
from service.store.events.revisions import Revision
from service.strict_json import render

history = Blueprint("history", __name__, url_prefix="/v1/events/<uuid:event_id>")


@history.get("/revisions")
@requires("events:read")
@operation(query=PageQuerySchema, returns=(200, page_of(RevisionSchema)), also=[NotFound])
def list_revisions(event_id: UUID, query: dict[str, Any]) -> Response:
    """List the versions of an event, newest first, with their authors.

    The versions of a deleted or merged event remain; the last one has that state. Those of a deleted one need a key.
    """
    limit = page_size(query)
    below = decode_cursor(query["cursor"], _bound_to(event_id), 1)[0] if query["cursor"] else None
    with reading() as conn:
        require_revisions_readable(conn, event_id)
        revisions = store.events.revisions.page_revisions(conn, event_id, below=below, limit=limit + 1)
    if not revisions:
        raise NotFound(f"There is no event {event_id}.")
    page, cursor = _page_of(event_id, revisions, limit)
    return page_response([render(_document(event_id, revision)) for revision in page], cursor)


@history.get("/revisions/<int:version>")
@requires("events:read")
@operation(returns=(200, EventSchema), also=[NotFound, Gone], conditional=True)
def get_revision(event_id: UUID, version: int) -> Response:
    """Read one version of an event."""
    with reading() as conn:
        require_revisions_readable(conn, event_id)
        revision = store.events.revisions.get_revision(conn, event_id, version)
    if revision.record_state == "deleted":
        raise Gone(f"Version {version} of the event {event_id} is its deletion.")
    return respond(revision.document, version)


@history.get("/diff")
@requires("events:read")
@operation(query=DiffQuerySchema, returns=(200, DiffSchema), also=[NotFound])
def compare_versions(event_id: UUID, query: dict[str, Any]) -> Response:
    """Compare two versions of an event.

    The patch turns `from` into `to`, which may be the earlier one. It omits `version`, `updated_at`,
    `content_changed_at` and `change`; `changes` has them for every version in between. Version 0 is the state before
    the first version. It is null, like a deletion: the patch then replaces the whole document.
    """
    limit = settings().max_page_size
    with reading() as conn:
        require_revisions_readable(conn, event_id)
        latest = store.events.revisions.get_latest_version(conn, event_id)
        to = latest if query["to"] is None else query["to"]
        since = max(to - 1, 0) if query["from"] is None else query["from"]
        before, after = _content(conn, event_id, since), _content(conn, event_id, to)
        low, high = sorted((since, to))
        between = store.events.revisions.page_revisions(conn, event_id, below=high + 1, above=low, limit=limit + 1)
    page, cursor = _page_of(event_id, between, limit)
    difference = {
        "from": since,
        "to": to,
        "patch": patch_between(before, after),
        "changes": [_document(event_id, revision) for revision in page],
        "next": url_for("history.list_revisions", event_id=event_id, cursor=cursor) if cursor else None,
    }
    return Response(render(difference), content_type=JSON, headers={"Cache-Control": "private, no-cache"})


def _bound_to(event_id: UUID) -> str:
    return fingerprint("revisions", str(event_id))


def _page_of(event_id: UUID, revisions: Sequence[Revision], limit: int) -> tuple[Sequence[Revision], str | None]:
    """Return at most `limit` of the revisions, and a cursor if there are more."""
    more = len(revisions) > limit
    return revisions[:limit], encode_cursor(_bound_to(event_id), [str(revisions[limit - 1].version)]) if more else None


def _content(conn: Connection, event_id: UUID, version: int) -> Record | None:
    """Return the content of a version, or None for version 0 and for a deletion."""
    if version == 0:
        return None
    revision = store.events.revisions.get_revision(conn, event_id, version)
    return None if revision.record_state == "deleted" else comparable(revision.document)


def _document(event_id: UUID, revision: Revision) -> dict[str, Any]:
    """Return a revision as RevisionSchema describes it."""
    address = url_for("history.get_revision", event_id=event_id, version=revision.version)
    return {
        "version": revision.version,
        "recorded_at": timestamp(revision.recorded_at),
        "record_state": revision.record_state,
        "change": {"kind": revision.change_kind, "reason": revision.reason},
        "key": {"name": revision.key_name} if revision.key_name else None,
        "url": None if revision.record_state == "deleted" else address,
    }
