"""The worker on a database of its own, with receivers on this machine: from a write to what arrives."""

import base64
import time
from functools import partial
from typing import Any

import psycopg
import pytest
from flask.testing import FlaskClient
from standardwebhooks import Webhook

from service import store
from tests.deliveries import QUICKLY, make_subscription, match, states, wait_for, working
from tests.factories import create_event
from tests.receivers import answering, failing_first, receiving
from tests.webhooks import attempts, change, has_attempts, make_webhook, patch, shown


def test_every_kind_of_change_arrives_signed_with_its_document_as_the_feed_has_it(
    client: FlaskClient, database: str
) -> None:
    with receiving() as receiver, working(database):
        webhook = make_webhook(client, receiver)
        event, other = create_event(client, title="One"), create_event(client, title="Another")
        change(client, event, tags=["trade"])
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


def test_only_what_was_asked_for_arrives_and_an_update_that_takes_an_event_out_of_a_filter_is_told(
    client: FlaskClient, database: str
) -> None:
    with receiving() as receiver, receiving() as thin, working(database):
        make_webhook(client, receiver, filter={"tag": "trade"}, kinds=["create", "leave"])
        make_webhook(client, thin, filter="tag=trade", payload="thin")
        create_event(client)
        event = create_event(client, tags=["trade"])
        change(client, event, title="Another title")
        change(client, event, tags=[])
        wait_for(lambda: len(thin.requests) == 3)
        wait_for(lambda: len(receiver.requests) == 2)
        assert [request.json()["type"] for request in receiver.requests] == ["event.create", "event.leave"]
        assert [request.json()["data"]["document"] for request in thin.requests] == [None] * 3
        assert [request.json()["data"]["version"] for request in thin.requests] == [1, 2, 3]


def test_a_failure_is_tried_again_under_the_same_id_until_it_is_accepted(
    client: FlaskClient, database: str, conn: psycopg.Connection
) -> None:
    with receiving(failing_first(2)) as receiver, working(database):
        webhook = make_webhook(client, receiver)
        create_event(client)
        for attempts in (1, 2):
            wait_for(partial(has_attempts, conn, attempts))
            conn.execute("UPDATE delivery SET due_at = now()")
            conn.commit()
        wait_for(lambda: states(conn) == {1: "delivered"})
        assert len(receiver.requests) == 3
        assert len(set(receiver.ids)) == 1
        told = client.get(f"/v1/webhooks/{webhook['id']}/deliveries/1").get_json()
        assert [one["status"] for one in told["attempts"]] == [500, 500, 200]
        for request in receiver.requests:
            Webhook(webhook["secret"]).verify(request.body, request.headers)


def test_changes_of_one_event_arrive_in_their_order(client: FlaskClient, database: str) -> None:
    with receiving() as receiver, working(database):
        make_webhook(client, receiver)
        event = create_event(client)
        for number in range(20):
            change(client, event, title=f"Title {number}")
        wait_for(lambda: len(receiver.requests) == 21)
        assert receiver.seqs == sorted(receiver.seqs)


def test_an_ordered_webhook_gets_one_at_a_time_and_nothing_before_what_failed(
    client: FlaskClient, database: str, conn: psycopg.Connection
) -> None:
    with receiving() as receiver, working(database):
        make_webhook(client, receiver, ordered=True)
        for _ in range(3):
            create_event(client)
        wait_for(lambda: receiver.seqs == [1, 2, 3])
        receiver.behave = answering(500)
        for _ in range(3):
            create_event(client)
        wait_for(lambda: receiver.seqs == [1, 2, 3, 4])
        time.sleep(0.5)
        assert receiver.seqs == [1, 2, 3, 4]
        receiver.behave = answering()
        conn.execute("UPDATE delivery SET due_at = now() WHERE seq = 4")
        conn.commit()
        wait_for(lambda: receiver.seqs == [1, 2, 3, 4, 4, 5, 6])


def test_a_410_disables_the_webhook_and_its_owner_lets_it_go_on_and_recovers(
    client: FlaskClient, database: str, conn: psycopg.Connection
) -> None:
    with receiving(answering(410)) as receiver, working(database):
        webhook = make_webhook(client, receiver)
        create_event(client)
        wait_for(lambda: shown(client, webhook)["state"] == "disabled")
        told = shown(client, webhook)
        assert (told["disabled"]["reason"], told["paused"], told["notices"][0]["kind"]) == ("gone", True, "disabled")
        create_event(client)
        wait_for(lambda: states(conn) == {1: "skipped", 2: "skipped"})
        assert len(receiver.requests) == 1
        receiver.behave = answering()
        patch(client, webhook, paused=False)
        assert (shown(client, webhook)["state"], shown(client, webhook)["disabled"]) == ("active", None)
        begun = client.post(f"/v1/webhooks/{webhook['id']}/recover", json={"since": webhook["created_at"]})
        wait_for(lambda: client.get(begun.headers["Location"]).get_json()["ended_at"])
        wait_for(lambda: states(conn) == {1: "delivered", 2: "delivered"})
        assert client.get(begun.headers["Location"]).get_json()["recovered"] == 2


