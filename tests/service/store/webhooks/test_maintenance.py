"""The health of deliveries in the database."""

from dataclasses import replace
from datetime import UTC, datetime

import psycopg

from service import store
from tests.deliveries import make_deliveries, make_subscription


def test_the_health_counts_deliveries_and_subscriptions(conn: psycopg.Connection) -> None:
    id_ = make_subscription(conn)
    disabled = make_subscription(conn)
    make_deliveries(conn, id_, *range(1, 6))
    conn.execute("UPDATE delivery SET due_at = now() + interval '1 h' WHERE seq = 1")
    conn.execute("UPDATE delivery SET due_at = now() - interval '2 min' WHERE seq = 2")
    conn.execute("UPDATE subscription SET failing_since = now() WHERE id = %s", (id_,))
    store.webhooks.subscriptions.disable_subscription(conn, disabled, "gone", now=datetime.now(UTC))
    health = store.webhooks.maintenance.get_health(conn)
    assert replace(health, oldest_due=None) == store.webhooks.maintenance.Health(4, 1, 5, None, 2, 1, 1)
    assert health.oldest_due is not None
