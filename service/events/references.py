"""What a record is looked up by, and what it names that must exist."""

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from service.errors import Fault
from service.events.agenda import open_items
from service.events.normalize import Record
from service.search.index.document import wording_of
from service.search.index.features import Subject
from service.search.index.sources import url_key
from service.store.events.links import Links, Relation
from service.store.events.records import Authorship


def links_of(record: Record, subject: Subject | None = None) -> Links:
    """What is looked up for `record`: external ids, addresses of sources, relations, what is to come, words.

    `subject` is what filters look at in it, where that is known already.
    """
    relations = [relation for relation in record["relations"] if relation["event"]]
    return Links(
        external_ids=[(external["scheme"], external["value"]) for external in record["external_ids"]],
        url_keys=sorted({url_key(source["url"]) for source in record["sources"] if source["url"]}),
        relations=list({(one["type"], one["event"]): _relation(one) for one in relations}.values()),
        open=open_items(record),
        wording=wording_of(record, subject),
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
