"""The whole worker, from a write to its arrival at receivers on this machine."""

import asyncio
import base64
from itertools import count
from typing import Any
from uuid import UUID

import psycopg
import pytest
from flask.testing import FlaskClient
from standardwebhooks import Webhook
from structlog.testing import CapturedCall, CapturingLogger

from service import store
from service.config import Settings
from service.store.webhooks.leases import shard_of
from service.webhooks import dispatcher
from service.webhooks.worker import LoopEndedError, WebhookWorker, make_sender
from tests.deliveries import (
    TEST_SETTINGS,
    make_subscription,
    match,
    receiver_of,
    run_worker,
    states,
    wait_for,
    wait_for_polls,
)
from tests.factories import create_event
from tests.receivers import Request, fail_first, respond_with, run_receiver
from tests.webhooks import get_webhook, make_webhook, patch_event, patch_webhook, wait_for_attempts


def test_every_kind_of_change_arrives_signed_and_equal_to_the_feeds_entry(client: FlaskClient, database: str) -> None:
    with run_receiver() as receiver, run_worker(database):
        webhook = make_webhook(client, url=receiver.url)
        event, other = create_event(client, title="One"), create_event(client, title="Another")
        patch_event(client, event, tags=["trade"])
        client.post(f"/v1/events/{event['id']}/merge", json={"into": other["id"]}, headers={"If-Match": "*"})
        client.delete(f"/v1/events/{other['id']}", headers={"If-Match": "*"})
        entries: Any = client.get("/v1/changes").get_json()["items"]
        wait_for(lambda: len(receiver.requests) == len(entries))
        arrived = {request.json()["data"]["seq"]: request for request in receiver.requests}
        for entry in entries:
            message = Webhook(webhook["secret"]).verify(arrived[entry["seq"]].body, arrived[entry["seq"]].headers)
            assert message == {
                "type": f"event.{entry['kind']}",
                "timestamp": entry["occurred_at"],
                "data": entry,
            }
        assert {entry["kind"] for entry in entries} == {"create", "update", "merge", "delete"}
        assert all(len(request.body) < 64_000 for request in receiver.requests)
        assert len(set(receiver.ids)) == len(entries)


def test_only_matching_changes_arrive_and_a_leave_when_an_event_stops_matching(
    client: FlaskClient, database: str
) -> None:
    with run_receiver() as receiver, run_receiver() as thin, run_worker(database):
        make_webhook(client, url=receiver.url, filter={"tag": "trade"}, kinds=["create", "leave"])
        make_webhook(client, url=thin.url, filter="tag=trade", payload="thin")
        create_event(client)
        event = create_event(client, tags=["trade"])
        patch_event(client, event, title="Another title")
        patch_event(client, event, tags=[])
        wait_for(lambda: len(thin.requests) == 3)
        wait_for(lambda: len(receiver.requests) == 2)
        assert [request.json()["type"] for request in receiver.requests] == ["event.create", "event.leave"]
        assert [request.json()["data"]["document"] for request in thin.requests] == [None] * 3
        assert [request.json()["data"]["version"] for request in thin.requests] == [1, 2, 3]


@pytest.mark.usefixtures("no_retries")
def test_a_failed_delivery_is_retried_under_the_same_id_until_it_is_accepted(
    client: FlaskClient, database: str, conn: psycopg.Connection
) -> None:
    with run_receiver(fail_first(2)) as receiver, run_worker(database):
        webhook = make_webhook(client, url=receiver.url)
        create_event(client)
        for number in (1, 2):
            wait_for_attempts(conn, number)
            conn.execute("UPDATE delivery SET due_at = now()")
            conn.commit()
        wait_for(lambda: states(conn) == {1: "delivered"})
        assert len(receiver.requests) == 3
        assert len(set(receiver.ids)) == 1
        delivery = client.get(f"/v1/webhooks/{webhook['id']}/deliveries/1").get_json()
        assert [attempt["status"] for attempt in delivery["attempts"]] == [500, 500, 200]
        for request in receiver.requests:
            Webhook(webhook["secret"]).verify(request.body, request.headers)


def test_changes_of_one_event_arrive_in_order(client: FlaskClient, database: str) -> None:
    with run_receiver() as receiver, run_worker(database):
        make_webhook(client, url=receiver.url)
        event = create_event(client)
        for number in range(20):
            patch_event(client, event, title=f"Title {number}")
        wait_for(lambda: len(receiver.requests) == 21)
        assert receiver.seqs == sorted(receiver.seqs)


