"""The first record: the article as data, into a database that is still empty."""

from datetime import datetime
from pathlib import Path

import psycopg

from schemas.events import NewEventSchema
from schemas.topics import NewTopicSchema
from service import store, strict_json
from service.events.topics import first_topic
from service.events.write import record_event
from service.ids import uuid7


def seed_database(conn: psycopg.Connection, directory: Path, now: datetime) -> bool:
    """Record the topics and the event in `directory`, in the caller's transaction; whether the database was empty."""
    store.topics.lock_topics(conn)
    if not store.events.records.is_empty(conn):
        return False
    for topic in NewTopicSchema(many=True).load(strict_json.parse((directory / "topics.json").read_bytes())):
        store.topics.insert_topic(conn, first_topic(topic, now))
    article = strict_json.parse((directory / "dialogue-on-advanced-materials.json").read_bytes())
    record_event(conn, NewEventSchema().load(article), id=uuid7(), now=now, key_id=None)
    return True
