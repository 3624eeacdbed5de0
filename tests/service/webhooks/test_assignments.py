"""The receivers of a worker follow their owners' changes."""

import time

import psycopg
import pytest
from flask.testing import FlaskClient
from standardwebhooks import Webhook

from service.webhooks import assignments
from tests.deliveries import make_subscription, wait_for, working
from tests.factories import create_event
from tests.receivers import receiving
from tests.webhooks import make_webhook


def test_a_rotated_secret_signs_at_once_and_the_one_before_as_well(client: FlaskClient, database: str) -> None:
    with receiving() as receiver, working(database, secret_keys="k"):  # noqa: S106 (of a test)
        webhook = make_webhook(client, receiver)
        rotated = client.post(f"/v1/webhooks/{webhook['id']}/rotate-secret").get_json()
        time.sleep(1.5)  # as long as a worker may believe what it knew
        create_event(client)
        [request] = wait_for(lambda: list(receiver.requests))
        for secret in (webhook["secret"], rotated["secret"]):
            Webhook(secret).verify(request.body, request.headers)
        assert len(request.headers["webhook-signature"].split(" ")) == 2


def test_a_secret_that_cannot_be_opened_holds_its_webhook_up_and_no_other(
    client: FlaskClient, database: str, conn: psycopg.Connection
) -> None:
    with receiving() as sealed, receiving() as receiver, working(database):
        webhook = make_webhook(client, sealed)
        make_webhook(client, receiver)
        conn.execute("UPDATE subscription SET secret = %s WHERE id = %s", (b"\x01" + b"x" * 64, webhook["id"]))
        conn.commit()
        time.sleep(1.2)
        create_event(client)
        wait_for(lambda: receiver.requests)
        time.sleep(0.3)
        assert sealed.requests == []


def test_a_webhook_that_somebody_made_whose_clock_is_far_behind_is_sent_for(
    client: FlaskClient, database: str, conn: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assignments, "FULL_REFRESH_INTERVAL", 2.0)
    with receiving() as receiver, working(database) as worker:
        wait_for(lambda: worker._leases.active_shards)
        webhook = make_subscription(conn, receiver.url, paused=True)
        conn.execute("UPDATE subscription SET updated_at = now() - interval '1 h', paused = FALSE")
        conn.commit()
        create_event(client)
        wait_for(lambda: receiver.requests)
        conn.execute("DELETE FROM subscription WHERE id = %s", (webhook,))
        conn.commit()
        wait_for(lambda: webhook not in worker._assignments._endpoints)
