"""Webhooks of receivers on this machine, over the API."""

from typing import Any

import psycopg
from flask.testing import FlaskClient

from tests.receivers import Receiver


def make_webhook(client: FlaskClient, receiver: Receiver, **said: Any) -> dict[str, Any]:
    """A webhook to the receiver, as it was answered."""
    made = client.post("/v1/webhooks", json={"url": receiver.url, **said})
    assert made.status_code == 201, made.text
    return dict(made.get_json())


def shown(client: FlaskClient, webhook: dict[str, Any]) -> dict[str, Any]:
    """The webhook as it is now."""
    return dict(client.get(f"/v1/webhooks/{webhook['id']}").get_json())


def patch(client: FlaskClient, webhook: dict[str, Any], **said: Any) -> None:
    """Change the webhook."""
    answered = client.patch(f"/v1/webhooks/{webhook['id']}", json=said, headers={"If-Match": "*"})
    assert answered.status_code == 200, answered.text


def change(client: FlaskClient, event: dict[str, Any], **said: Any) -> None:
    """Change the event."""
    answered = client.patch(f"/v1/events/{event['id']}", json=said, headers={"If-Match": "*"})
    assert answered.status_code == 200, answered.text


def has_attempts(conn: psycopg.Connection, number: int) -> bool:
    """Whether the only delivery was attempted so often."""
    return attempts(conn) == number


def attempts(conn: psycopg.Connection) -> int:
    """How often the only delivery was attempted."""
    found = conn.execute("SELECT attempts FROM delivery").fetchone()
    conn.rollback()
    return found[0] if found else 0
