"""The pool of database connections, and the errors of statements as errors of the service. Independent of Flask."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import BoundedSemaphore

import psycopg
from psycopg_pool import ConnectionPool, PoolClosed, PoolTimeout

from service.clock import CLOCK
from service.config import Settings
from service.db.connection import CONNECT_TIMEOUT, TCP_OPTIONS, DeadlineConnection
from service.errors import Unavailable

#: Seconds for which the pool retries a connection before it leaves the next try to the next request: short, so that the
#: service is back soon after PostgreSQL is.
RECONNECT_FOR = 2.0

#: PostgreSQL ended a transaction that stood still, as it does after it, or this process, was frozen; or it is a standby
#: that is not promoted yet.
EXPIRED = (
    psycopg.errors.IdleInTransactionSessionTimeout,
    psycopg.errors.TransactionTimeout,
    psycopg.errors.ReadOnlySqlTransaction,
)


class Database:
    """Connections to one PostgreSQL. Open it after a fork, never before: processes cannot share sockets."""

    def __init__(self, settings: Settings) -> None:
        """Prepare the pool; `open` connects it."""
        self._read_timeout = settings.statement_timeout
        self._write_timeout = settings.write_statement_timeout
        self._import_timeout = settings.import_statement_timeout
        self._export_timeout = settings.export_statement_timeout
        self._export_lasts = settings.export_timeout
        self._exports = BoundedSemaphore(settings.max_exports)
        self.pool: ConnectionPool[DeadlineConnection] = ConnectionPool(
            settings.database_url,
            connection_class=DeadlineConnection,
            kwargs={
                "autocommit": True,
                "connect_timeout": CONNECT_TIMEOUT,
                **TCP_OPTIONS,
                "application_name": "policytrail",
                # Compiling a plan takes longer than running any plan of a page.
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
        """Start to connect, without waiting for it."""
        self.pool.open(wait=False)

    def await_connection(self) -> None:
        """Wait for the first connection, but not for long: without a database, the process still answers 503."""
        # Not by the pool's own wait(), which closes the pool when it gives up.
        with suppress(Unavailable), self.reading():
            pass

    def close(self) -> None:
        """Close every connection."""
        self.pool.close()

    @contextmanager
    def reading(self, timeout: float | None = None) -> Iterator[DeadlineConnection]:
        """Yield a connection without a transaction. Unavailable if none is free, or it breaks or is silent.

        `timeout`: seconds that this side waits for a statement, if less than the setting.
        """
        conn = self._connection()
        conn.allow(self._read_timeout)
        if timeout is not None:
            conn.deadline = timeout
        try:
            if CLOCK.is_due:
                compare_clocks(conn)
            yield conn
        except psycopg.errors.QueryCanceled as error:
            raise Unavailable("The database took too long; narrow the request.") from error
        except EXPIRED as error:
            raise Unavailable("The database ended the transaction; try again.") from error
        except psycopg.OperationalError as error:
            if conn.closed:
                # The other connections broke too: without this each would fail one more request.
                self.pool.drain()
            raise Unavailable("The database is unavailable.") from error
        finally:
            self.pool.putconn(conn)

    @contextmanager
    def transaction(self) -> Iterator[psycopg.Connection]:
        """Yield a connection in a transaction that commits at the end of the block, and rolls back if it raises."""
        # The statements of a write differ only in their values; planning them anew took 0.17 ms of a create.
        with self._within("BEGIN; SET LOCAL plan_cache_mode = force_generic_plan", self._write_timeout) as conn:
            yield conn

    @contextmanager
    def importing(self) -> Iterator[psycopg.Connection]:
        """Yield a connection as `transaction` does, whose statements may take longer, as they write many rows."""
        with self._within("BEGIN; SET LOCAL plan_cache_mode = force_generic_plan", self._import_timeout) as conn:
            yield conn

    @contextmanager
    def exporting(self) -> Iterator[psycopg.Connection]:
        """Yield a connection in a long transaction that only reads, in one snapshot of the database.

        Unavailable while `max_exports` are in use: a slow reader keeps a connection from the others.
        """
        if not self._exports.acquire(blocking=False):
            raise Unavailable("Too many exports are running; try again later.")
        try:
            # It idles between two statements while its reader is slow; the worker drops a reader who stalls.
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
        """Yield a connection in a transaction that starts with `begin` and gives each statement so many seconds."""
        with self.reading() as conn:
            # One round trip for all that starts it; psycopg's own transaction() would take one for each.
            conn.execute(f"{begin}; SET LOCAL statement_timeout = {round(seconds * 1000)}".encode())
            conn.allow(seconds)
            try:
                yield conn
            except BaseException:
                with suppress(psycopg.OperationalError):  # a broken connection has nothing to roll back
                    conn.rollback()
                raise
            conn.commit()

    def _connection(self) -> DeadlineConnection:
        try:
            return self.pool.getconn()
        except PoolTimeout as error:
            raise Unavailable("No database connection is free.") from error
        except PoolClosed as error:
            raise Unavailable("The service is stopping; try again.") from error


def compare_clocks(conn: psycopg.Connection) -> None:
    """Compare this machine's clock with the database's."""
    CLOCK.compare(lambda: _read_clock(conn))


def _read_clock(conn: psycopg.Connection) -> float:
    [[seconds]] = conn.execute("SELECT extract(epoch FROM clock_timestamp())::float8").fetchall()
    return float(seconds)
