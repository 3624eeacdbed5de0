"""/v1/events/{id}/relations: the relations of an event, in both directions."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import orjson
from flask import Blueprint, Response
from psycopg import Connection

from schemas.lists import PageQuerySchema, page_of
from schemas.relations import EventRelationSchema
from service import store
from service.cursors import decode_cursor, encode_cursor, fingerprint
from service.errors import Gone, Moved, NotFound
from service.events.relations import incoming, outgoing
from service.http.auth import requires
from service.http.context import reading
from service.http.operation import operation
from service.http.pages import page_response, page_size
from service.store.events.relations import IncomingRelation
from service.strict_json import render

relations = Blueprint("relations", __name__, url_prefix="/v1/events/<uuid:event_id>/relations")

#: A relation, outgoing as in the record or incoming as in the database, with its position in the list.
Positioned = tuple[list[str], dict[str, Any] | IncomingRelation]

#: First member of the position of an outgoing relation; the second is its index. The position of an incoming relation
#: is its event's id and its type.
_OUTGOING = "outgoing"


@relations.get("")
@requires("events:read")
@operation(query=PageQuerySchema, returns=(200, page_of(EventRelationSchema)), also=[Moved, NotFound, Gone])
def list_relations(event_id: UUID, query: dict[str, Any]) -> Response:
    """List the relations of an event: first the outgoing, then the incoming ones.

    A relation to a merged event leads to the event that it was merged into; a relation to a deleted event says so.
    """
    limit, bound_to = page_size(query), fingerprint("relations", str(event_id))
    after = decode_cursor(query["cursor"], bound_to, 2) if query["cursor"] else None
    with reading() as conn:
        members = _outgoing_after(conn, event_id, after)[: limit + 1]
        members += _incoming_after(conn, event_id, after, limit + 1 - len(members))
        documents = _documents(conn, [relation for _, relation in members[:limit]])
    cursor = encode_cursor(bound_to, members[limit - 1][0]) if len(members) > limit else None
    return page_response([render(document) for document in documents], cursor)


def _outgoing_after(conn: Connection, event_id: UUID, after: Sequence[str] | None) -> list[Positioned]:
    """Return the relations in the event's record after the position `after`."""
    members = orjson.loads(store.events.records.get_event(conn, event_id).document)["relations"]
    begin = _begin(after, len(members))
    return [([_OUTGOING, str(index)], relation) for index, relation in enumerate(members[begin:], begin)]


def _begin(after: Sequence[str] | None, length: int) -> int:
    if after is None:
        return 0
    kind, index = after
    return int(index) + 1 if kind == _OUTGOING and index.isdecimal() else length


def _incoming_after(conn: Connection, event_id: UUID, after: Sequence[str] | None, limit: int) -> list[Positioned]:
    """Return at most `limit` relations of other events to this one after the position `after`."""
    last = after if after and after[0] != _OUTGOING else None
    incoming_relations = store.events.relations.page_incoming(conn, event_id, after=last, limit=limit)
    return [([str(relation.event_id), relation.type], relation) for relation in incoming_relations]


def _documents(conn: Connection, members: Sequence[dict[str, Any] | IncomingRelation]) -> list[dict[str, Any]]:
    """Return the relations as EventRelationSchema describes them, with the current events at their other ends."""
    sources = {relation.event_id for relation in members if isinstance(relation, IncomingRelation)}
    targets = {UUID(one["event"]) for one in members if isinstance(one, dict) and one["event"]}
    ends = store.events.relations.find_relation_ends(conn, [*sources, *targets])
    return [incoming(one, ends) if isinstance(one, IncomingRelation) else outgoing(one, ends) for one in members]
