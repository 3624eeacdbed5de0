"""Paging through what words find, while others write."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from random import Random
from typing import Any
from uuid import UUID

import orjson
import psycopg
import pytest
from flask.testing import FlaskClient

from schemas.events import NewEventSchema
from service import store
from service.events.write import record_event, revise_event
from service.ids import uuid7
from service.store.events.records import Authorship
from tests.factories import an_event
from tests.service.conftest import running

#: Events on a page, and written between two pages.
PAGE, WRITES = 60, 12

WORDS = ["battery", "lithium", "sodium", "storage", "trade", "minister", "fund", "export"]


class Writer:
    """Another client: creates, changes and deletes events in a random order that is the same every time."""

    def __init__(self, database: str) -> None:
        self.conn = psycopg.connect(database)
        self.random = Random(7)  # noqa: S311 (the same every time is wanted)
        self.ids: list[UUID] = []
        self.gone: set[UUID] = set()

    def create(self) -> None:
        """A new event."""
        id_ = uuid7()
        record_event(self.conn, self.content(), id=id_, now=datetime.now(UTC), key_id=None)
        self.ids.append(id_)

    def change(self) -> None:
        """Other words, another date."""
        stored = store.events.records.get_event(self.conn, self._any())
        revise_event(self.conn, stored, self.content(), now=datetime.now(UTC), key_id=None)

    def delete(self) -> None:
        """One event less."""
        stored = store.events.records.get_event(self.conn, id_ := self._any())
        by = Authorship(None, None, None)
        store.events.records.delete_event(self.conn, id_, by, expected=stored.version, now=datetime.now(UTC))
        self.gone.add(id_)

    def write(self, times: int) -> None:
        """Write something so many times."""
        for _ in range(times):
            self.random.choice((self.create, self.change, self.change, self.delete))()
        self.conn.commit()

    def content(self) -> dict[str, Any]:
        """An event with one word that all have, and others."""
        text = ["policy", *self.random.choices(WORDS, weights=range(8, 0, -1), k=self.random.randint(2, 30))]
        self.random.shuffle(text)
        day = f"20{self.random.randint(10, 24)}-{self.random.randint(1, 12):02}-{self.random.randint(1, 28):02}"
        dates = [{"kind": "adopted", "edtf": day, "modality": "actual"}] if self.random.random() < 0.9 else []
        event = an_event(title=f"Policy {len(self.ids)}", summary=" ".join(text), lang="en", dates=dates)
        return dict(NewEventSchema().load(event))

    def _any(self) -> UUID:
        return self.random.choice([id_ for id_ in self.ids if id_ not in self.gone])


@contextmanager
def writing(database: str, events: int) -> Iterator[Writer]:
    """A writer who has created so many events."""
    writer = Writer(database)
    for _ in range(events):
        writer.create()
    writer.conn.commit()
    yield writer
    writer.conn.close()


def walk(client: FlaskClient, writer: Writer, q: str, **asked: Any) -> list[UUID]:
    """All events that a search finds, page by page, with writes between the pages."""
    seen: list[UUID] = []
    answer = client.get("/v1/events", query_string={"q": q, "limit": PAGE, "fields": "id"} | asked)
    while True:
        page = answer.get_json()
        assert answer.status_code == 200, answer.text
        assert len(page["items"]) == PAGE or page["next"] is None
        seen += [UUID(item["id"]) for item in page["items"]]
        if page["next"] is None:
            return seen
        writer.write(WRITES)
        answer = client.get(page["next"])


@pytest.mark.parametrize(
    ("events", "ranked_events", "q", "asked"),
    [
        (2_000, 300, "policy", {}),
        (400, 5_000, "policy", {}),
        (400, 60, "policy -export", {}),
        (400, 60, "lithium battery policy", {}),
        (400, 60, "policy", {"event_type": "announcement", "party": "JP"}),
        (400, 60, "policy", {"sort": "created_at"}),
    ],
)
def test_a_walk_during_writes_repeats_and_misses_no_event(
    database: str, events: int, ranked_events: int, q: str, asked: dict[str, str]
) -> None:
    with running(database, ranked_events=ranked_events) as app, writing(database, events) as writer:
        client = app.test_client()
        before = _matching(writer, q)
        seen = walk(client, writer, q, **asked)
        throughout = before & _matching(writer, q)
    assert len(seen) == len(set(seen))
    assert throughout - set(seen) == set()
    assert len(throughout) > events / 10


@pytest.mark.parametrize(
    "q", ["lithium OR battery OR sodium", "lithium battery sodium storage trade minister fund export policy unknown"]
)
def test_a_walk_through_events_with_some_words_repeats_and_misses_none(database: str, q: str) -> None:
    words = [word for word in q.split() if word != "OR"]
    with running(database, ranked_events=20) as app, writing(database, 300) as writer:
        before = _with_some(writer, words)
        seen = walk(app.test_client(), writer, q)
        throughout = before & _with_some(writer, words)
    assert len(seen) == len(set(seen))
    assert throughout - set(seen) == set()
    assert len(throughout) > 100


def test_a_walk_passes_rows_restored_from_another_server(database: str) -> None:
    with running(database, ranked_events=60) as app, writing(database, 200) as writer:
        writer.conn.execute("UPDATE event_search SET written = '9000000000'")
        writer.conn.commit()
        seen = walk(app.test_client(), writer, "policy")
    assert len(seen) == len(set(seen)) >= 200 - len(writer.gone)


def _with_some(writer: Writer, words: list[str]) -> set[UUID]:
    return set[UUID]().union(*(_matching(writer, word) for word in words))


def _matching(writer: Writer, q: str) -> set[UUID]:
    """The events whose summary has every word of `q` now."""
    wanted = [word for word in q.split() if not word.startswith("-")]
    without = [word.removeprefix("-") for word in q.split() if word.startswith("-")]
    rows = writer.conn.execute("SELECT id, document FROM event WHERE record_state = 'active'").fetchall()
    found = set()
    for id_, document in rows:
        words = orjson.loads(document)["summary"].split()
        if all(word in words for word in wanted) and not any(word in words for word in without):
            found.add(id_)
    return found
