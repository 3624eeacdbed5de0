"""Subscriptions and writes for measurements, by the functions of the API."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import psycopg

from schemas.events import NewEventSchema
from schemas.webhooks import NewWebhookSchema
from service import store
from service.encryption import encrypt
from service.events.write import record_event
from service.ids import uuid7
from service.store.webhooks.leases import shard_of

#: Seconds that deliveries may take to arrive, on a busy machine too.
PATIENCE = 120.0


def subscribe(conn: psycopg.Connection, urls: Sequence[str], filters: Sequence[Any]) -> list[UUID]:
    """Create a subscription for each URL, with the filter of the same place. Return their ids."""
    key_id, now = uuid7(), datetime.now(UTC)
    store.keys.insert_key(
        conn, id=key_id, name="benchmark", prefix="ptk_", digest=key_id.bytes, scopes=["webhooks", "events:read"]
    )
    return [_subscribe(conn, url, filter_, key_id, now) for url, filter_ in zip(urls, filters, strict=True)]


def _subscribe(conn: psycopg.Connection, url: str, filter_: Any, key_id: UUID, now: datetime) -> UUID:
    id_ = uuid7()
    fields = NewWebhookSchema().load({"url": url, "filter": filter_})
    store.webhooks.subscriptions.insert_subscription(
        conn, fields, id=id_, key_id=key_id, shard=shard_of(id_), secret=encrypt(b"s" * 32, [], id_.bytes), now=now
    )
    return id_


def an_event(number: int, tags: Sequence[str], size: int) -> dict[str, Any]:
    """Return an event with `tags`, padded to about `size` bytes."""
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
    """Record the event in a transaction of its own, which is committed on return. Return its id."""
    id_ = uuid7()
    with conn.transaction():
        record_event(conn, _NEW_EVENT.load(event), id=id_, now=datetime.now(UTC), key_id=None)
    return id_


def add_backlog(conn: psycopg.Connection, subscription: UUID, number: int) -> None:
    """Make the first `number` entries of the feed due for the subscription."""
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


def wait_for_deliveries(conn: psycopg.Connection, subscriptions: Sequence[UUID], number: int) -> None:
    """Wait until `number` deliveries of these subscriptions have arrived; raise where they take too long."""
    deadline = time.monotonic() + PATIENCE
    while (delivered := _count_deliveries(conn, subscriptions)) != number:
        if time.monotonic() > deadline:
            raise AssertionError(f"{delivered:,} of {number:,} deliveries have arrived.")
        time.sleep(0.1)


def _count_deliveries(conn: psycopg.Connection, subscriptions: Sequence[UUID]) -> int:
    [[number]] = conn.execute(
        "SELECT count(*) FROM delivery WHERE subscription_id = ANY (%s) AND state = 'delivered'", (list(subscriptions),)
    ).fetchall()
    return int(number)