@pytest.mark.usefixtures("no_retries")
def test_an_ordered_webhook_gets_nothing_before_its_failed_delivery(
    client: FlaskClient, database: str, conn: psycopg.Connection
) -> None:
    with run_receiver() as receiver, run_worker(database) as worker:
        make_webhook(client, url=receiver.url, ordered=True)
        for _ in range(3):
            create_event(client)
        wait_for(lambda: receiver.seqs == [1, 2, 3])
        receiver.behave = respond_with(500)
        for _ in range(3):
            create_event(client)
        wait_for(lambda: states(conn).keys() == {1, 2, 3, 4, 5, 6} and not worker._dispatcher.busy_shards)
        wait_for_polls(worker)
        assert receiver.seqs == [1, 2, 3, 4]
        receiver.behave = respond_with()
        conn.execute("UPDATE delivery SET due_at = now() WHERE seq = 4")
        conn.commit()
        wait_for(lambda: receiver.seqs == [1, 2, 3, 4, 4, 5, 6])


def test_a_410_disables_the_webhook_and_its_owner_resumes_and_recovers(
    client: FlaskClient, database: str, conn: psycopg.Connection
) -> None:
    with run_receiver(respond_with(410)) as receiver, run_worker(database):
        webhook = make_webhook(client, url=receiver.url)
        create_event(client)
        wait_for(lambda: get_webhook(client, webhook)["state"] == "disabled")
        disabled = get_webhook(client, webhook)
        assert (disabled["disabled"]["reason"], disabled["paused"]) == ("gone", True)
        assert disabled["notices"][0]["kind"] == "disabled"
        create_event(client)
        wait_for(lambda: states(conn) == {1: "skipped", 2: "skipped"})
        assert len(receiver.requests) == 1
        receiver.behave = respond_with()
        patch_webhook(client, webhook, paused=False)
        assert (get_webhook(client, webhook)["state"], get_webhook(client, webhook)["disabled"]) == ("active", None)
        recovery = client.post(f"/v1/webhooks/{webhook['id']}/recover", json={"since": webhook["created_at"]})
        wait_for(lambda: client.get(recovery.headers["Location"]).get_json()["ended_at"])
        wait_for(lambda: states(conn) == {1: "delivered", 2: "delivered"})
        assert client.get(recovery.headers["Location"]).get_json()["recovered"] == 2


@pytest.mark.usefixtures("no_retries")
def test_pending_deliveries_of_a_paused_webhook_are_skipped(
    client: FlaskClient, database: str, conn: psycopg.Connection
) -> None:
    with run_receiver(respond_with(500)) as receiver, run_worker(database):
        webhook = make_webhook(client, url=receiver.url)
        create_event(client)
        wait_for_attempts(conn, 1)
        patch_webhook(client, webhook, paused=True)
        wait_for(lambda: states(conn) == {1: "skipped"})


@pytest.mark.usefixtures("no_retries")
def test_a_new_url_applies_to_pending_deliveries(client: FlaskClient, database: str, conn: psycopg.Connection) -> None:
    with run_receiver(respond_with(500)) as receiver, run_receiver() as other, run_worker(database) as worker:
        webhook = make_webhook(client, url=receiver.url)
        create_event(client)
        wait_for_attempts(conn, 1)
        patch_webhook(client, webhook, url=other.url)
        wait_for(lambda: (current := receiver_of(worker, webhook)) and current.url == other.url)
        conn.execute("UPDATE delivery SET due_at = now()")
        conn.commit()
        wait_for(lambda: other.ids == receiver.ids)


def test_a_rate_limit_delays_deliveries(client: FlaskClient, database: str) -> None:
    with run_receiver() as receiver, run_worker(database) as worker:
        webhook = make_webhook(client, url=receiver.url, rate_limit=1)
        wait_for(lambda: receiver_of(worker, webhook))
        lane = worker._dispatcher._scheduler._lanes[UUID(webhook["id"])]
        for _ in range(6):
            create_event(client)
        wait_for(lambda: len(lane.queues[0]) == 5)  # one a minute: the first is sent, the others wait
        wait_for_polls(worker)
        assert (receiver.seqs, lane.rate) == ([1], 1 / 60)
        patch_webhook(client, webhook, rate_limit=None)
        wait_for(lambda: lane.rate is None)
        create_event(client)
        wait_for(lambda: len(receiver.requests) == 7)


