"""Relations as an event's page shows them, in both directions."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from schemas.vocabulary import InverseRelationType, RelationType
from service.store.events.relations import IncomingRelation, RelationEnd

#: The name of each relation in the other direction.
INVERSES = {relation.value: InverseRelationType[relation.name].value for relation in RelationType}


def outgoing(relation: Mapping[str, Any], ends: Mapping[UUID, RelationEnd]) -> dict[str, Any]:
    """Return a relation of the event's own record, with the current event at its other end."""
    end = _end_of(relation["event"], ends) if relation["event"] else None
    return {
        "direction": "outgoing",
        "type": relation["type"],
        "event": end,
        "uri": relation["uri"],
        "note": relation["note"],
    }


def incoming(relation: IncomingRelation, ends: Mapping[UUID, RelationEnd]) -> dict[str, Any]:
    """Return a relation of another event's record, named from this end."""
    return {
        "direction": "incoming",
        "type": INVERSES[relation.type],
        "event": _end(ends[relation.event_id]),
        "uri": None,
        "note": relation.note,
    }


def _end_of(event_id: str, ends: Mapping[UUID, RelationEnd]) -> dict[str, str | None]:
    end = ends.get(UUID(event_id))
    return _end(end) if end else {"id": event_id, "title": None, "record_state": None}


def _end(end: RelationEnd) -> dict[str, str | None]:
    return {"id": str(end.id), "title": end.title, "record_state": end.record_state}
