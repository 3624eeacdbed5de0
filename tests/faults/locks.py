"""Events, locks and connections in the database of a running API."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager

import psycopg

from tests.faults.clients import Answer, in_background, wait_until


@contextmanager
def all_waiting(conn: psycopg.Connection, *actions: Callable[[], Answer]) -> Iterator[list[Future[Answer]]]:
    """Futures of the actions, all of which wait for locks of `conn` until the block ends."""
    with psycopg.connect(conn.info.dsn, autocommit=True) as other, in_background(*actions) as futures:
        try:
            wait_until(lambda: waiting_for_locks(other) == len(actions))
            yield futures
        finally:
            conn.rollback()


def count_events(conn: psycopg.Connection) -> int:
    """Return the number of events."""
    with conn.transaction():
        [[number]] = conn.execute("SELECT count(*) FROM event").fetchall()
    return int(number)


def waiting_for_locks(conn: psycopg.Connection) -> int:
    """Return the number of connections to this database that wait for a lock. `conn` must be in autocommit."""
    [[number]] = conn.execute(
        """
        SELECT count(*)
          FROM pg_stat_activity
         WHERE datname = current_database() AND wait_event_type = 'Lock'
        """
    ).fetchall()
    return int(number)


def end_connections(conn: psycopg.Connection) -> int:
    """End the API's connections to this database, and return their number."""
    return conn.execute(
        """
        SELECT pg_terminate_backend(pid, 5000)
          FROM pg_stat_activity
         WHERE datname = current_database() AND application_name = 'policytrail'
        """
    ).rowcount
