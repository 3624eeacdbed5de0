"""`policytrail work` with bad settings."""

import psycopg
import pytest
from click.testing import CliRunner

from service.cli.main import main
from tests.receivers import run_receiver


def run(*arguments: str, **environment: str) -> str:
    """Return the output of the command."""
    return CliRunner(env=environment).invoke(main, arguments).output


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"POLICYTRAIL_WEBHOOK_LEASE": "16"}, "at least 20 s, not 16"),
        ({"POLICYTRAIL_WEBHOOK_PRIVATE_NETWORKS": "10.0.0.1/8"}, "10.0.0.1/8 has host bits set"),
        ({"POLICYTRAIL_WEBHOOK_HTTP_NETWORKS": "localhost"}, "'localhost' does not appear to be an IPv4 or IPv6"),
        ({"POLICYTRAIL_WEBHOOK_TIMEOUT": "soon"}, "POLICYTRAIL_WEBHOOK_TIMEOUT"),
    ],
)
def test_an_invalid_setting_is_an_error_at_the_start(database: str, settings: dict[str, str], message: str) -> None:
    assert message in run("work", DATABASE_URL=database, **settings)


def test_a_metrics_port_in_use_is_an_error(database: str) -> None:
    with run_receiver() as other:
        settings = {"POLICYTRAIL_HOST": "127.0.0.1", "POLICYTRAIL_WORKER_METRICS_PORT": str(other.port)}
        output = run("work", DATABASE_URL=database, **settings)
    assert f"POLICYTRAIL_WORKER_METRICS_PORT: 127.0.0.1:{other.port}: Address already in use" in output


def test_a_database_with_pending_migrations_is_an_error(conn: psycopg.Connection, database: str) -> None:
    conn.execute("DELETE FROM schema_migration WHERE number = 10")
    conn.commit()
    assert "First apply the migrations with `policytrail migrate`. Pending: 0010_webhooks.sql." in run(
        "work", DATABASE_URL=database
    )


@pytest.mark.parametrize("command", ["work", "status"])
def test_a_missing_database_url_is_an_error(command: str) -> None:
    assert "Set DATABASE_URL" in run(command, DATABASE_URL="")
