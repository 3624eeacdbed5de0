"""Deliveries for tests: subscriptions and deliveries in the database, and a worker in a thread."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import psycopg
import uvloop

from schemas.vocabulary import EntryKind
from schemas.webhooks import NewWebhookSchema
from service import store
from service.config import Settings
from service.feed.sequencer import sequence_once
from service.ids import uuid7
from service.store.webhooks.deliveries import NewDelivery, insert_deliveries
from service.store.webhooks.leases import shard_of
from service.store.webhooks.queue import AttemptRow
from service.webhooks.matcher import BackgroundMatcher, Matcher
from service.webhooks.receivers import Receiver
from service.webhooks.worker import WebhookWorker, make_sender

#: Settings with which a worker sends to this machine, and another takes over from it within seconds.
TEST_SETTINGS: dict[str, Any] = {
    "webhook_private_networks": "127.0.0.0/8",
    "webhook_http_networks": "127.0.0.0/8",
    "webhook_timeout": 2.0,
    "webhook_lease": 4.0,
    "public_read": True,
}

#: Seconds after which a test gives up waiting. Far more than a busy machine needs, so that it decides nothing else.
PATIENCE = 120.0


def wait_for(condition: Callable[[], Any]) -> Any:
    """Return the result of `condition` as soon as it is true. Fail after PATIENCE."""
    deadline = time.monotonic() + PATIENCE
    while not (result := condition()):
        assert time.monotonic() < deadline, f"The condition is not true after {PATIENCE} seconds."
        time.sleep(0.01)
    return result


@contextmanager
def run_worker(database: str, **settings: Any) -> Iterator[WebhookWorker]:
    """Run a worker on `database` until the block ends; then it ends as by SIGTERM."""
    all_settings = Settings(database_url=database, **TEST_SETTINGS | settings)
    stopping: list[Callable[[], Any]] = []
    started, errors = threading.Event(), list[BaseException]()

    def run() -> None:
        async def work() -> None:
            stop, loop = asyncio.Event(), asyncio.get_running_loop()
            worker = WebhookWorker(all_settings, make_sender(all_settings))
            stopping.extend([lambda: loop.call_soon_threadsafe(stop.set), lambda: worker])
            started.set()
            await worker.work(stop)

        try:
            uvloop.run(work())
        except BaseException as error:  # noqa: BLE001 (the test fails with it)
            errors.append(error)
            started.set()

    thread = threading.Thread(target=run)
    thread.start()
    started.wait(PATIENCE)
    try:
        yield stopping[1]()
    finally:
        stopping[0]()
        thread.join(PATIENCE)
    assert not errors
    assert not thread.is_alive()


def wait_for_polls(worker: WebhookWorker, number: int = 5) -> None:
    """Wait until the worker's dispatcher has looked for due deliveries `number` times more."""
    dispatcher, polls = worker._dispatcher, list[None]()
    list_due_subscriptions = dispatcher._list_due_subscriptions

    def counted() -> list[UUID]:
        polls.append(None)
        return list_due_subscriptions()

    dispatcher._list_due_subscriptions = counted  # type: ignore[method-assign]
    wait_for(lambda: len(polls) > number)  # one more, since the last may not have ended
    dispatcher._list_due_subscriptions = list_due_subscriptions  # type: ignore[method-assign]


def receiver_of(worker: WebhookWorker, webhook: dict[str, Any]) -> Receiver | None:
    """Return the receiver of a webhook as the worker has it at present."""
    return worker._dispatcher._receivers.get(UUID(webhook["id"]))


def match(database: str) -> None:
    """Sequence and match all committed writes, as a worker would."""
    with psycopg.connect(database, autocommit=True) as conn:
        while sequence_once(conn):
            pass
        for matcher in (Matcher(), BackgroundMatcher()):
            while matcher.match_once(conn, datetime.now(UTC)):
                pass


def make_subscription(
    conn: psycopg.Connection, url: str = "https://receiver.example/", *, key_id: UUID | None = None, **fields: Any
) -> UUID:
    """Insert a subscription, by default with the values that the API fills in, and return its id."""
    id_ = uuid7()
    if key_id is None:
        key_id = uuid7()
        store.keys.insert_key(
            conn, id=key_id, name="of a test", prefix="ptk_", digest=key_id.bytes, scopes=["webhooks", "events:read"]
        )
    store.webhooks.subscriptions.insert_subscription(
        conn,
        NewWebhookSchema().load({"url": "https://receiver.example/"}) | {"url": url} | fields,
        id=id_,
        key_id=key_id,
        shard=shard_of(id_),
        secret=b"\0" + b"s" * 32,
        now=datetime.now(UTC),
    )
    conn.commit()
    return id_


def subscribe(conn: psycopg.Connection, key_id: UUID, filter_: Any, kinds: Sequence[str] = EntryKind.words()) -> UUID:
    """Insert a subscription of the key with an unchecked filter, and return its id."""
    return make_subscription(conn, key_id=key_id, filter=filter_, kinds=list(kinds))


def make_deliveries(conn: psycopg.Connection, subscription_id: UUID, *seqs: int) -> None:
    """Insert a due delivery of each of these changes, all of one event."""
    event_id = uuid7()
    insert_deliveries(conn, [NewDelivery(subscription_id, seq, event_id, "create") for seq in seqs])
    conn.commit()


def claim_all_shards(conn: psycopg.Connection, worker_id: UUID, seconds: float = 60.0) -> dict[int, int]:
    """Claim all shards for the worker, and return them with their epochs."""
    return store.webhooks.leases.claim_shards(conn, worker_id, seconds, limit=64)


def an_attempt(
    conn: psycopg.Connection, subscription_id: UUID, seq: int, epochs: dict[int, int], **fields: Any
) -> AttemptRow:
    """Return the result of an attempt of a delivery in the database, by default accepted."""
    shard = shard_of(subscription_id)
    defaults: dict[str, Any] = {
        "shard": shard,
        "epoch": epochs[shard],
        "subscription_id": subscription_id,
        "seq": seq,
        "delivery_id": store.webhooks.deliveries.get_delivery(conn, subscription_id, seq).id,
        "state": "delivered",
        "delay": 0.0,
        "began_at": datetime.now(UTC),
        "ms": 5,
        "outcome": "accepted",
        "status": 200,
        "headers": {},
        "answer": b"ok",
    }
    return AttemptRow(**defaults | fields)


def list_deliveries(conn: psycopg.Connection, subscription: UUID) -> list[tuple[int, UUID, str]]:
    """Return number, event and kind of a subscription's deliveries, in order."""
    return conn.execute(
        "SELECT seq, event_id, kind FROM delivery WHERE subscription_id = %s ORDER BY seq", (subscription,)
    ).fetchall()


def states(conn: psycopg.Connection) -> dict[int, str]:
    """Return the state of each delivery by its number; for one subscription."""
    rows: dict[int, str] = dict(conn.execute("SELECT seq, state FROM delivery ORDER BY seq").fetchall())
    conn.rollback()
    return rows
