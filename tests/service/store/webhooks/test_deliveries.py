"""Deliveries in the database."""

from datetime import UTC, datetime

import psycopg

from service import store
from service.ids import uuid7
from service.store.webhooks.deliveries import NewDelivery, insert_deliveries
from tests.deliveries import make_subscription

EVENT = uuid7()


def test_changes_of_a_paused_subscription_are_skipped_and_of_a_deleted_one_dropped(
    conn: psycopg.Connection,
) -> None:
    active, paused, deleted = make_subscription(conn), make_subscription(conn, paused=True), make_subscription(conn)
    store.webhooks.subscriptions.delete_subscription(conn, deleted, expected=1, now=datetime.now(UTC))
    rows = [NewDelivery(id_, 1, EVENT, "create") for id_ in (active, paused, deleted, uuid7())]
    assert insert_deliveries(conn, rows) == 1
    assert insert_deliveries(conn, rows) == 0  # existing rows stay
    states = conn.execute("SELECT subscription_id, state FROM delivery").fetchall()
    assert sorted(states) == sorted([(active, "pending"), (paused, "skipped")])
    assert insert_deliveries(conn, []) == 0
