"""Giving numbers to what was committed, and letting go of what is old: by any number of processes."""

import time
from datetime import datetime, timedelta

from psycopg import Connection

from service import store

#: Times that one caller tries at most, so that nobody reads behind a whole import.
_TRIES = 20

#: Seconds to wait where another process is at it: a statement takes a few milliseconds.
_PAUSE = 0.005


def sequence_once(conn: Connection) -> int:
    """Give numbers to some of what waits, and return to how many writes. `conn` must be in autocommit.

    0 where nothing waits, or another process is at it.
    """
    return store.feed.sequence(conn)


def catch_up(conn: Connection) -> None:
    """See to it that what is committed by now has a number, from this process or another. `conn` is in autocommit."""
    for _ in range(_TRIES):
        if not sequence_once(conn):
            time.sleep(_PAUSE)
        if not store.feed.get_head(conn).waiting:
            return


def trim_once(conn: Connection, *, days: int, now: datetime) -> int:
    """Take away some of the entries that are older than so many days, and return how many. 0 days keep all."""
    return store.feed.trim(conn, now - timedelta(days=days)) if days else 0
