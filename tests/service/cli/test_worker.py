"""`policytrail work` and `policytrail status`, as somebody calls them."""

from datetime import UTC, datetime

import psycopg
import pytest
from click.testing import CliRunner

from service import store
from service.cli.main import main
from service.ids import uuid7
from service.store.webhooks.deliveries import NewDelivery, insert_deliveries
from tests.deliveries import make_subscription
from tests.receivers import receiving


def say(*arguments: str, **environment: str) -> str:
    """What the command says."""
    return CliRunner(env=environment).invoke(main, arguments).output


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"POLICYTRAIL_WEBHOOK_LEASE": "16"}, "at least 20 s, not 16"),
        ({"POLICYTRAIL_WEBHOOK_PRIVATE_NETWORKS": "10.0.0.1/8"}, "10.0.0.1/8 has host bits set"),
        ({"POLICYTRAIL_WEBHOOK_HTTP_NETWORKS": "localhost"}, "'localhost' does not appear to be an IPv4 or IPv6"),
        ({"POLICYTRAIL_WEBHOOK_TIMEOUT": "soon"}, "POLICYTRAIL_WEBHOOK_TIMEOUT"),
    ],
)
def test_a_setting_that_cannot_be_is_told_instead_of_working(
    database: str, settings: dict[str, str], told: str
) -> None:
    assert told in say("work", DATABASE_URL=database, **settings)


def test_a_port_that_is_taken_is_told(database: str) -> None:
    with receiving() as other:
        settings = {"POLICYTRAIL_HOST": "127.0.0.1", "POLICYTRAIL_WORKER_METRICS_PORT": str(other.port)}
        said = say("work", DATABASE_URL=database, **settings)
    assert f"POLICYTRAIL_WORKER_METRICS_PORT: 127.0.0.1:{other.port}: Address already in use" in said


def test_a_database_that_is_not_migrated_is_told(conn: psycopg.Connection, database: str) -> None:
    conn.execute("DELETE FROM schema_migration WHERE number = 10")
    conn.commit()
    assert "First apply the migrations: policytrail migrate. Pending: 0010_webhooks.sql" in say(
        "work", DATABASE_URL=database
    )


@pytest.mark.parametrize("command", ["work", "status"])
def test_a_database_has_to_be_named(command: str) -> None:
    assert "Set DATABASE_URL" in say(command, DATABASE_URL="")


def test_status_tells_how_far_everything_is(conn: psycopg.Connection, database: str) -> None:
    id_ = make_subscription(conn)
    insert_deliveries(conn, [NewDelivery(id_, seq, uuid7(), "create") for seq in (1, 2, 3)])
    conn.execute("UPDATE delivery SET due_at = now() - interval '90 s' WHERE seq = 1")
    conn.execute("UPDATE delivery SET due_at = now() + interval '90 s' WHERE seq = 2")
    store.webhooks.subscriptions.disable_subscription(conn, make_subscription(conn), "gone", now=datetime.now(UTC))
    for number in (1, 2):
        measured = {"attempts": {"accepted": number, "timeout": 5}, "first_attempt_ms": {"p50": 10.0 * number}}
        store.webhooks.leases.upsert_worker(conn, uuid7(), measured, alive_for=30)
    conn.commit()
    said = dict(line.split("  ", 1) for line in say("status", DATABASE_URL=database).splitlines())
    told = {name: value.strip() for name, value in said.items()}
    assert told["deliveries due"].startswith("2, the oldest for 9")
    assert told["late by a minute"] == "1"
    assert told["due or to be tried again"] == "3"
    assert told["webhooks"] == "2, 0 failing, 1 disabled"
    assert told["workers"] == "2"
    assert told["attempts since they began"] == "10 timeout, 3 accepted"
    assert told["from write to first attempt, p50"] == "10.0 ms, 20.0 ms"


def test_status_says_that_nothing_is_sent_where_no_worker_runs(database: str) -> None:
    assert "none: nothing is sent" in say("status", DATABASE_URL=database)
