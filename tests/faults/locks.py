"""What the database says of events, and of the API's connections."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager

import psycopg

from tests.faults.clients import Answer, in_background, wait_until


@contextmanager
def all_waiting(conn: psycopg.Connection, *actions: Callable[[], Answer]) -> Iterator[list[Future[Answer]]]:
    """Begin the actions, and enter the block when all of them wait for what `conn` has locked; then let go."""
    with psycopg.connect(conn.info.dsn, autocommit=True) as other, in_background(*actions) as asked:
        try:
            wait_until(lambda: waiting_for_locks(other) == len(actions))
            yield asked
        finally:
            conn.rollback()


def count_events(conn: psycopg.Connection) -> int:
    """How many events there are."""
    with conn.transaction():
        [[number]] = conn.execute("SELECT count(*) FROM event").fetchall()
    return int(number)


def waiting_for_locks(conn: psycopg.Connection) -> int:
    """How many connections to this database wait for a lock. `conn` is in autocommit: a transaction sees it once."""
    [[number]] = conn.execute(
        """
        SELECT count(*)
          FROM pg_stat_activity
         WHERE datname = current_database() AND wait_event_type = 'Lock'
        """
    ).fetchall()
    return int(number)


def end_connections(conn: psycopg.Connection) -> int:
    """End the server processes of the API's connections to this database; how many there were."""
    return conn.execute(
        """
        SELECT pg_terminate_backend(pid, 5000)
          FROM pg_stat_activity
         WHERE datname = current_database() AND application_name = 'policytrail'
        """
    ).rowcount
