"""Webhooks for tests: made by the API or by hand, worked for by a worker in a thread."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import psycopg
import uvloop

from service import store
from service.config import Settings
from service.feed.sequencer import sequence_once
from service.ids import uuid7
from service.store.webhooks.deliveries import NewDelivery, insert_deliveries
from service.store.webhooks.leases import shard_of
from service.store.webhooks.queue import AttemptRow
from service.webhooks.matcher import Matcher
from service.webhooks.worker import WebhookWorker, make_sender

#: Such that a worker sends to this machine, and that tests need not wait long for another to take over.
QUICKLY: dict[str, Any] = {
    "webhook_private_networks": "127.0.0.0/8",
    "webhook_http_networks": "127.0.0.0/8",
    "webhook_timeout": 2.0,
    "webhook_lease": 4.0,
    "public_read": True,
}

#: Seconds that a test waits for what a worker does, on a busy machine.
PATIENCE = 20.0


def wait_for(found: Callable[[], Any], seconds: float = PATIENCE) -> Any:
    """What `found` returns as soon as that is true."""
    deadline = time.monotonic() + seconds
    while not (result := found()):
        assert time.monotonic() < deadline, f"did not happen in {seconds} seconds"
        time.sleep(0.01)
    return result


@contextmanager
def working(database: str, **settings: Any) -> Iterator[WebhookWorker]:
    """A worker on `database`, until the block ends; then it ends as by SIGTERM."""
    chosen = Settings(database_url=database, **QUICKLY | settings)
    stopping: list[Callable[[], Any]] = []
    started, faults = threading.Event(), list[BaseException]()

    def run() -> None:
        async def work() -> None:
            stop, loop = asyncio.Event(), asyncio.get_running_loop()
            worker = WebhookWorker(chosen, make_sender(chosen))
            stopping.extend([lambda: loop.call_soon_threadsafe(stop.set), lambda: worker])
            started.set()
            await worker.work(stop)

        try:
            uvloop.run(work())
        except BaseException as error:  # noqa: BLE001 (told to the test)
            faults.append(error)
            started.set()

    thread = threading.Thread(target=run)
    thread.start()
    started.wait(PATIENCE)
    try:
        yield stopping[1]()
    finally:
        stopping[0]()
        thread.join(PATIENCE)
    assert not faults
    assert not thread.is_alive()


def match(database: str) -> None:
    """Number and match all that was written, as a worker would."""
    with psycopg.connect(database, autocommit=True) as conn:
        while sequence_once(conn):
            pass
        matcher = Matcher()
        while matcher.match_once(conn, datetime.now(UTC)):
            pass


def make_subscription(
    conn: psycopg.Connection, url: str = "https://receiver.example/", *, key_id: UUID | None = None, **said: Any
) -> UUID:
    """A subscription, by hand; what is not `said` is as the API fills it in."""
    id_ = uuid7()
    if key_id is None:
        key_id = uuid7()
        store.keys.insert_key(
            conn, id=key_id, name="of a test", prefix="ptk_", digest=key_id.bytes, scopes=["webhooks", "events:read"]
        )
    usual: dict[str, Any] = {
        "url": url,
        "filter": None,
        "kinds": ["create", "update", "delete", "merge", "leave"],
        "payload": "full",
        "description": None,
        "paused": False,
        "rate_limit": None,
        "ordered": False,
        "handshake": False,
    }
    store.webhooks.subscriptions.insert_subscription(
        conn,
        usual | said,
        id=id_,
        key_id=key_id,
        shard=shard_of(id_),
        secret=b"\0" + b"s" * 32,
        now=datetime.now(UTC),
    )
    conn.commit()
    return id_


def make_deliveries(conn: psycopg.Connection, subscription_id: UUID, *seqs: int) -> None:
    """A delivery of each of these changes, all of one event, due now."""
    event_id = uuid7()
    insert_deliveries(conn, [NewDelivery(subscription_id, seq, event_id, "create") for seq in seqs])
    conn.commit()


def hold_all_shards(conn: psycopg.Connection, worker_id: UUID, seconds: float = 60.0) -> dict[int, int]:
    """Each shard with its epoch, held by the worker from now on."""
    return store.webhooks.leases.claim_shards(conn, worker_id, seconds, limit=64)


def an_end(subscription_id: UUID, seq: int, epochs: dict[int, int], **said: Any) -> AttemptRow:
    """That an attempt was accepted, unless something else is `said`."""
    shard = shard_of(subscription_id)
    usual: dict[str, Any] = {
        "shard": shard,
        "epoch": epochs[shard],
        "subscription_id": subscription_id,
        "seq": seq,
        "state": "delivered",
        "delay": 0.0,
        "began_at": datetime.now(UTC),
        "ms": 5,
        "outcome": "accepted",
        "status": 200,
        "headers": {},
        "answer": b"ok",
    }
    return AttemptRow(**usual | said)


def states(conn: psycopg.Connection) -> dict[int, str]:
    """The state of each delivery, by its number; of one subscription."""
    found: dict[int, str] = dict(conn.execute("SELECT seq, state FROM delivery ORDER BY seq").fetchall())
    conn.rollback()
    return found
