"""A writer of random events, the same for a seed, and filters that distinguish them."""

from datetime import UTC, datetime
from random import Random
from typing import Any

import orjson
import psycopg

from schemas.events import NewEventSchema
from schemas.topics import NewTopicSchema
from service import store
from service.events.diff import changed_fields
from service.events.merge import merged_record
from service.events.topics import first_topic
from service.events.write import record_event, revise_event
from service.ids import uuid7
from service.search.filters.expand import compile_filter
from service.search.filters.parser import filter_of_text
from service.search.filters.sql import filter_condition
from service.store.events.records import Authorship, StoredEvent
from service.strict_json import render
from tests.factories import a_topic, an_event

NOW = datetime(2024, 4, 2, 12, tzinfo=UTC)

#: Filters of the random events; some match disjoint sets.
FILTERS = (
    "tag=a",
    "not_tag=a",
    "tag=a,b&status=planned",
    "topic=energy",
    "not_topic=solar&party=JP",
    "status=planned,launched&not_party=EU",
    "date_from=2024&date_to=2025",
    "date_kind=launched&date=2024",
    "figure_currency=EUR&figure_min=50",
    "figure_measure=investment",
    "event_type=subsidy",
    "external_id=celex:*",
    "tag=nobody",
)

_TOPICS = {"energy": None, "solar": "energy", "trade": None}


class Writer:
    """Makes random writes through the functions of the service."""

    def __init__(self, conn: psycopg.Connection, seed: int) -> None:
        """`conn` must be in autocommit. Inserts the topics."""
        self.conn, self.random = conn, Random(seed)  # noqa: S311 (a test needs the same sequence every time)
        self.events: list[StoredEvent] = []
        for topic, broader in _TOPICS.items():
            content = NewTopicSchema().load(a_topic(topic, broader=[broader] if broader else []))
            store.topics.insert_topic(conn, first_topic(content, NOW))

    def write(self, times: int) -> None:
        """Make `times` writes, each in a transaction of its own."""
        for _ in range(times):
            with self.conn.transaction():
                self._write()

    def _write(self) -> None:
        chance = self.random.random()
        if chance < 0.3 or len(self.events) < 2:
            self.events.append(record_event(self.conn, self._content(), id=uuid7(), now=NOW, key_id=None))
            return
        event = self.events.pop(self.random.randrange(len(self.events)))
        if chance < 0.85:
            self.events.append(revise_event(self.conn, event, self._content(), now=NOW, key_id=None))
        elif chance < 0.95:
            store.events.records.delete_event(
                self.conn, event.id, Authorship(None, None, None), expected=event.version, now=NOW
            )
        else:
            self._merge(event, self.random.choice(self.events))

    def _merge(self, event: StoredEvent, into: StoredEvent) -> None:
        before = orjson.loads(event.document)
        last = merged_record(before, str(into.id), NOW)
        by = Authorship(None, None, None, changed_fields(before, last))
        store.events.records.merge_event(self.conn, event, into.id, by, document=render(last), now=NOW)

    def _content(self) -> dict[str, Any]:
        pick = self.random.choice
        fields: dict[str, Any] = {
            "title": pick(["One", "Two", "Three"]),
            "event_type": pick(["subsidy", "announcement"]),
            "status": pick(["planned", "launched", None]),
            "tags": pick([[], ["a"], ["b"], ["a", "b"]]),
            "topics": [{"id": topic} for topic in pick([[], ["solar"], ["trade"], ["energy", "trade"]])],
            "external_ids": pick([[], [{"scheme": "celex", "value": str(uuid7())}]]),
            "participants": [
                {"name": code, "role": "party", "jurisdiction": code} for code in pick([["JP"], ["EU"], ["JP", "EU"]])
            ],
            "dates": [
                {"kind": kind, "edtf": edtf, "modality": "actual"}
                for kind, edtf in pick([[], [("launched", "2024-04")], [("launched", "2022"), ("signed", "2024")]])
            ],
            "figures": [
                {"measure": "investment", "value": value, "currency": currency}
                for value, currency in pick([[], [("10", "EUR")], [("100", "EUR")], [("100", "JPY")]])
            ],
        }
        content: dict[str, Any] = NewEventSchema().load(an_event(**fields))
        return content


def compiled_filter(conn: psycopg.Connection, text: str) -> Any:
    """Return the filter of the query `text`, with its topics expanded."""
    return compile_filter(conn, filter_of_text(text))


def matching_events(conn: psycopg.Connection, text: str) -> dict[str, bytes]:
    """Return the documents of the events that match the query `text` now, by id."""
    condition = filter_condition(compiled_filter(conn, text))
    query = f"SELECT id::text, document FROM event WHERE record_state = 'active' AND ({condition.render()})"
    return dict(conn.execute(query, condition.parameters()).fetchall())
