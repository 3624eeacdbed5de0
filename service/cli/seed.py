"""`policytrail seed`: the first record, the article as data, for an empty database."""

from datetime import datetime
from pathlib import Path

import click
import psycopg

from service import clock
from service.cli.common import database_url
from service.config import SEEDS


@click.command("seed")
def seed_command() -> None:
    """Add the first record to an empty database."""
    from service import store  # noqa: F401 (a connection knows the values that can be sent when it is made)
    from service.db.pool import compare_clocks

    with psycopg.connect(database_url()) as conn:
        compare_clocks(conn)
        seeded = seed_database(conn, SEEDS, clock.now())
    click.echo("Seeded." if seeded else "The database has records already; nothing was changed.")


def seed_database(conn: psycopg.Connection, directory: Path, now: datetime) -> bool:
    """Insert the topics and the event in `directory`, in the caller's transaction. Return False if it is not empty."""
    from schemas.events import NewEventSchema
    from schemas.topics import NewTopicSchema
    from service import store, strict_json
    from service.events.topics import first_topic
    from service.events.write import record_event
    from service.ids import uuid7

    store.topics.lock_topics(conn)
    if not store.events.records.is_empty(conn):
        return False
    for topic in NewTopicSchema(many=True).load(strict_json.parse((directory / "topics.json").read_bytes())):
        store.topics.insert_topic(conn, first_topic(topic, now))
    article = strict_json.parse((directory / "dialogue-on-advanced-materials.json").read_bytes())
    record_event(conn, NewEventSchema().load(article), id=uuid7(), now=now, key_id=None)
    return True
