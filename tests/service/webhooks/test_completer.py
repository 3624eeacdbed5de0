"""What the worker asks of the database and writes down there: leases, what is due, how it ended."""

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
from tests.deliveries import an_end, hold_all_shards, make_deliveries, make_subscription, states


def test_an_answer_that_cannot_be_stored_keeps_no_other_from_being_written_down(
    conn: psycopg.Connection, opened: Database
) -> None:
    id_, worker = make_subscription(conn), uuid7()
    make_deliveries(conn, id_, 1, 2)
    epochs = hold_all_shards(conn, worker)
    conn.commit()
    record_attempts(opened, worker, [an_end(id_, 1, epochs), an_end(id_, 2, epochs, headers={"X": "nul \0"})], ())
    assert states(conn) == {1: "delivered", 2: "delivered"}


def outcomes(conn: psycopg.Connection, opened: Database, *ends: tuple[str, str], failing: bool = False) -> Any:
    """The subscription after attempts that ended so: outcome and state."""
    id_, worker = make_subscription(conn), uuid7()
    make_deliveries(conn, id_, *range(1, len(ends) + 1))
    epochs = hold_all_shards(conn, worker)
    if failing:
        conn.execute("UPDATE subscription SET failing_since = now() - interval '5 days', failing_attempts = 19")
    conn.commit()
    told = [an_end(id_, seq, epochs, outcome=outcome, state=state) for seq, (outcome, state) in enumerate(ends, 1)]
    record_attempts(opened, worker, told, {id_} if failing else ())
    found = store.webhooks.subscriptions.get_subscription(conn, id_, None)
    conn.rollback()
    return found


def test_a_410_disables_at_once_and_says_so(conn: psycopg.Connection, opened: Database) -> None:
    found = outcomes(conn, opened, ("gone", "skipped"))
    assert (found.paused, found.disabled_reason, found.version) == (True, "gone", 2)
    assert [(notice["kind"], notice["reason"]) for notice in found.notices] == [("disabled", "gone")]


def test_the_twentieth_failure_after_five_days_disables(
    conn: psycopg.Connection, opened: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = CapturingLogger()
    monkeypatch.setattr(completer, "log", said)
    found = outcomes(conn, opened, ("refused", "pending"), failing=True)
    assert (found.paused, found.disabled_reason) == (True, "failing")
    assert [(notice["kind"], notice["reason"]) for notice in found.notices] == [("disabled", "failing")]
    assert store.webhooks.maintenance.get_health(conn).disabled == 1
    assert said.calls == [
        CapturedCall("warning", ("webhook_disabled",), {"webhook": str(found.id), "reason": "failing"})
    ]


def test_one_success_in_between_and_it_begins_anew(conn: psycopg.Connection, opened: Database) -> None:
    found = outcomes(conn, opened, ("accepted", "delivered"), ("refused", "pending"), failing=True)
    assert (found.paused, found.failing_since) == (False, None)


def test_the_first_failure_is_remembered(conn: psycopg.Connection, opened: Database) -> None:
    assert outcomes(conn, opened, ("timeout", "pending"), ("refused", "pending")).failing_since is not None


def test_a_change_that_is_no_longer_kept_is_nobodys_failure(conn: psycopg.Connection, opened: Database) -> None:
    assert outcomes(conn, opened, ("expired", "failed")).failing_since is None


def test_a_delivery_that_is_given_up_is_told_once_until_something_else_happens(
    conn: psycopg.Connection, opened: Database
) -> None:
    found = outcomes(conn, opened, ("refused", "failed"), ("refused", "failed"))
    store.webhooks.subscriptions.record_exhausted(conn, [found.id], now=datetime.now(UTC))
    found = store.webhooks.subscriptions.get_subscription(conn, found.id, None)
    assert [notice["kind"] for notice in found.notices] == ["exhausted"]
