"""`policytrail status`."""

from datetime import UTC, datetime

import psycopg
from click.testing import CliRunner

from service import store
from service.cli.main import main
from service.ids import uuid7
from service.store.webhooks.deliveries import NewDelivery, insert_deliveries
from tests.deliveries import make_subscription


def run(*arguments: str, **environment: str) -> str:
    """Return the output of the command."""
    return CliRunner(env=environment).invoke(main, arguments).output


def test_status_shows_the_backlog_of_feed_and_webhooks(conn: psycopg.Connection, database: str) -> None:
    id_ = make_subscription(conn)
    insert_deliveries(conn, [NewDelivery(id_, seq, uuid7(), "create") for seq in (1, 2, 3)])
    conn.execute("UPDATE delivery SET due_at = now() - interval '900 s' WHERE seq = 1")
    conn.execute("UPDATE delivery SET due_at = now() + interval '90 s' WHERE seq = 2")
    store.webhooks.subscriptions.disable_subscription(conn, make_subscription(conn), "gone", now=datetime.now(UTC))
    for number in (1, 2):
        measured = {"attempts": {"accepted": number, "timeout": 5}, "first_attempt_ms": {"p50": 10.0 * number}}
        store.webhooks.leases.upsert_worker(conn, uuid7(), measured, alive_for=30)
    conn.commit()
    lines = (line.split("  ", 1) for line in run("status", DATABASE_URL=database).splitlines())
    rows = {name: value.strip() for name, value in lines}
    assert rows["deliveries due"].startswith("2, the oldest for 9")
    assert rows["late by a minute"] == "1"
    assert rows["due or to be tried again"] == "3"
    assert rows["webhooks"] == "2, 0 failing, 1 disabled"
    assert rows["workers"] == "2"
    assert rows["attempts since they began"] == "10 timeout, 3 accepted"
    assert rows["from write to first attempt, p50"] == "10.0 ms, 20.0 ms"


def test_status_warns_that_no_worker_is_running(database: str) -> None:
    assert "none: nothing is sent" in run("status", DATABASE_URL=database)


def test_status_names_the_loops_that_are_stalled_in_any_worker(conn: psycopg.Connection, database: str) -> None:
    for loops in (["matcher"], [], ["sequencer", "matcher"]):
        store.webhooks.leases.upsert_worker(conn, uuid7(), {"stalled_loops": loops}, alive_for=30)
    conn.commit()
    [line] = [line for line in run("status", DATABASE_URL=database).splitlines() if line.startswith("stalled loops")]
    assert line.split("  ")[-1].strip() == "matcher, sequencer: restart their workers"
