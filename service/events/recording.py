"""Writing events: from checked content to rows, inside the caller's transaction."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from psycopg import Connection

from service import store
from service.errors import Fault, Invalid
from service.events.completing import Record, complete, is_unchanged
from service.events.dates import announced_date, main_date
from service.events.sources import url_key
from service.jsontext import render
from service.store.events import Authorship, EventRow, Links, Relation, StoredEvent

#: Characters of a title that take part in sorting.
_TITLE_KEY = 80


def record_event(
    conn: Connection, content: Mapping[str, Any], *, id: UUID, now: datetime, key_id: UUID | None
) -> StoredEvent:
    """Keep a new event of `content`, as NewEventSchema loaded it. Invalid where a topic does not exist."""
    record = complete(content, id=str(id), now=now)
    _require_topics(conn, record)
    return store.events.insert_event(conn, row_of(record, id, now), _links(conn, record), _authorship(record, key_id))


def revise_event(
    conn: Connection, stored: StoredEvent, content: Mapping[str, Any], *, now: datetime, key_id: UUID | None
) -> StoredEvent:
    """Keep the next version of `stored`, or `stored` itself where `content` says nothing new."""
    before = orjson.loads(stored.document)
    record = complete(content, id=str(stored.id), now=now, before=before)
    if is_unchanged(record, before):
        return stored
    _require_topics(conn, record)
    row = row_of(record, stored.id, now)
    by = _authorship(record, key_id)
    return store.events.update_event(conn, row, _links(conn, record), by, expected=stored.version)


def row_of(record: Record, id: UUID, now: datetime) -> EventRow:
    """The columns of `record`, and its bytes: the one time that it is rendered.

    A completed record is what EventSchema dumps, key for key; a test holds them equal, so that no dump is needed.
    """
    who = record["participants"]
    main, announced = main_date(record["dates"]), announced_date(record["dates"])
    return EventRow(
        id=id,
        version=record["version"],
        event_type=record["event_type"],
        status=record["status"],
        parties=_jurisdictions(one for one in who if one["role"] == "party"),
        affected=_jurisdictions(one for one in who if one["role"] in ("affected", "dependency_source")),
        jurisdictions=_jurisdictions(who),
        topics=sorted({topic["id"] for topic in record["topics"]}),
        tags=sorted(set(record["tags"])),
        title_key=record["title"].casefold()[:_TITLE_KEY],
        date_earliest=main.earliest if main else None,
        date_latest=main.latest if main else None,
        announced_earliest=announced.earliest if announced else None,
        created_at=datetime.fromisoformat(record["created_at"]),
        updated_at=now,
        content_changed_at=datetime.fromisoformat(record["content_changed_at"]),
        document=render(record),
    )


def _jurisdictions(participants: Any) -> list[str]:
    return sorted({one["jurisdiction"] for one in participants if one["jurisdiction"]})


def _links(conn: Connection, record: Record) -> Links:
    """What is looked up for `record`. Invalid where a relation names an event that never was."""
    relations = [relation for relation in record["relations"] if relation["event"]]
    targets = {UUID(relation["event"]) for relation in relations}
    missing = store.events.find_missing_events(conn, list(targets))
    if missing:
        faults = [
            Fault(f"There is no event {relation['event']}.", pointer=f"#/relations/{index}/event")
            for index, relation in enumerate(record["relations"])
            if relation["event"] and UUID(relation["event"]) in missing
        ]
        raise Invalid("The event names events that do not exist.", faults)
    return Links(
        external_ids=[(external["scheme"], external["value"]) for external in record["external_ids"]],
        url_keys=sorted({url_key(source["url"]) for source in record["sources"] if source["url"]}),
        relations=list({(one["type"], one["event"]): _relation(one) for one in relations}.values()),
    )


def _relation(relation: Record) -> Relation:
    return Relation(relation["type"], UUID(relation["event"]), relation["note"])


def _authorship(record: Record, key_id: UUID | None) -> Authorship:
    return Authorship(key_id, record["change"]["kind"], record["change"]["reason"])


def _require_topics(conn: Connection, record: Record) -> None:
    missing = set(store.topics.find_missing_topics(conn, [topic["id"] for topic in record["topics"]]))
    if missing:
        faults = [
            Fault(f'There is no topic "{topic["id"]}".', pointer=f"#/topics/{index}/id")
            for index, topic in enumerate(record["topics"])
            if topic["id"] in missing
        ]
        raise Invalid("The event names topics that do not exist.", faults)
