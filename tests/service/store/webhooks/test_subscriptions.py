"""Subscriptions in the database."""

from datetime import UTC, datetime, timedelta

import psycopg

from service import store
from tests.deliveries import make_subscription


def test_the_latest_twenty_notices_are_stored_newest_first(conn: psycopg.Connection) -> None:
    id_ = make_subscription(conn)
    for number in range(25):
        now = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=number)
        store.webhooks.subscriptions.rotate_secret(conn, id_, b"\0", until=now, now=now)
    notices = store.webhooks.subscriptions.get_subscription(conn, id_, None).notices
    assert [notice["at"][:13] for notice in notices] == [
        f"2026-01-{1 + hour // 24:02}T{hour % 24:02}" for hour in range(24, 4, -1)
    ]
