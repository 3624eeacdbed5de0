"""Pings that owners request, and handshakes."""

import asyncio
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
from flask.testing import FlaskClient
from standardwebhooks import Webhook

from service.webhooks import pings
from tests.deliveries import PATIENCE, TEST_SETTINGS, run_worker, wait_for
from tests.factories import create_event
from tests.receivers import Behaviour, Request, drop, hang, respond_with, run_receiver
from tests.service.conftest import client_of, running
from tests.webhooks import get_webhook, make_webhook


def test_a_ping_returns_the_receivers_response_even_while_the_webhook_is_paused(
    client: FlaskClient, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules["service.views.webhooks"], "PICKUP_TIMEOUT", PATIENCE)
    with run_receiver(respond_with(418, b"short and stout", X_Pot="tea")) as receiver, run_worker(database) as worker:
        webhook = make_webhook(client, url=receiver.url, paused=True)
        wait_for(lambda: worker._leases.active_shards)
        address, headers = f"/v1/webhooks/{webhook['id']}/test", {"Idempotency-Key": "one"}
        result: Any = client.post(address, headers=headers).json
        assert (result["outcome"], result["status"], result["answer"]) == ("refused", 418, "short and stout")
        assert result["headers"]["X-Pot"] == "tea"
        [request] = receiver.requests
        assert (request.id, request.json()["type"]) == (result["id"], "webhook.ping")
        assert request.json()["data"] == {"webhook_id": webhook["id"]}
        Webhook(webhook["secret"]).verify(request.body, request.headers)
        assert (client.post(address, headers=headers).json, len(receiver.requests)) == (result, 1)
        receiver.behave = hang
        assert client.post(address).get_json()["outcome"] == "timeout"


def test_a_ping_with_an_idempotency_key_holds_no_connection_while_its_receiver_is_slow(database: str) -> None:
    responding = threading.Event()

    async def hesitate(request: Request, writer: asyncio.StreamWriter) -> None:
        await asyncio.to_thread(responding.wait, PATIENCE)
        await respond_with(204, b"")(request, writer)

    settings = TEST_SETTINGS | {"webhook_timeout": PATIENCE, "webhook_lease": 2 * PATIENCE}
    with (
        running(database, **settings, pool_size=1, pool_wait=PATIENCE) as app,
        run_receiver(hesitate) as receiver,
        run_worker(database, **settings) as worker,
        ThreadPoolExecutor() as threads,
    ):
        client = client_of(app, database, "admin")
        webhook = make_webhook(client, url=receiver.url)
        wait_for(lambda: worker._leases.active_shards)
        address, headers = f"/v1/webhooks/{webhook['id']}/test", {"Idempotency-Key": "one"}
        first = threads.submit(client.post, address, headers=headers)
        try:
            wait_for(lambda: receiver.requests)
            again = client.post(address, headers=headers)
            assert (again.status_code, client.get("/v1/webhooks").status_code) == (409, 200)
            assert "Idempotent-Replayed" not in again.headers
        finally:
            responding.set()
        assert first.result(PATIENCE).get_json()["status"] == 204
        replayed = client.post(address, headers=headers)
        assert (replayed.data, replayed.headers["Idempotent-Replayed"]) == (first.result().data, "true")
        assert len(receiver.requests) == 1


def test_no_delivery_is_sent_before_the_receiver_passes_the_handshake(client: FlaskClient, database: str) -> None:
    consent = respond_with(200, b"", WebHook_Allowed_Origin="policytrail", WebHook_Allowed_Rate="6000")
    with run_receiver(consent) as receiver, run_worker(database):
        webhook = make_webhook(client, url=receiver.url, handshake=True)
        create_event(client)
        wait_for(lambda: [request.method for request in receiver.requests] == ["OPTIONS", "POST"])
        assert receiver.requests[0].headers["webhook-request-origin"] == "policytrail"
        passed = get_webhook(client, webhook)
        assert (passed["state"], passed["rate_limit"], passed["handshake"]) == ("active", 6000, True)
        assert passed["notices"][0]["kind"] == "handshake_passed"


@pytest.mark.parametrize("headers", [{}, {"WebHook_Allowed_Origin": "other.example"}])
def test_a_successful_status_alone_is_no_consent(client: FlaskClient, database: str, headers: dict[str, str]) -> None:
    with run_receiver(respond_with(200, b"", **headers)) as receiver, run_worker(database):
        webhook = make_webhook(client, url=receiver.url, handshake=True)
        create_event(client)
        wait_for(lambda: get_webhook(client, webhook)["state"] == "disabled")
        assert get_webhook(client, webhook)["disabled"]["reason"] == "handshake"
        assert {request.method for request in receiver.requests} == {"OPTIONS"}


@pytest.mark.parametrize("behave", [respond_with(503), drop])
def test_the_handshake_is_repeated_while_the_receiver_is_unavailable(
    client: FlaskClient, database: str, monkeypatch: pytest.MonkeyPatch, behave: Behaviour
) -> None:
    monkeypatch.setattr(pings, "HANDSHAKE_RETRY", 0.1)
    with run_receiver(behave) as receiver, run_worker(database):
        webhook = make_webhook(client, url=receiver.url, handshake=True)
        create_event(client)
        wait_for(lambda: len(receiver.requests) >= 2)
        assert get_webhook(client, webhook)["state"] == "unverified"
        receiver.behave = respond_with(200, b"", WebHook_Allowed_Origin="*")
        wait_for(lambda: receiver.requests[-1].method == "POST")


def test_few_handshakes_of_a_key_are_in_flight_at_the_same_time(
    client: FlaskClient, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    responding = threading.Event()
    consent = respond_with(200, b"", WebHook_Allowed_Origin="*")

    async def hesitate(request: Request, writer: asyncio.StreamWriter) -> None:
        await asyncio.to_thread(responding.wait, PATIENCE)
        await consent(request, writer)

    monkeypatch.setattr(pings, "MAX_HANDSHAKES", 1)
    settings = {"webhook_timeout": PATIENCE, "webhook_lease": 2 * PATIENCE}
    with run_receiver(hesitate) as slow, run_receiver(consent) as prompt:
        webhooks = [make_webhook(client, url=slow.url, handshake=True) for _ in range(3)]
        with running(database, **TEST_SETTINGS) as app, run_worker(database, **settings):
            wait_for(lambda: slow.requests)
            other = client_of(app, database, "admin")
            webhook = make_webhook(other, url=prompt.url, handshake=True)
            wait_for(lambda: get_webhook(other, webhook)["state"] == "active")
            assert len(slow.requests) == 1
            responding.set()
            wait_for(lambda: all(get_webhook(client, one)["state"] == "active" for one in webhooks))


def test_the_handshake_fails_after_five_days_without_a_response(
    client: FlaskClient, database: str, conn: psycopg.Connection
) -> None:
    with run_receiver(respond_with(503)) as receiver:
        webhook = make_webhook(client, url=receiver.url, handshake=True)
        conn.execute("UPDATE subscription SET updated_at = now() - interval '5 days'")
        conn.commit()
        with run_worker(database):
            wait_for(lambda: get_webhook(client, webhook)["state"] == "disabled")
        assert len(receiver.requests) == 1
