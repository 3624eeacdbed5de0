"""Likely duplicates among the events of real trackers: titles that are posted again, and twins that are none."""

import random
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from schemas.events import NewEventSchema
from service.db.embedded_postgres import Server
from service.events.duplicates import find_duplicates
from service.events.write import record_event
from service.ids import uuid7
from service.search.index.features import main_date
from tests.trackers import CPD, LAWS, tracker_records

#: The records of each tracker that are stored, and those of all that are posted again.
STORED: Final = 1_000
POSTED: Final = 100

Record = dict[str, Any]
Tracker = tuple[psycopg.Connection, dict[UUID, Record]]


@pytest.fixture(scope="module")
def stored(cluster: Server, admin: psycopg.Connection, template_database: str) -> Iterator[Tracker]:
    """Yield a connection to a database with records of two trackers of climate laws, and these by id."""
    chance = random.Random(12)  # noqa: S311 (the same sample each time)
    records = [one for name in (LAWS, CPD) for one in chance.sample(tracker_records(name), STORED)]
    name = Identifier("policytrail_tracker_duplicates")
    admin.execute(SQL("CREATE DATABASE {} TEMPLATE {}").format(name, Identifier(template_database)))
    with psycopg.connect(cluster.dsn("policytrail_tracker_duplicates")) as conn:
        events = {}
        for record in records:
            content = NewEventSchema().load(record | {"topics": []})
            events[record_event(conn, content, id=uuid7(), now=datetime.now(UTC), key_id=None).id] = content
        conn.execute("ANALYZE event_search")
        yield conn, events
    admin.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(name))


def again(record: Record, days: int | None, **fields: Any) -> Record:
    """Return the request for a record without ids, its main date moved by `days`, or cut to its year if None."""
    main = main_date(record["dates"])
    assert main
    assert main.earliest
    day = str(main.earliest.year) if days is None else (main.earliest + timedelta(days)).isoformat()
    body = {name: record[name] for name in ("title", "event_type", "participants")} | {
        "sources": [{"type": "news_article", "title": "News"}],
        "dates": [{"kind": "announced", "edtf": day, "modality": "actual"}],
    }
    return dict(NewEventSchema().load(body | fields))


def posted(events: dict[UUID, Record]) -> list[tuple[UUID, Record]]:
    """Return the events to post again."""
    return [(id_, one) for id_, one in events.items() if main_date(one["dates"])][:: 2 * STORED // POSTED]


@pytest.mark.parametrize("days", [3, -3, 31, 365, -365, None])
def test_a_title_that_is_posted_again_with_another_date_is_found(stored: Tracker, days: int | None) -> None:
    conn, events = stored
    named = [(id_, find_duplicates(conn, again(record, days))) for id_, record in posted(events)]
    assert sum(id_ in likely for id_, likely in named) >= 0.95 * POSTED
    # What else is named is the same law in the other tracker, or an earlier one of the same title.
    others = [id_ for mine, likely in named for id_ in likely if id_ != mine]
    assert len(others) <= 0.15 * POSTED


def test_a_title_with_another_number_is_not_a_duplicate(stored: Tracker) -> None:
    conn, events = stored
    numbered = [(id_, one) for id_, one in events.items() if re.search(r"\d", one["title"]) and main_date(one["dates"])]
    for id_, record in numbered[:POSTED]:
        title = re.sub(r"\d+", lambda number: str(int(number[0]) + 1), record["title"])
        assert id_ not in find_duplicates(conn, again(record, 0, title=title, names=[])), title


def test_the_title_of_another_country_is_not_a_duplicate(stored: Tracker) -> None:
    conn, events = stored
    for id_, record in posted(events):
        country = [{"name": "Antarctica", "role": "party", "jurisdiction": "AQ"}]
        assert id_ not in find_duplicates(conn, again(record, 0, participants=country)), record["title"]
