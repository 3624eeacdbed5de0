"""Webhooks for tests, made and changed over the API."""

from typing import Any

import psycopg
from flask.testing import FlaskClient

from tests.deliveries import wait_for

URL = "https://receiver.example/hook"


def new_webhook(**fields: Any) -> dict[str, Any]:
    """Return the body of a new webhook, by default to URL."""
    return {"url": URL} | fields


def make_webhook(client: FlaskClient, **fields: Any) -> dict[str, Any]:
    """Create a webhook, by default to URL, and return the response's JSON."""
    response = client.post("/v1/webhooks", json=new_webhook(**fields))
    assert response.status_code == 201, response.text
    return dict(response.get_json())


def get_webhook(client: FlaskClient, webhook: dict[str, Any]) -> dict[str, Any]:
    """Return the webhook as it is now."""
    return dict(client.get(f"/v1/webhooks/{webhook['id']}").get_json())


def patch_webhook(client: FlaskClient, webhook: dict[str, Any], **fields: Any) -> None:
    """Change fields of the webhook."""
    _patch(client, f"/v1/webhooks/{webhook['id']}", fields)


def patch_event(client: FlaskClient, event: dict[str, Any], **fields: Any) -> None:
    """Change fields of the event."""
    _patch(client, f"/v1/events/{event['id']}", fields)


def _patch(client: FlaskClient, address: str, fields: dict[str, Any]) -> None:
    response = client.patch(address, json=fields, headers={"If-Match": "*"})
    assert response.status_code == 200, response.text


def wait_for_attempts(conn: psycopg.Connection, number: int) -> None:
    """Wait until so many attempts of the only delivery are recorded."""
    wait_for(lambda: count_attempts(conn) == number)


def count_attempts(conn: psycopg.Connection) -> int:
    """Return the number of recorded attempts of the only delivery, 0 if there is no delivery."""
    row = conn.execute("SELECT attempts FROM delivery").fetchone()
    conn.rollback()
    return row[0] if row else 0
