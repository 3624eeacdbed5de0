"""Writes of events: from validated content to database rows, inside the caller's transaction."""

from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

import orjson
from orjson import Fragment
from psycopg import Connection

from service import store
from service.errors import Fault, Invalid
from service.events.diff import changed_fields
from service.events.normalize import Record, is_unchanged, normalize
from service.search.index.document import search_document
from service.search.index.features import Features, announced_date, features_of
from service.search.index.source_keys import url_keys
from service.store.events.links import Links, OpenItem, Relation
from service.store.events.records import Authorship, EventRow, StoredEvent
from service.strict_json import render

#: Characters of a title that count in sorting.
_TITLE_KEY = 80

#: Members of a date, and of a figure besides its value, that filters and sums use.
_DATE_MEMBERS = ("kind", "earliest", "latest")
_FIGURE_MEMBERS = ("measure", "currency", "unit", "comparator", "period", "value_type")

#: States of a policy without open items.
CALLED_OFF = frozenset({"cancelled", "withdrawn", "superseded", "expired", "denied"})


def record_event(
    conn: Connection, content: Mapping[str, Any], *, id: UUID, now: datetime, key_id: UUID | None
) -> StoredEvent:
    """Insert a new event with `content`, loaded by NewEventSchema. Invalid if a topic or related event is missing."""
    record = normalize(content, id=str(id), now=now)
    _require_topics(conn, record)
    features = features_of(record)
    row = row_of(record, id, written_at(record), features)
    _require_relations(conn, record)
    return store.events.records.insert_event(conn, row, links_of(record, features), authorship_of(record, key_id))


def revise_event(
    conn: Connection,
    stored: StoredEvent,
    content: Mapping[str, Any],
    *,
    now: datetime,
    key_id: UUID | None,
    may_be_missing: Collection[UUID] = (),
) -> StoredEvent:
    """Insert the next version of `stored`, or return `stored` if `content` is unchanged.

    Relations of the previous version, and those to events that `may_be_missing`, need not lead to a stored event: an
    import can leave such relations.
    """
    before = orjson.loads(stored.document)
    record = normalize(content, id=str(stored.id), now=now, before=before)
    if is_unchanged(record, before):
        return stored
    _require_topics(conn, record)
    features = features_of(record)
    row = row_of(record, stored.id, written_at(record), features)
    _require_relations(conn, record, [*related_event_ids(before), *may_be_missing])
    by = authorship_of(record, key_id, changed_fields(before, record))
    return store.events.records.update_event(conn, row, links_of(record, features), by, expected=stored.version)


def row_of(record: Record, id: UUID, now: datetime, features: Features | None = None) -> EventRow:
    """Return the columns of `record`, with the only rendering of its document.

    `features` saves computing them twice. A normalized record is the dump of EventSchema key for key, as a test
    verifies, so that it needs no dump.
    """
    features = features or features_of(record)
    main, announced = features.main, announced_date(record["dates"])
    return EventRow(
        id=id,
        version=record["version"],
        event_type=record["event_type"],
        status=record["status"],
        verification=record["verification"],
        parties=sorted(features.parties),
        affected=sorted(features.affected),
        jurisdictions=sorted(features.jurisdictions),
        topics=sorted(features.topics),
        tags=sorted(features.tags),
        publishers=sorted(features.publishers),
        currencies=sorted(features.currencies),
        labels=sorted(features.labels),
        dates=render([{name: entry[name] for name in _DATE_MEMBERS} for entry in features.dates]).decode(),
        figures=render([_figure_members(figure) for figure in features.figures]).decode(),
        title_key=title_key(record["title"]),
        date_earliest=main.earliest if main else None,
        date_latest=main.latest if main else None,
        announced_earliest=announced.earliest if announced else None,
        created_at=features.created_at,
        updated_at=now,
        content_changed_at=datetime.fromisoformat(record["content_changed_at"]),
        document=render(record),
    )


def written_at(record: Record) -> datetime:
    """Return the time of the version `record`."""
    return datetime.fromisoformat(record["updated_at"])


