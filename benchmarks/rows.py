"""The rows of `make bench`, written by the service's own code."""

from collections.abc import Iterator
from functools import partial

import psycopg

from benchmarks.articles import content, event_id, recorded_at
from benchmarks.pool import spread
from schemas.events import NewEventSchema
from service.events.write import record_event

#: Events in one transaction.
BATCH = 250
#: One event of so many is compared with the result of marshmallow, so that generated content is loadable content.
SAMPLED = 100

#: Tables with rows of an event, and their columns with its id.
_TABLES = {
    "event_external_id": "event_id",
    "event_source": "event_id",
    "event_relation": "event_id",
    "event_agenda": "event_id",
    "event_search": "event_id",
    "outbox": "event_id",
    "event_revision": "id",
    "event": "id",
}


def fill(url: str, rows: int) -> None:
    """Record events 1 to `rows` in the database at `url`, which has topics and no events."""
    print(f"Recording {rows:,} events …", flush=True)
    numbers = range(1, rows + 1)
    batches = [numbers[start : start + BATCH] for start in range(0, rows, BATCH)]
    list(spread(partial(_record, url), batches))
    vacuum(url)


def delete_created(url: str) -> None:
    """Delete the events that a measurement created, so that the next one has the same rows."""
    # Ids made now are greater than the generated ones: they begin with a later instant.
    last_generated = event_id(0xFFFF_FFFF_FFFF)
    with psycopg.connect(url) as conn:
        for table, id_column in _TABLES.items():
            conn.execute(f"DELETE FROM {table} WHERE {id_column} > %s", (last_generated,))  # noqa: S608 (names above)
    vacuum(url)


def vacuum(url: str) -> None:
    """Vacuum and write a checkpoint now, so that neither happens during the next measurement."""
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute("VACUUM (ANALYZE)")
        conn.execute("CHECKPOINT")


def _record(url: str, numbers: range) -> None:
    """Record the events `numbers` in one transaction."""
    with psycopg.connect(url) as conn:
        for number, event in _contents(numbers):
            record_event(conn, event, id=event_id(number), now=recorded_at(number), key_id=None)


def _contents(numbers: range) -> Iterator[tuple[int, dict[str, object]]]:
    schema = NewEventSchema()
    for number in numbers:
        event = content(number)
        if number % SAMPLED == 0 and schema.load(event) != event:
            raise AssertionError(f"Event {number} is not what NewEventSchema loads.")
        yield number, event
