"""Rows of generated events by COPY: the same as the service writes."""

import time
from collections.abc import Iterator
from dataclasses import fields
from functools import partial
from typing import Any

import psycopg
from psycopg.sql import SQL, Identifier

from benchmarks.pool import spread
from benchmarks.search.events import content, event_id, recorded_at
from schemas.events import NewEventSchema
from service.events.normalize import normalize
from service.events.write import links_of, row_of
from service.store.events.records import EventRow
from service.store.search.documents import upsert_search_documents

#: Events that are copied together.
BATCH = 2_000
#: One event of so many is compared with the result of marshmallow, so that generated content is loadable content.
SAMPLED = 1_000

#: Indexes that are built after the rows, as is usual for a million.
_LATE = ("event_search_by_words", "event_by_label", "event_by_main_date")

_COLUMNS = [field.name for field in fields(EventRow)]


def load(url: str, events: int) -> None:
    """Fill the database at `url`, which has topics and no events, with events 1 to `events`."""
    began = time.perf_counter()
    with psycopg.connect(url, autocommit=True) as conn:
        definitions: dict[str, str] = dict(
            conn.execute(
                "SELECT indexname, indexdef FROM pg_indexes WHERE indexname = ANY(%s)", (list(_LATE),)
            ).fetchall()
        )
        for name in definitions:
            conn.execute(SQL("DROP INDEX {}").format(Identifier(name)))
        numbers = range(1, events + 1)
        batches = [numbers[start : start + BATCH] for start in range(0, events, BATCH)]
        for number, _ in enumerate(spread(partial(_copy, url), batches), start=1):
            if number % 50 == 0:
                print(f"  {number * BATCH:,} of {events:,}, {time.perf_counter() - began:,.0f} s", flush=True)
        conn.execute("SET maintenance_work_mem = '1GB'")
        for name, definition in definitions.items():
            start = time.perf_counter()
            conn.execute(definition.encode())
            print(f"  {name} built in {time.perf_counter() - start:,.1f} s", flush=True)
        conn.execute("VACUUM (ANALYZE)")
        conn.execute("CHECKPOINT")
    print(f"{events:,} events loaded in {time.perf_counter() - began:,.0f} s", flush=True)


def _copy(url: str, numbers: range) -> None:
    """Record the events `numbers` in one transaction."""
    with psycopg.connect(url) as conn:
        rows, search_documents = [], []
        for number, record in _records(numbers):
            id_ = event_id(number)
            rows.append(row_of(record, id_, recorded_at(number)))
            search_documents.append((id_, links_of(record).search_document))
        columns = SQL(", ").join(map(Identifier, ["record_state", *_COLUMNS]))
        with conn.cursor().copy(SQL("COPY event ({}) FROM STDIN").format(columns)) as copy:
            for row in rows:
                copy.write_row(["active", *(getattr(row, name) for name in _COLUMNS)])
        upsert_search_documents(conn, [(id_, document) for id_, document in search_documents if document])


def _records(numbers: range) -> Iterator[tuple[int, dict[str, Any]]]:
    schema = NewEventSchema()
    for number in numbers:
        event = content(number)
        if number % SAMPLED == 0 and schema.load(event) != event:
            raise AssertionError(f"Event {number} is not what NewEventSchema loads.")
        yield number, normalize(event, id=str(event_id(number)), now=recorded_at(number))
