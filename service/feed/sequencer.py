"""The sequencer: numbers committed writes and deletes old entries, from any number of processes."""

import time
from datetime import datetime

from psycopg import Connection

from service import store

#: Tries of one caller at most, so that no reader waits for the end of a whole import.
_TRIES = 20

#: Seconds to wait while another process sequences: a statement takes a few milliseconds.
_PAUSE = 0.005


def sequence_once(conn: Connection) -> int:
    """Number some of the waiting writes and return how many. `conn` must be in autocommit.

    0 if none is waiting, or if another process is sequencing.
    """
    return store.feed.sequence(conn)


def catch_up(conn: Connection) -> None:
    """Sequence until all writes committed by now have a number. `conn` must be in autocommit."""
    for _ in range(_TRIES):
        if not sequence_once(conn):
            time.sleep(_PAUSE)
        if not store.feed.get_head(conn).waiting:
            return


def trim_once(conn: Connection, *, before: datetime | None) -> int:
    """Delete some of the entries from before that time, and return how many. With None all are kept."""
    return store.feed.trim(conn, before) if before else 0
