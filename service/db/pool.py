"""The database: a pool of connections, and what a statement's failure means to a caller. Knows no Flask."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import BoundedSemaphore

import psycopg
from psycopg_pool import ConnectionPool, PoolTimeout

from service.config import Settings
from service.errors import Unavailable

#: Seconds the pool goes on trying to reconnect before it leaves the next try to the next request: short, so that the
#: service is back soon after PostgreSQL is.
RECONNECT_FOR = 2.0


class Database:
    """Connections to one PostgreSQL. Open it after a fork, never before: sockets are not shared."""

    def __init__(self, settings: Settings) -> None:
        """Nothing is connected yet."""
        self._write_timeout = settings.write_statement_timeout
        self._import_timeout = settings.import_statement_timeout
        self._export_timeout = settings.export_statement_timeout
        self._export_lasts = settings.export_timeout
        self._exports = BoundedSemaphore(settings.max_exports)
        self.pool = ConnectionPool(
            settings.database_url,
            kwargs={
                "autocommit": True,
                "connect_timeout": 2,
                "application_name": "policytrail",
                # Compiling a plan takes longer than any that is good enough for a page.
                "options": f"-c statement_timeout={settings.statement_timeout}s"
                " -c idle_in_transaction_session_timeout=30s -c jit=off",
            },
            min_size=1,
            max_size=settings.pool_size,
            timeout=settings.pool_wait,
            reconnect_timeout=RECONNECT_FOR,
            open=False,
        )

    def open(self) -> None:
        """Begin to connect, without waiting for it."""
        self.pool.open(wait=False)

    def close(self) -> None:
        """Give every connection back."""
        self.pool.close()

    @contextmanager
    def reading(self) -> Iterator[psycopg.Connection]:
        """A connection on which every statement stands alone. Unavailable when none is to be had, or it breaks."""
        conn = self._connection()
        try:
            yield conn
        except psycopg.errors.QueryCanceled as error:
            raise Unavailable("The database took too long to answer; ask for less.") from error
        except psycopg.OperationalError as error:
            if conn.closed:
                # The others broke with it: without this each would fail a request of its own.
                self.pool.drain()
            raise Unavailable("The database cannot answer right now.") from error
        finally:
            self.pool.putconn(conn)

    @contextmanager
    def transaction(self) -> Iterator[psycopg.Connection]:
        """A connection in a transaction that ends with the block: committed, or rolled back when it raises."""
        # What a write asks is the same every time but for its values; planning it anew took 0.17 ms of a create.
        with self._within("BEGIN; SET LOCAL plan_cache_mode = force_generic_plan", self._write_timeout) as conn:
            yield conn

    @contextmanager
    def importing(self) -> Iterator[psycopg.Connection]:
        """A connection in a transaction as of `transaction`, in which much is written by each statement."""
        with self._within("BEGIN; SET LOCAL plan_cache_mode = force_generic_plan", self._import_timeout) as conn:
            yield conn

    @contextmanager
    def exporting(self) -> Iterator[psycopg.Connection]:
        """A connection in a transaction that sees one state of the database, only reads, and may take its time.

        Unavailable while as many as may be are in use: whoever reads slowly keeps a connection from the others.
        """
        if not self._exports.acquire(blocking=False):
            raise Unavailable("As many exports as may run at once are running.")
        try:
            # Between two statements it waits for its reader, who is given up by the worker when nothing moves.
            begin = (
                "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL idle_in_transaction_session_timeout = 0;"
                f" SET LOCAL transaction_timeout = {round(self._export_lasts * 1000)}"
            )
            with self._within(begin, self._export_timeout) as conn:
                yield conn
        finally:
            self._exports.release()

    @contextmanager
    def _within(self, begin: str, seconds: float) -> Iterator[psycopg.Connection]:
        """A connection in a transaction of which each statement may take so long."""
        with self.reading() as conn:
            # All that begins it in one round trip; psycopg's own transaction() would take one for each.
            conn.execute(f"{begin}; SET LOCAL statement_timeout = {round(seconds * 1000)}".encode())
            try:
                yield conn
            except BaseException:
                with suppress(psycopg.OperationalError):  # where the connection broke there is nothing to take back
                    conn.rollback()
                raise
            conn.commit()

    def _connection(self) -> psycopg.Connection:
        try:
            return self.pool.getconn()
        except PoolTimeout as error:
            raise Unavailable("No database connection is free right now.") from error
