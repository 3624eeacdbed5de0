"""The results of attempts and their consequences for the subscription."""

from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from structlog.testing import CapturedCall, CapturingLogger

from service import store
from service.db.pool import Database
from service.ids import uuid7
from service.webhooks import completer
from service.webhooks.completer import record_attempts
from tests.deliveries import an_attempt, claim_all_shards, make_deliveries, make_subscription, states


def test_a_response_that_cannot_be_stored_does_not_stop_other_results(
    conn: psycopg.Connection, opened: Database
) -> None:
    id_, worker = make_subscription(conn), uuid7()
    make_deliveries(conn, id_, 1, 2)
    epochs = claim_all_shards(conn, worker)
    conn.commit()
    record_attempts(
        opened,
        worker,
        [an_attempt(conn, id_, 1, epochs), an_attempt(conn, id_, 2, epochs, headers={"X": "nul \0"})],
        (),
    )
    assert states(conn) == {1: "delivered", 2: "delivered"}


def outcomes(conn: psycopg.Connection, opened: Database, *results: tuple[str, str], failing: bool = False) -> Any:
    """Record attempts with these outcomes and states, and return their subscription."""
    id_, worker = make_subscription(conn), uuid7()
    make_deliveries(conn, id_, *range(1, len(results) + 1))
    epochs = claim_all_shards(conn, worker)
    if failing:
        conn.execute("UPDATE subscription SET failing_since = now() - interval '5 days', failing_attempts = 19")
    conn.commit()
    rows = [
        an_attempt(conn, id_, seq, epochs, outcome=outcome, state=state)
        for seq, (outcome, state) in enumerate(results, 1)
    ]
    record_attempts(opened, worker, rows, {id_} if failing else ())
    subscription = store.webhooks.subscriptions.get_subscription(conn, id_, None)
    conn.rollback()
    return subscription


def test_a_410_disables_the_subscription_with_a_notice(conn: psycopg.Connection, opened: Database) -> None:
    subscription = outcomes(conn, opened, ("gone", "skipped"))
    assert (subscription.paused, subscription.disabled_reason, subscription.version) == (True, "gone", 2)
    assert [(notice["kind"], notice["reason"]) for notice in subscription.notices] == [("disabled", "gone")]


def test_the_twentieth_failure_after_five_days_disables_the_subscription(
    conn: psycopg.Connection, opened: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = CapturingLogger()
    monkeypatch.setattr(completer, "log", log)
    subscription = outcomes(conn, opened, ("refused", "pending"), failing=True)
    assert (subscription.paused, subscription.disabled_reason) == (True, "failing")
    assert [(notice["kind"], notice["reason"]) for notice in subscription.notices] == [("disabled", "failing")]
    assert store.webhooks.maintenance.get_health(conn).disabled == 1
    assert log.calls == [
        CapturedCall("warning", ("webhook_disabled",), {"webhook": str(subscription.id), "reason": "failing"})
    ]


def test_one_success_resets_the_failures(conn: psycopg.Connection, opened: Database) -> None:
    subscription = outcomes(conn, opened, ("accepted", "delivered"), ("refused", "pending"), failing=True)
    assert (subscription.paused, subscription.failing_since) == (False, None)


def test_the_first_failure_is_recorded(conn: psycopg.Connection, opened: Database) -> None:
    assert outcomes(conn, opened, ("timeout", "pending"), ("refused", "pending")).failing_since is not None


def test_an_expired_change_is_no_failure_of_the_subscription(conn: psycopg.Connection, opened: Database) -> None:
    assert outcomes(conn, opened, ("expired", "failed")).failing_since is None


def test_failed_deliveries_add_one_notice_until_another_follows(conn: psycopg.Connection, opened: Database) -> None:
    subscription = outcomes(conn, opened, ("refused", "failed"), ("refused", "failed"))
    store.webhooks.subscriptions.record_exhausted(conn, [subscription.id], now=datetime.now(UTC))
    subscription = store.webhooks.subscriptions.get_subscription(conn, subscription.id, None)
    assert [notice["kind"] for notice in subscription.notices] == ["exhausted"]
