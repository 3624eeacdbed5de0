"""/v1/events/{id}/relations: how an event stands to others, from both ends."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import orjson
from flask import Blueprint, Response
from psycopg import Connection

from schemas.lists import PageQuerySchema, page_of
from schemas.relations import EventRelationSchema
from service import store
from service.errors import Gone, Moved, NotFound
from service.events.relations import incoming, outgoing
from service.http.auth import requires
from service.http.context import reading
from service.http.cursors import decode_cursor, encode_cursor, fingerprint
from service.http.operation import operation
from service.http.pages import page, page_size
from service.store.events.relations import Incoming
from service.strict_json import render

relations = Blueprint("relations", __name__, url_prefix="/v1/events/<uuid:event_id>/relations")

#: A relation as the record states it, or as it was found from its other end, and where in the list it stands.
Placed = tuple[list[str], dict[str, Any] | Incoming]

#: Where an outgoing relation stands: this word and its index. An incoming one stands at its event's id and its type.
_OUTGOING = "outgoing"


@relations.get("")
@requires("events:read")
@operation(query=PageQuerySchema, returns=(200, page_of(EventRelationSchema)), also=[Moved, NotFound, Gone])
def list_relations(event_id: UUID, query: dict[str, Any]) -> Response:
    """List the relations of an event: first those it states, then those that others state to it.

    A relation to an event that was merged leads to the one it was merged into; one to a deleted event says so.
    """
    limit, bound_to = page_size(query), fingerprint("relations", str(event_id))
    after = decode_cursor(query["cursor"], bound_to, 2) if query["cursor"] else None
    with reading() as conn:
        found = _stated(conn, event_id, after)[: limit + 1]
        found += _found(conn, event_id, after, limit + 1 - len(found))
        shown = _seen(conn, [relation for _, relation in found[:limit]])
    cursor = encode_cursor(bound_to, found[limit - 1][0]) if len(found) > limit else None
    return page([render(relation) for relation in shown], cursor)


def _stated(conn: Connection, event_id: UUID, after: Sequence[str] | None) -> list[Placed]:
    """The relations that the event states, behind `after`."""
    stated = orjson.loads(store.events.records.get_event(conn, event_id).document)["relations"]
    begin = _begin(after, len(stated))
    return [([_OUTGOING, str(index)], relation) for index, relation in enumerate(stated[begin:], begin)]


def _begin(after: Sequence[str] | None, length: int) -> int:
    if after is None:
        return 0
    kind, place = after
    return int(place) + 1 if kind == _OUTGOING and place.isdecimal() else length


def _found(conn: Connection, event_id: UUID, after: Sequence[str] | None, limit: int) -> list[Placed]:
    """At most `limit` relations that others state to the event, behind `after`."""
    beyond = after if after and after[0] != _OUTGOING else None
    found = store.events.relations.page_incoming(conn, event_id, after=beyond, limit=limit)
    return [([str(relation.event_id), relation.type], relation) for relation in found]


def _seen(conn: Connection, found: Sequence[dict[str, Any] | Incoming]) -> list[dict[str, Any]]:
    """The relations as they are shown, with what the events at their other ends are by now."""
    theirs = {relation.event_id for relation in found if isinstance(relation, Incoming)}
    ours = {UUID(one["event"]) for one in found if isinstance(one, dict) and one["event"]}
    ends = store.events.relations.find_ends(conn, [*theirs, *ours])
    return [incoming(one, ends) if isinstance(one, Incoming) else outgoing(one, ends) for one in found]
