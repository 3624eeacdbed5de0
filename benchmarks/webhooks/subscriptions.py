"""Subscriptions and writes for measurements, by the same functions that the API uses."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import psycopg

from schemas.events import NewEventSchema
from service import store
from service.encryption import encrypt
from service.events.write import record_event
from service.ids import uuid7
from service.store.webhooks.leases import shard_of


def subscribe(conn: psycopg.Connection, urls: Sequence[str], filters: Sequence[Any]) -> list[UUID]:
    """A subscription for each URL, with the filter beside it."""
    key_id, now = uuid7(), datetime.now(UTC)
    store.keys.insert_key(
        conn, id=key_id, name="benchmark", prefix="ptk_", digest=key_id.bytes, scopes=["webhooks", "events:read"]
    )
    return [_subscribe(conn, url, asked, key_id, now) for url, asked in zip(urls, filters, strict=True)]


def _subscribe(conn: psycopg.Connection, url: str, asked: Any, key_id: UUID, now: datetime) -> UUID:
    id_ = uuid7()
    said = {
        "url": url,
        "filter": asked,
        "kinds": ["create", "update", "delete", "merge", "leave"],
        "payload": "full",
        "description": None,
        "paused": False,
        "rate_limit": None,
        "ordered": False,
        "handshake": False,
    }
    store.webhooks.subscriptions.insert_subscription(
        conn, said, id=id_, key_id=key_id, shard=shard_of(id_), secret=encrypt(b"s" * 32, [], id_.bytes), now=now
    )
    return id_


def an_event(number: int, tags: Sequence[str], size: int) -> dict[str, Any]:
    """An event with `tags`, padded to about `size` bytes."""
    return {
        "title": f"Event {number}",
        "description": "x" * max(1, size - 1_000),
        "event_type": "announcement",
        "participants": [{"name": "Japan", "role": "party", "jurisdiction": "JP"}],
        "sources": [{"type": "web_page"}],
        "tags": list(tags),
    }


_NEW_EVENT = NewEventSchema()


def write(conn: psycopg.Connection, event: dict[str, Any]) -> UUID:
    """Record the event, in a transaction of its own that is committed on return."""
    id_ = uuid7()
    with conn.transaction():
        record_event(conn, _NEW_EVENT.load(event), id=id_, now=datetime.now(UTC), key_id=None)
    return id_


def leave_behind(conn: psycopg.Connection, subscription: UUID, number: int) -> None:
    """So many changes, the first of the feed, that are due for the subscription."""
    conn.execute(
        """
        WITH written AS (
            INSERT INTO feed (seq, event_id, version, kind, occurred_at)
            SELECT seq, gen_random_uuid(), 1, 'create', now() FROM generate_series(1, %(number)s) AS seq
         RETURNING seq, event_id, kind
        ), numbered AS (
            UPDATE feed_head SET seq = %(number)s
        ), matched AS (
            UPDATE feed_cursor SET seq = %(number)s
        )
        INSERT INTO delivery (subscription_id, seq, event_id, kind, state, again, step, attempts, due_at, created_at)
        SELECT %(subscription)s, seq, event_id, kind, 'pending', FALSE, 0, 0, now(), now() FROM written
        """,
        {"subscription": subscription, "number": number},
    )
