"""What owners ask of their webhooks and a worker does: tests, secrets, handshakes."""

from typing import Any

import psycopg
import pytest
from flask.testing import FlaskClient
from standardwebhooks import Webhook

from service.webhooks import pings
from tests.deliveries import wait_for, working
from tests.factories import create_event
from tests.receivers import Behaviour, answering, drop, hang, receiving
from tests.webhooks import make_webhook, shown


def test_a_test_is_sent_and_answered_with_what_came_back_also_while_paused(client: FlaskClient, database: str) -> None:
    with receiving(answering(418, b"short and stout", X_Pot="tea")) as receiver, working(database) as worker:
        webhook = make_webhook(client, receiver, paused=True)
        wait_for(lambda: worker._leases.active_shards)
        answered = client.post(f"/v1/webhooks/{webhook['id']}/test", headers={"Idempotency-Key": "one"})
        told: Any = answered.json
        assert (told["outcome"], told["status"], told["answer"], told["headers"]["X-Pot"]) == (
            "refused",
            418,
            "short and stout",
            "tea",
        )
        [request] = receiver.requests
        assert (request.id, request.json()["type"]) == (told["id"], "webhook.ping")
        assert request.json()["data"] == {"webhook_id": webhook["id"]}
        Webhook(webhook["secret"]).verify(request.body, request.headers)
        again = client.post(f"/v1/webhooks/{webhook['id']}/test", headers={"Idempotency-Key": "one"})
        assert (again.json, len(receiver.requests)) == (told, 1)
        receiver.behave = hang
        assert client.post(f"/v1/webhooks/{webhook['id']}/test").get_json()["outcome"] == "timeout"


def test_a_receiver_agrees_to_the_handshake_before_anything_is_sent(client: FlaskClient, database: str) -> None:
    agree = answering(200, b"", WebHook_Allowed_Origin="policytrail", WebHook_Allowed_Rate="6000")
    with receiving(agree) as receiver, working(database):
        webhook = make_webhook(client, receiver, handshake=True)
        create_event(client)
        wait_for(lambda: [request.method for request in receiver.requests] == ["OPTIONS", "POST"])
        assert receiver.requests[0].headers["webhook-request-origin"] == "policytrail"
        told = shown(client, webhook)
        assert (told["state"], told["rate_limit"], told["handshake"]) == ("active", 6000, True)
        assert told["notices"][0]["kind"] == "handshake_passed"


@pytest.mark.parametrize("answer", [{}, {"WebHook_Allowed_Origin": "other.example"}])
def test_a_status_alone_is_no_consent(client: FlaskClient, database: str, answer: dict[str, str]) -> None:
    with receiving(answering(200, b"", **answer)) as receiver, working(database):
        webhook = make_webhook(client, receiver, handshake=True)
        create_event(client)
        wait_for(lambda: shown(client, webhook)["state"] == "disabled")
        assert shown(client, webhook)["disabled"]["reason"] == "handshake"
        assert {request.method for request in receiver.requests} == {"OPTIONS"}


@pytest.mark.parametrize("behave", [answering(503), drop])
def test_a_receiver_that_gives_no_answer_to_the_handshake_is_asked_again(
    client: FlaskClient, database: str, monkeypatch: pytest.MonkeyPatch, behave: Behaviour
) -> None:
    monkeypatch.setattr(pings, "HANDSHAKE_RETRY", 0.1)
    with receiving(behave) as receiver, working(database):
        webhook = make_webhook(client, receiver, handshake=True)
        create_event(client)
        wait_for(lambda: len(receiver.requests) >= 2)
        assert shown(client, webhook)["state"] == "unverified"
        receiver.behave = answering(200, b"", WebHook_Allowed_Origin="*")
        wait_for(lambda: receiver.requests[-1].method == "POST")


def test_a_receiver_that_never_answers_the_handshake_is_asked_no_more_after_five_days(
    client: FlaskClient, database: str, conn: psycopg.Connection
) -> None:
    with receiving(answering(503)) as receiver:
        webhook = make_webhook(client, receiver, handshake=True)
        conn.execute("UPDATE subscription SET updated_at = now() - interval '5 days'")
        conn.commit()
        with working(database):
            wait_for(lambda: shown(client, webhook)["state"] == "disabled")
        assert len(receiver.requests) == 1