def test_what_waits_when_a_webhook_is_paused_is_skipped(
    client: FlaskClient, database: str, conn: psycopg.Connection
) -> None:
    with receiving(answering(500)) as receiver, working(database):
        webhook = make_webhook(client, receiver)
        create_event(client)
        wait_for(lambda: attempts(conn) == 1)
        patch(client, webhook, paused=True)
        wait_for(lambda: states(conn) == {1: "skipped"})


def test_what_was_changed_counts_for_what_waits_already(
    client: FlaskClient, database: str, conn: psycopg.Connection
) -> None:
    with receiving(answering(500)) as receiver, receiving() as other, working(database):
        webhook = make_webhook(client, receiver)
        create_event(client)
        wait_for(lambda: attempts(conn) == 1)
        patch(client, webhook, url=other.url)
        conn.execute("UPDATE delivery SET due_at = now() + interval '1.5 s'")
        conn.commit()
        wait_for(lambda: other.ids == receiver.ids)


def test_a_rate_is_kept(client: FlaskClient, database: str) -> None:
    with receiving() as receiver, working(database):
        make_webhook(client, receiver, rate_limit=120)
        for _ in range(6):
            create_event(client)
        began = time.monotonic()
        wait_for(lambda: len(receiver.requests) == 6)
        assert time.monotonic() - began > 1.0  # two at once, and then two a second


def test_two_workers_share_the_webhooks_and_send_nothing_twice(client: FlaskClient, database: str) -> None:
    with receiving() as receiver, working(database) as one, working(database) as other:
        wait_for(lambda: len(one._leases.active_shards) == len(other._leases.active_shards) == 32)
        for _ in range(10):
            make_webhook(client, receiver)
        for _ in range(10):
            create_event(client)
        wait_for(lambda: len(receiver.requests) == 100)
        wait_for(lambda: sum(worker.metrics._outcomes["accepted"] for worker in (one, other)) == 100)
        assert len(set(receiver.ids)) == 100
        assert min(worker.metrics._outcomes["accepted"] for worker in (one, other)) > 0


def test_told_to_end_a_worker_finishes_what_is_under_way_and_another_goes_on_at_once(
    client: FlaskClient, database: str, conn: psycopg.Connection
) -> None:
    async def answer_late(request: Any, writer: Any) -> None:
        import asyncio  # noqa: PLC0415 (the receiver's loop)

        await asyncio.sleep(0.4)
        await answering()(request, writer)

    with receiving(answer_late) as receiver:
        with working(database):
            make_webhook(client, receiver)
            create_event(client)
            wait_for(lambda: receiver.requests)
        assert states(conn) == {1: "delivered"}
        assert store.webhooks.leases.list_live_workers(conn, alive_for=60) == []
        conn.rollback()
        began = time.monotonic()
        with working(database):
            create_event(client)
            wait_for(lambda: len(receiver.requests) == 2)
            assert time.monotonic() - began < QUICKLY["webhook_lease"]


def test_a_change_that_the_feed_keeps_no_longer_is_given_up(
    client: FlaskClient, database: str, conn: psycopg.Connection
) -> None:
    with receiving() as receiver:
        make_subscription(conn, receiver.url)
        create_event(client)
        match(database)
        conn.execute("DELETE FROM feed")
        conn.commit()
        with working(database):
            wait_for(lambda: states(conn) == {1: "failed"})
        assert receiver.requests == []


def test_whatever_keeps_results_from_being_written_they_are_when_it_has_passed(
    client: FlaskClient, database: str, conn: psycopg.Connection
) -> None:
    with receiving() as receiver, working(database):
        make_webhook(client, receiver)
        conn.execute("ALTER TABLE attempt RENAME TO elsewhere")
        conn.commit()
        create_event(client)
        wait_for(lambda: receiver.requests)
        time.sleep(0.3)  # long enough to have tried
        conn.execute("ALTER TABLE elsewhere RENAME TO attempt")
        conn.commit()
        wait_for(lambda: states(conn) == {1: "delivered"})
        create_event(client)
        wait_for(lambda: states(conn) == {1: "delivered", 2: "delivered"})
        assert len(receiver.requests) == 2


def test_neither_secrets_nor_documents_reach_the_log(
    client: FlaskClient, database: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with receiving(answering(500, b"xylophone")) as receiver, working(database, secret_keys="glockenspiel"):  # noqa: S106
        webhook = make_webhook(client, receiver)
        create_event(client, title="marimba")
        wait_for(lambda: receiver.requests)
        time.sleep(0.3)
    said = "".join(capfd.readouterr())
    secret = base64.b64decode(webhook["secret"].removeprefix("whsec_"))
    for word in ("xylophone", "glockenspiel", "marimba", webhook["secret"], secret.hex(), repr(secret)[2:-1]):
        assert word not in said
