"""A connection that gives up on a database which has gone silent: frozen, or cut off without a word."""

from typing import Any, TypeVar

import psycopg
from psycopg.abc import PQGen
from psycopg.errors import _WaitTimeout

RV = TypeVar("RV")

#: Seconds for a new connection.
CONNECT_TIMEOUT = 2

#: Seconds beyond the timeout of a statement, in which PostgreSQL itself ends one, even on a busy machine.
GRACE = 2.0

#: Seconds after which TCP gives up on unconfirmed bytes, and on an idle connection whose other end has vanished.
TCP_OPTIONS: dict[str, int] = {
    "tcp_user_timeout": 10_000,  # in milliseconds
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
}


class DeadlineConnection(psycopg.Connection[Any]):
    """A connection that closes itself when PostgreSQL does not answer a statement in time."""

    #: Seconds that a statement may take; None for no limit.
    deadline: float | None = None

    def allow(self, timeout: float) -> None:
        """Give each statement from now on `timeout` seconds, PostgreSQL's own limit, and GRACE; 0 is no limit."""
        self.deadline = timeout + GRACE if timeout else None

    def wait(self, gen: PQGen[RV], interval: float = 0.1, timeout: float | None = None) -> RV:
        """Wait for the rest of `gen`. OperationalError, with the connection closed, if the deadline passes."""
        try:
            return super().wait(gen, interval, self.deadline if timeout is None else timeout)
        except _WaitTimeout:
            # A cancel request would wait for the same server, and a rollback too. A server that goes on notices the
            # closed connection and ends the transaction.
            self.close()
            raise