def test_two_workers_share_the_webhooks_and_send_each_delivery_once(client: FlaskClient, database: str) -> None:
    settings = {"webhook_lease": 60.0}  # a slow machine renews in time, so that no shard changes its worker
    with run_receiver() as receiver, run_worker(database, **settings) as one, run_worker(database, **settings) as other:
        wait_for(lambda: len(one._leases.active_shards) == len(other._leases.active_shards) == 32)
        webhooks = [make_webhook(client, url=receiver.url) for _ in range(10)]
        while len({shard_of(UUID(webhook["id"])) in one._leases.epochs for webhook in webhooks}) == 1:
            webhooks.append(make_webhook(client, url=receiver.url))
        for _ in range(10):
            create_event(client)
        number = 10 * len(webhooks)
        wait_for(lambda: len(receiver.requests) == number)
        wait_for(lambda: sum(worker.metrics._outcomes["accepted"] for worker in (one, other)) == number)
        assert len(set(receiver.ids)) == number
        assert min(worker.metrics._outcomes["accepted"] for worker in (one, other)) > 0


def test_a_worker_that_ends_finishes_its_attempts_and_releases_its_shards(
    client: FlaskClient, database: str, conn: psycopg.Connection
) -> None:
    async def respond_late(request: Request, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.4)
        await respond_with()(request, writer)

    with run_receiver(respond_late) as receiver:
        with run_worker(database):
            make_webhook(client, url=receiver.url)
            create_event(client)
            wait_for(lambda: receiver.requests)
        assert states(conn) == {1: "delivered"}
        assert store.webhooks.leases.list_live_workers(conn, alive_for=60) == []
        assert conn.execute("SELECT count(*) FROM delivery_shard WHERE leased_until > now()").fetchone() == (0,)
        conn.rollback()
        with run_worker(database):
            create_event(client)
            wait_for(lambda: len(receiver.requests) == 2)


def test_the_delivery_of_an_expired_change_fails(client: FlaskClient, database: str, conn: psycopg.Connection) -> None:
    with run_receiver() as receiver:
        make_subscription(conn, receiver.url)
        create_event(client)
        match(database)
        conn.execute("DELETE FROM feed")
        conn.commit()
        with run_worker(database):
            wait_for(lambda: states(conn) == {1: "failed"})
        assert receiver.requests == []


def test_results_are_recorded_once_the_database_accepts_them_again(
    client: FlaskClient, database: str, conn: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = CapturingLogger()
    monkeypatch.setattr(dispatcher, "log", log)
    with run_receiver() as receiver, run_worker(database):
        make_webhook(client, url=receiver.url)
        conn.execute("ALTER TABLE attempt RENAME TO elsewhere")
        conn.commit()
        create_event(client)
        wait_for(lambda: log.calls)
        assert log.calls[0] == CapturedCall("exception", ("worker_fault",), {"step": "recording"})
        conn.execute("ALTER TABLE elsewhere RENAME TO attempt")
        conn.commit()
        wait_for(lambda: states(conn) == {1: "delivered"})
        create_event(client)
        wait_for(lambda: states(conn) == {1: "delivered", 2: "delivered"})
        assert len(receiver.requests) == 2


@pytest.mark.parametrize("step", ["_match", "_renew_leases"])
def test_a_loop_that_ends_ends_the_worker_which_releases_its_shards(
    database: str, conn: psycopg.Connection, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    polls = count()
    working = getattr(WebhookWorker, step)

    async def work_and_end(worker: WebhookWorker) -> int:
        if next(polls) == 2:
            raise asyncio.CancelledError
        return int(await working(worker))

    monkeypatch.setattr(WebhookWorker, step, work_and_end)
    settings = Settings(database_url=database, **TEST_SETTINGS)

    async def work() -> None:
        await WebhookWorker(settings, make_sender(settings)).work(asyncio.Event())

    with pytest.raises(LoopEndedError, match="start the worker again"):
        asyncio.run(work())
    assert conn.execute("SELECT count(*) FROM delivery_worker").fetchone() == (0,)


@pytest.mark.usefixtures("no_retries")
def test_neither_secrets_nor_documents_are_logged(
    client: FlaskClient, database: str, conn: psycopg.Connection, capfd: pytest.CaptureFixture[str]
) -> None:
    with run_receiver(respond_with(500, b"xylophone")) as receiver, run_worker(database, secret_keys="glockenspiel"):  # noqa: S106
        webhook = make_webhook(client, url=receiver.url)
        create_event(client, title="marimba")
        wait_for_attempts(conn, 1)
    output = "".join(capfd.readouterr())
    secret = base64.b64decode(webhook["secret"].removeprefix("whsec_"))
    for word in ("xylophone", "glockenspiel", "marimba", webhook["secret"], secret.hex(), repr(secret)[2:-1]):
        assert word not in output
