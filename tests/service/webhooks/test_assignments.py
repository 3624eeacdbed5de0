"""A worker's receivers follow the changes of their owners."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from flask.testing import FlaskClient
from standardwebhooks import Webhook

from service import store
from service.db.pool import Database
from service.errors import Unavailable
from service.ids import uuid7
from service.webhooks import assignments
from service.webhooks.assignments import Assignments
from service.webhooks.leases import Leases
from tests.deliveries import make_subscription, receiver_of, run_worker, wait_for, wait_for_polls
from tests.factories import create_event
from tests.receivers import run_receiver
from tests.webhooks import make_webhook


def test_a_rotated_secret_signs_at_once_together_with_the_former_one(client: FlaskClient, database: str) -> None:
    with run_receiver() as receiver, run_worker(database, secret_keys="k") as worker:  # noqa: S106 (of a test)
        webhook = make_webhook(client, url=receiver.url)
        rotated = client.post(f"/v1/webhooks/{webhook['id']}/rotate-secret").get_json()
        wait_for(lambda: (current := receiver_of(worker, webhook)) and current.former_secret)
        create_event(client)
        [request] = wait_for(lambda: list(receiver.requests))
        for secret in (webhook["secret"], rotated["secret"]):
            Webhook(secret).verify(request.body, request.headers)
        assert len(request.headers["webhook-signature"].split(" ")) == 2


def test_a_secret_that_cannot_be_decrypted_stops_only_its_own_webhook(
    client: FlaskClient, database: str, conn: psycopg.Connection
) -> None:
    with run_receiver() as encrypted, run_receiver() as receiver, run_worker(database) as worker:
        webhook = make_webhook(client, url=encrypted.url)
        make_webhook(client, url=receiver.url)
        wait_for(lambda: receiver_of(worker, webhook))
        conn.execute("UPDATE subscription SET secret = %s WHERE id = %s", (b"\x01" + b"x" * 64, webhook["id"]))
        conn.commit()
        wait_for(lambda: receiver_of(worker, webhook) is None)
        create_event(client)
        wait_for(lambda: receiver.requests)
        wait_for_polls(worker)
        assert encrypted.requests == []


def test_a_webhook_from_a_machine_with_a_slow_clock_gets_its_deliveries(
    client: FlaskClient, database: str, conn: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assignments, "FULL_REFRESH_INTERVAL", 2.0)
    with run_receiver() as receiver, run_worker(database) as worker:
        wait_for(lambda: worker._leases.active_shards)
        webhook = make_subscription(conn, receiver.url, paused=True)
        conn.execute("UPDATE subscription SET updated_at = now() - interval '1 h', paused = FALSE")
        conn.commit()
        create_event(client)
        wait_for(lambda: receiver.requests)
        conn.execute("DELETE FROM subscription WHERE id = %s", (webhook,))
        conn.commit()
        wait_for(lambda: webhook not in worker._assignments._endpoints)


def test_a_heartbeat_that_is_not_committed_gives_a_worker_no_shards(
    opened: Database, conn: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextmanager
    def failing() -> Iterator[psycopg.Connection]:
        with committing() as connection:
            yield connection
            connection.rollback()
            raise Unavailable("The database is unavailable.")

    committing = opened.transaction
    leases = Leases(uuid7(), duration=30.0, timeout=15.0)
    assigned = Assignments(opened, leases, [])
    monkeypatch.setattr(opened, "transaction", failing)
    with pytest.raises(Unavailable):
        assigned.refresh({}, busy=())
    assert (leases.active_shards, store.webhooks.leases.list_live_workers(conn, alive_for=30.0)) == ([], [])
    monkeypatch.undo()
    assigned.refresh({}, busy=())
    conn.rollback()
    assert leases.active_shards
    assert [one.id for one in store.webhooks.leases.list_live_workers(conn, alive_for=30.0)] == [leases.worker_id]
