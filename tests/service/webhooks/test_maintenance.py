"""Maintenance: skipping, disabling and deleting, in batches."""

from datetime import UTC, datetime

import psycopg
import pytest

from service import store
from service.db.pool import Database
from service.ids import uuid7
from service.store.webhooks.leases import SHARDS, shard_of
from service.store.webhooks.queue import insert_attempts
from service.webhooks import maintenance
from tests.deliveries import an_attempt, claim_all_shards, make_deliveries, make_subscription, states


def test_pending_deliveries_of_a_paused_subscription_are_skipped_in_batches(
    conn: psycopg.Connection, opened: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    id_, other = make_subscription(conn), make_subscription(conn)
    make_deliveries(conn, id_, *range(1, 8))
    make_deliveries(conn, other, 8)
    conn.execute("UPDATE subscription SET paused = TRUE WHERE id = %s", (id_,))
    conn.commit()
    monkeypatch.setattr(maintenance, "SKIP_BATCH", 3)
    everything = list(range(SHARDS))
    assert [maintenance.skip_paused(opened, everything) for _ in range(4)] == [3, 3, 1, 0]
    assert states(conn) == {**dict.fromkeys(range(1, 8), "skipped"), 8: "pending"}
    assert maintenance.skip_paused(opened, [shard_of(other)]) == 0


@pytest.mark.parametrize(
    "lose",
    [
        "UPDATE api_key SET revoked_at = now()",
        "UPDATE api_key SET expires_at = now()",
        "UPDATE api_key SET scopes = '{webhooks}'",
    ],
)
def test_subscriptions_of_a_key_that_may_no_longer_read_are_disabled(
    conn: psycopg.Connection, opened: Database, lose: str
) -> None:
    id_ = make_subscription(conn)
    assert maintenance.disable_keyless(opened, public=False) == 0
    conn.execute(lose.encode())
    conn.commit()
    assert maintenance.disable_keyless(opened, public=False) == 1
    assert maintenance.disable_keyless(opened, public=False) == 0
    subscription = store.webhooks.subscriptions.get_subscription(conn, id_, None)
    assert (subscription.paused, subscription.disabled_reason) == (True, "key")


def test_old_deliveries_are_deleted_with_their_attempts_in_batches(
    conn: psycopg.Connection, opened: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store.webhooks.maintenance, "DELETE_BATCH", 4)
    id_, worker = make_subscription(conn), uuid7()
    make_deliveries(conn, id_, *range(1, 12))
    epochs = claim_all_shards(conn, worker)
    insert_attempts(conn, worker, [an_attempt(conn, id_, seq, epochs) for seq in range(1, 12)])
    conn.execute("UPDATE delivery SET created_at = now() - interval '31 days' WHERE seq <= 9")
    conn.commit()
    assert maintenance.delete_expired(opened, list(range(SHARDS)), 0) == 0
    assert maintenance.delete_expired(opened, list(range(SHARDS)), 30) == 9
    assert sorted(states(conn)) == [10, 11]
    assert conn.execute("SELECT count(*) FROM attempt").fetchone() == (2,)


def test_the_rows_of_a_deleted_webhook_are_deleted(conn: psycopg.Connection, opened: Database) -> None:
    id_, other = make_subscription(conn), make_subscription(conn)
    make_deliveries(conn, id_, 1, 2)
    make_deliveries(conn, other, 3)
    store.webhooks.pings.insert_ping(conn, id=uuid7(), subscription_id=id_)
    store.webhooks.recoveries.insert_recovery(conn, id=uuid7(), subscription_id=id_, since=datetime.now(UTC))
    store.webhooks.subscriptions.delete_subscription(conn, id_, expected=1, now=datetime.now(UTC))
    conn.commit()
    for _ in range(2):
        maintenance.delete_expired(opened, list(range(SHARDS)), 0)
    assert conn.execute("SELECT id FROM subscription").fetchall() == [(other,)]
    assert conn.execute("SELECT (SELECT count(*) FROM ping), (SELECT count(*) FROM recovery)").fetchone() == (0, 0)
    assert states(conn) == {3: "pending"}
