"""The rows that all are measured on, written by the service's own code."""

import signal
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from functools import partial
from multiprocessing import get_context

import psycopg

from benchmarks.articles import content, event_id, recorded_at
from schemas.events import NewEventSchema
from schemas.topics import NewTopicSchema
from service import store
from service.config import SEEDS
from service.events.topics import first_topic
from service.events.write import record_event
from service.strict_json import parse

#: Events in one transaction.
BATCH = 250
#: One event of so many goes through marshmallow, to show that what is generated is what it would load.
SAMPLED = 100
#: Processes that generate and record.
PROCESSES = 2


def fill(url: str, rows: int) -> None:
    """Record events 1 to `rows`, and the topics they use, in the empty database at `url`."""
    print(f"Recording {rows:,} events …", flush=True)
    with psycopg.connect(url) as conn:
        for topic in NewTopicSchema(many=True).load(parse((SEEDS / "topics.json").read_bytes())):
            store.topics.insert_topic(conn, first_topic(topic, datetime.now(UTC)))
    numbers = range(1, rows + 1)
    batches = [numbers[start : start + BATCH] for start in range(0, rows, BATCH)]
    # Spawned, not forked, to inherit no connection. Ctrl-C is for us: the batches under way are still recorded.
    own = get_context("spawn")
    with ProcessPoolExecutor(
        PROCESSES, own, initializer=signal.signal, initargs=(signal.SIGINT, signal.SIG_IGN)
    ) as pool:
        list(pool.map(partial(_record, url), batches))
    settle(url)


def forget_created(url: str) -> None:
    """Delete what a measurement has created, so that the next one finds the same rows."""
    # Ids made now are greater than the generated ones: they begin with a later instant.
    generated = event_id(0xFFFF_FFFF_FFFF)
    with psycopg.connect(url) as conn:
        for statement in (
            "DELETE FROM event_external_id WHERE event_id > %s",
            "DELETE FROM event_source WHERE event_id > %s",
            "DELETE FROM event_relation WHERE event_id > %s",
            "DELETE FROM event_agenda WHERE event_id > %s",
            "DELETE FROM event_search WHERE event_id > %s",
            "DELETE FROM event_revision WHERE id > %s",
            "DELETE FROM event WHERE id > %s",
        ):
            conn.execute(statement, (generated,))
    settle(url)


def settle(url: str) -> None:
    """Leave PostgreSQL nothing to catch up with while the next is measured."""
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
