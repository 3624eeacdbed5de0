"""Writing events: from checked content to rows, inside the caller's transaction."""

from collections.abc import Iterable, Mapping
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
        parties=parties_of(who),
        affected=_jurisdictions(one for one in who if one["role"] in ("affected", "dependency_source")),
        jurisdictions=_jurisdictions(who),
        topics=sorted({topic["id"] for topic in record["topics"]}),
        tags=sorted(set(record["tags"])),
        title_key=title_key(record["title"]),
        date_earliest=main.earliest if main else None,
        date_latest=main.latest if main else None,
        announced_earliest=announced.earliest if announced else None,
        created_at=datetime.fromisoformat(record["created_at"]),
        updated_at=now,
        content_changed_at=datetime.fromisoformat(record["content_changed_at"]),
        document=render(record),
    )


def title_key(title: str) -> str:
    """What of a title takes part in sorting, and in finding titles that are nearly the same."""
    return title.casefold()[:_TITLE_KEY]


def parties_of(participants: Iterable[Mapping[str, Any]]) -> list[str]:
    """The parties' jurisdictions."""
    return _jurisdictions(one for one in participants if one["role"] == "party")


def _jurisdictions(participants: Any) -> list[str]:
    return sorted({one["jurisdiction"] for one in participants if one["jurisdiction"]})


def _links(conn: Connection, record: Record) -> Links:
    """What is looked up for `record`. Invalid where a relation names an event that never was, or the event itself."""
    relations = [relation for relation in record["relations"] if relation["event"]]
    _require_events(conn, record)
    return Links(
        external_ids=[(external["scheme"], external["value"]) for external in record["external_ids"]],
        url_keys=sorted({url_key(source["url"]) for source in record["sources"] if source["url"]}),
        relations=list({(one["type"], one["event"]): _relation(one) for one in relations}.values()),
    )


def _require_events(conn: Connection, record: Record) -> None:
    """Pass relations to events that exist. An event merged into this one is this one."""
    named = {relation["event"] for relation in record["relations"]} - {None}
    now = store.events.follow_merges(conn, [UUID(id_) for id_ in named])
    wrong = {id_: "There is no event" for id_ in named if UUID(id_) not in now}
    wrong |= {str(id_): "The event itself is" for id_, is_now in now.items() if str(is_now) == record["id"]}
    if wrong:
        faults = [
            Fault(f"{wrong[relation['event']]} {relation['event']}.", pointer=f"#/relations/{index}/event")
            for index, relation in enumerate(record["relations"])
            if relation["event"] in wrong
        ]
        raise Invalid("A relation leads to another event that exists.", faults)


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
