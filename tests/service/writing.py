"""Random writes, the same for a seed, and filters that tell their events apart."""

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
from service.store.events.records import Authorship, StoredEvent
from service.strict_json import render
from tests.factories import a_topic, an_event

NOW = datetime(2024, 4, 2, 12, tzinfo=UTC)

#: Filters, some of which have nothing in common.
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
    """Writes events as clients would, at random."""

    def __init__(self, conn: psycopg.Connection, seed: int) -> None:
        """`conn` is in autocommit. The topics are added at once."""
        self.conn, self.random = conn, Random(seed)  # noqa: S311 (the same every time is wanted)
        self.events: list[StoredEvent] = []
        for topic, broader in _TOPICS.items():
            content = NewTopicSchema().load(a_topic(topic, broader=[broader] if broader else []))
            store.topics.insert_topic(conn, first_topic(content, NOW))

    def write(self, times: int) -> None:
        """So many writes, each a transaction."""
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
        said: dict[str, Any] = {
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
        loaded: dict[str, Any] = NewEventSchema().load(an_event(**said))
        return loaded


def asked(conn: psycopg.Connection, text: str) -> Any:
    """The filter that `text` says, with what it takes along."""
    return compile_filter(conn, filter_of_text(text))