def _figure_members(figure: Mapping[str, Any]) -> Record:
    """Return the members of a figure that filters and sums use; the values as numbers with exactly their digits."""
    members = {name: figure[name] for name in _FIGURE_MEMBERS}
    ends = {name: Fragment(figure[name]) for name in ("value", "value_max") if figure.get(name) is not None}
    return members | ends


def title_key(title: str) -> str:
    """Return the part of a title that counts in sorting and in the search for duplicates."""
    return title.casefold()[:_TITLE_KEY]


def links_of(record: Record, features: Features | None = None) -> Links:
    """Return the rows by which an event is looked up. `features` saves computing them twice."""
    relations = [relation for relation in record["relations"] if relation["event"]]
    return Links(
        external_ids=[(external["scheme"], external["value"]) for external in record["external_ids"]],
        url_keys=url_keys(record),
        relations=list({(one["type"], one["event"]): _relation(one) for one in relations}.values()),
        open=open_items(record),
        search_document=search_document(record, features),
    )


def _relation(relation: Mapping[str, Any]) -> Relation:
    return Relation(relation["type"], UUID(relation["event"]), relation["note"])


def open_items(record: Record) -> list[OpenItem]:
    """Return the open items of a record: its open dates and its pending commitments, none if it was called off.

    Open is an expected date or a deadline that no other date resolves. It is due on its last possible day.
    """
    if record["status"] in CALLED_OFF:
        return []
    resolved = {entry["resolves"] for entry in record["dates"]}
    dates = [
        OpenItem(f"dates/{entry['id']}", date.fromisoformat(entry["latest"]) if entry["latest"] else None)
        for entry in record["dates"]
        if entry["modality"] != "actual" and entry["id"] not in resolved
    ]
    return dates + [
        OpenItem(f"statements/{statement['id']}", None)
        for statement in record["statements"]
        if statement["kind"] == "commitment"
        and statement["outcome"] in (None, "pending")
        and not statement["resolved_by"]
    ]


def authorship_of(record: Record, key_id: UUID | None, changed: list[str] | None = None) -> Authorship:
    """Return the author of the version `record`, and its reason."""
    return Authorship(key_id, record["change"]["kind"], record["change"]["reason"], changed)


def topic_ids(record: Record) -> list[str]:
    """Return the ids of the record's topics."""
    return [topic["id"] for topic in record["topics"]]


def related_event_ids(record: Record) -> list[UUID]:
    """Return the ids of the events that the record relates to."""
    return [UUID(relation["event"]) for relation in record["relations"] if relation["event"]]


def _require_topics(conn: Connection, record: Record) -> None:
    if missing := store.topics.find_missing_topics(conn, topic_ids(record)):
        raise Invalid("The event names topics that do not exist.", missing_topic_faults(record, missing))


def missing_topic_faults(record: Record, missing: Collection[str]) -> list[Fault]:
    """Return a fault for each topic of the record that is among `missing`."""
    return [
        Fault(f'There is no topic "{topic["id"]}".', pointer=f"#/topics/{index}/id")
        for index, topic in enumerate(record["topics"])
        if topic["id"] in missing
    ]


def _require_relations(conn: Connection, record: Record, may_be_missing: Collection[UUID] = ()) -> None:
    current = store.events.records.follow_merges(conn, related_event_ids(record))
    if faults := relation_faults(record, current, may_be_missing):
        raise Invalid("A relation must lead to another event that exists.", faults)


def relation_faults(record: Record, current: Mapping[UUID, UUID], may_be_missing: Collection[UUID] = ()) -> list[Fault]:
    """Return a fault for each relation to an unknown event, or to the event itself.

    `current`: the current event of each existing id; an event that was merged into this one is this one.
    """
    wrong = {
        str(id_): "The event itself is" if id_ in current else "There is no event"
        for id_ in related_event_ids(record)
        if str(current.get(id_, record["id"])) == record["id"] and (id_ in current or id_ not in may_be_missing)
    }
    return [
        Fault(f"{wrong[relation['event']]} {relation['event']}.", pointer=f"#/relations/{index}/event")
        for index, relation in enumerate(record["relations"])
        if relation["event"] in wrong
    ]
