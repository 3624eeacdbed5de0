"""Writing events: from checked content to rows, inside the caller's transaction."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from orjson import Fragment
from psycopg import Connection

from service import store
from service.errors import Fault, Invalid
from service.events.agenda import open_items
from service.events.diff import changed_fields
from service.events.normalize import Record, is_unchanged, normalize
from service.search.index.document import search_document
from service.search.index.features import Features, announced_date, features_of, url_key
from service.store.events.links import Links, Relation
from service.store.events.records import Authorship, EventRow, StoredEvent
from service.strict_json import render

#: Characters of a title that take part in sorting.
_TITLE_KEY = 80


def record_event(
    conn: Connection, content: Mapping[str, Any], *, id: UUID, now: datetime, key_id: UUID | None
) -> StoredEvent:
    """Keep a new event of `content`, as NewEventSchema loaded it. Invalid where a topic does not exist."""
    record = normalize(content, id=str(id), now=now)
    _require_topics(conn, record)
    features = features_of(record)
    row, links = row_of(record, id, now, features), _links(conn, record, features)
    return store.events.records.insert_event(conn, row, links, authorship_of(record, key_id))


def revise_event(
    conn: Connection,
    stored: StoredEvent,
    content: Mapping[str, Any],
    *,
    now: datetime,
    key_id: UUID | None,
    kept: Collection[UUID] = (),
) -> StoredEvent:
    """Keep the next version of `stored`, or `stored` itself where `content` says nothing new.

    Relations that it had, and those to the events `kept`, may lead to events that are not here: see imports.
    """
    before = orjson.loads(stored.document)
    record = normalize(content, id=str(stored.id), now=now, before=before)
    if is_unchanged(record, before):
        return stored
    _require_topics(conn, record)
    features = features_of(record)
    row, links = (
        row_of(record, stored.id, now, features),
        _links(conn, record, features, [*related_event_ids(before), *kept]),
    )
    by = authorship_of(record, key_id, changed_fields(before, record))
    return store.events.records.update_event(conn, row, links, by, expected=stored.version)


def row_of(record: Record, id: UUID, now: datetime, features: Features | None = None) -> EventRow:
    """The columns of `record`, and its bytes: the one time that it is rendered.

    `features` is what filters look at in it, where that is known already. A completed record is what EventSchema dumps,
    key for key; a test holds them equal, so that no dump is needed.
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
        dates=render([{name: entry[name] for name in _OF_DATE} for entry in features.dates]).decode(),
        figures=render([_figure(figure) for figure in features.figures]).decode(),
        title_key=title_key(record["title"]),
        date_earliest=main.earliest if main else None,
        date_latest=main.latest if main else None,
        announced_earliest=announced.earliest if announced else None,
        created_at=features.created_at,
        updated_at=now,
        content_changed_at=datetime.fromisoformat(record["content_changed_at"]),
        document=render(record),
    )


#: What filters look at in a date.
_OF_DATE = ("kind", "earliest", "latest")
#: What filters look at in a figure beside its value, and by what figures are told apart that are not summed.
_OF_FIGURE = ("measure", "currency", "unit", "comparator", "period", "value_type")


def _figure(figure: Mapping[str, Any]) -> Record:
    """What filters look at in a figure, and sums; the value as a number, exactly as it is written."""
    named = {name: figure[name] for name in _OF_FIGURE}
    return named | {"value": Fragment(figure["value"])}


def title_key(title: str) -> str:
    """What of a title takes part in sorting, and in finding titles that are nearly the same."""
    return title.casefold()[:_TITLE_KEY]


def _links(conn: Connection, record: Record, features: Features, kept: Collection[UUID] = ()) -> Links:
    """What is looked up for `record`. Invalid where a relation names an event that never was, or the event itself."""
    if faults := relation_faults(record, store.events.records.follow_merges(conn, related_event_ids(record)), kept):
        raise Invalid("A relation leads to another event that exists.", faults)
    return links_of(record, features)


def _require_topics(conn: Connection, record: Record) -> None:
    if missing := store.topics.find_missing_topics(conn, topic_ids(record)):
        raise Invalid("The event names topics that do not exist.", missing_topic_faults(record, missing))


def links_of(record: Record, features: Features | None = None) -> Links:
    """What is looked up for `record`: external ids, addresses of sources, relations, what is to come, words.

    `features` is what filters look at in it, where that is known already.
    """
    relations = [relation for relation in record["relations"] if relation["event"]]
    return Links(
        external_ids=[(external["scheme"], external["value"]) for external in record["external_ids"]],
        url_keys=sorted({url_key(source["url"]) for source in record["sources"] if source["url"]}),
        relations=list({(one["type"], one["event"]): _relation(one) for one in relations}.values()),
        open=open_items(record),
        search_document=search_document(record, features),
    )


def authorship_of(record: Record, key_id: UUID | None, changed: list[str] | None = None) -> Authorship:
    """Who wrote `record`, and why."""
    return Authorship(key_id, record["change"]["kind"], record["change"]["reason"], changed)


def topic_ids(record: Record) -> list[str]:
    """The topics that `record` names."""
    return [topic["id"] for topic in record["topics"]]


def related_event_ids(record: Record) -> list[UUID]:
    """The events that `record` relates to."""
    return [UUID(relation["event"]) for relation in record["relations"] if relation["event"]]


def missing_topic_faults(record: Record, missing: Collection[str]) -> list[Fault]:
    """A fault for each topic of `record` that is among those `missing`."""
    return [
        Fault(f'There is no topic "{topic["id"]}".', pointer=f"#/topics/{index}/id")
        for index, topic in enumerate(record["topics"])
        if topic["id"] in missing
    ]


def relation_faults(record: Record, now: Mapping[UUID, UUID], kept: Collection[UUID] = ()) -> list[Fault]:
    """A fault for each relation that leads nowhere, or to the event itself.

    `now` holds for each event that exists what it is by now: an event merged into this one is this one. Relations to
    those that are `kept` may lead nowhere.
    """
    wrong = {
        str(id_): "The event itself is" if id_ in now else "There is no event"
        for id_ in related_event_ids(record)
        if str(now.get(id_, record["id"])) == record["id"] and (id_ in now or id_ not in kept)
    }
    return [
        Fault(f"{wrong[relation['event']]} {relation['event']}.", pointer=f"#/relations/{index}/event")
        for index, relation in enumerate(record["relations"])
        if relation["event"] in wrong
    ]


def _relation(relation: Mapping[str, Any]) -> Relation:
    return Relation(relation["type"], UUID(relation["event"]), relation["note"])
