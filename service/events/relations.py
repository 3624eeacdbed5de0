"""How relations look from the event that one stands at."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from schemas.vocabulary import InverseRelationType, RelationType
from service.store.events.relations import End, Incoming

#: What each relation is called from its other end.
INVERSES = {relation.value: InverseRelationType[relation.name].value for relation in RelationType}


def outgoing(relation: Mapping[str, Any], ends: Mapping[UUID, End]) -> dict[str, Any]:
    """A relation as the record states it, with the event that it leads to by now, if that is here."""
    end = _end_of(relation["event"], ends) if relation["event"] else None
    return {
        "direction": "outgoing",
        "type": relation["type"],
        "event": end,
        "uri": relation["uri"],
        "note": relation["note"],
    }


def incoming(relation: Incoming, ends: Mapping[UUID, End]) -> dict[str, Any]:
    """A relation that another event states, named from this end."""
    return {
        "direction": "incoming",
        "type": INVERSES[relation.type],
        "event": _end(ends[relation.event_id]),
        "uri": None,
        "note": relation.note,
    }


def _end_of(stated: str, ends: Mapping[UUID, End]) -> dict[str, str | None]:
    end = ends.get(UUID(stated))
    return _end(end) if end else {"id": stated, "title": None, "record_state": None}


def _end(end: End) -> dict[str, str | None]:
    return {"id": str(end.id), "title": end.title, "record_state": end.record_state}
