"""The pool: timeouts of statements, transactions of exports."""

import select
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest

from service.db.connection import GRACE
from service.errors import Unavailable
from tests.factories import an_event
from tests.service.conftest import admin_of, running


@pytest.mark.parametrize(
    ("method", "timeouts"),
    [
        ("GET", {"statement_timeout": 1, "write_statement_timeout": 60}),
        ("POST", {"statement_timeout": 60, "write_statement_timeout": 1}),
    ],
)
def test_a_statement_past_its_timeout_answers_503_and_the_connection_serves_on(
    database: str, method: str, timeouts: dict[str, float]
) -> None:
    with admin_of(database, pool_size=1, **timeouts) as client:
        assert client.get("/v1/me").status_code == 200
        with psycopg.connect(database) as other:
            # The lock ends before the other timeout would: a request with the wrong one succeeds.
            other.execute("SET idle_in_transaction_session_timeout = '20s'; LOCK TABLE event")
            start = time.monotonic()
            response = client.open("/v1/events", method=method, json=an_event() if method == "POST" else None)
            seconds = time.monotonic() - start
        healthy = [client.get("/v1/events").status_code, client.post("/v1/events", json=an_event()).status_code]

    assert (response.status_code, response.get_json()["type"]) == (503, "/problems/unavailable")
    assert response.headers["Retry-After"] == "1"
    assert seconds >= 1
    assert healthy == [200, 201]


@contextmanager
def database_with_timeouts(url: str) -> Iterator[Any]:
    """A database whose statements have 1.5 seconds to read, 2.5 to write and 99 to export, on one connection."""
    timeouts: dict[str, float] = {
        "statement_timeout": 1.5,
        "write_statement_timeout": 2.5,
        "export_statement_timeout": 99,
    }
    with running(url, pool_size=1, **timeouts) as app:
        yield app.extensions["policytrail"].database


def test_each_use_of_a_connection_has_its_own_deadline(database: str) -> None:
    with database_with_timeouts(database) as pool:
        deadlines = []
        for use in (pool.reading, pool.transaction, pool.exporting, pool.reading):
            with use() as conn:
                deadlines.append(conn.deadline - GRACE)
        with pool.reading(timeout=0.5) as conn:
            deadlines.append(conn.deadline)
    assert deadlines == [1.5, 2.5, 99, 1.5, 0.5]


def test_each_use_of_a_connection_has_its_own_timeout(database: str) -> None:
    with database_with_timeouts(database) as pool:
        timeouts = []
        for use in (pool.reading, pool.transaction, pool.exporting, pool.reading):
            with use() as conn:
                timeouts += conn.execute("SHOW statement_timeout").fetchall()
    assert timeouts == [("1500ms",), ("2500ms",), ("99s",), ("1500ms",)]


def test_an_export_only_reads_and_sees_one_snapshot(database: str) -> None:
    with running(database) as app:
        pool = app.extensions["policytrail"].database
        with pool.exporting() as conn, psycopg.connect(database) as other:
            counts = [conn.execute("SELECT count(*) FROM topic").fetchone()]
            other.execute("INSERT INTO topic VALUES ('a', 1, '{}', '', now(), now())")
            other.commit()
            counts.append(conn.execute("SELECT count(*) FROM topic").fetchone())
        assert counts == [(0,), (0,)]
        with pytest.raises(Unavailable) as error, pool.exporting() as conn:
            conn.execute("DELETE FROM topic")
        assert isinstance(error.value.__cause__, psycopg.errors.ReadOnlySqlTransaction)


@pytest.mark.parametrize("timeout", ["idle_in_transaction_session_timeout", "transaction_timeout"])
def test_a_transaction_that_the_database_ended_is_unavailable_and_others_go_on(database: str, timeout: str) -> None:
    with running(database, pool_size=2) as app:
        pool = app.extensions["policytrail"].database

        def outlive(timeout: str) -> None:
            with pool.transaction() as conn:
                conn.execute(f"SET LOCAL {timeout} = '20ms'")
                # The server's last words make the socket readable.
                select.select([conn.fileno()], [], [])
                conn.execute("SELECT 1")

        with pytest.raises(Unavailable):
            outlive(timeout)
        with pool.transaction() as conn:
            assert conn.execute("SELECT 1").fetchone() == (1,)


def test_a_closed_pool_is_unavailable(database: str) -> None:
    with running(database) as app:
        pool = app.extensions["policytrail"].database
    with pytest.raises(Unavailable), pool.reading():
        pass
