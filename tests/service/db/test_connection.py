"""Connections to a database that goes silent."""

import psycopg
import pytest

from service.db.connection import GRACE, DeadlineConnection


def test_a_statement_past_its_deadline_closes_the_connection(database: str) -> None:
    conn = DeadlineConnection.connect(database, autocommit=True)
    conn.deadline = 0.2
    with pytest.raises(psycopg.OperationalError):
        conn.execute("SELECT pg_sleep(60)")
    assert conn.closed


def test_the_deadline_leaves_postgresql_time_for_its_own_timeout(database: str) -> None:
    with DeadlineConnection.connect(database, autocommit=True, options="-c statement_timeout=50ms") as conn:
        conn.allow(0.05)
        assert conn.deadline == 0.05 + GRACE
        with pytest.raises(psycopg.errors.QueryCanceled):
            conn.execute("SELECT pg_sleep(60)")
        assert not conn.closed


def test_a_timeout_of_zero_is_no_deadline(database: str) -> None:
    with DeadlineConnection.connect(database, autocommit=True) as conn:
        conn.allow(0)
        assert conn.deadline is None
        assert conn.execute("SELECT 1").fetchone() == (1,)
