"""The runner of migrations/: NNNN_subject.sql, plain SQL, forward only.

A file and its row in schema_migration are applied in one transaction, or not at all.
A file whose first line is `-- no transaction` (for CREATE INDEX CONCURRENTLY) has one statement, which runs outside a
transaction. If it fails, drop the invalid index that it leaves before you try again.
"""

import hashlib
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus
from psycopg.rows import scalar_row, tuple_row

from service.errors import ServiceError

FILE_NAME = re.compile(r"(\d{4})_[a-z0-9_]+\.sql")

NO_TRANSACTION = "-- no transaction"

#: The advisory lock held while migrating: any number, the same in every process.
LOCK_KEY = 7_654_201_868

#: Seconds to wait for another process that is migrating.
LOCK_PATIENCE = 60.0


class MigrationError(ServiceError):
    """The database could not be migrated."""

    code = "migration"


@dataclass(frozen=True)
class Migration:
    """One file of migrations/."""

    number: int
    name: str
    sql: str

    @property
    def sha256(self) -> str:
        """Return the hex digest of the text with line feeds, whatever line ends the checkout has."""
        return hashlib.sha256(self.sql.encode()).hexdigest()

    @property
    def is_transactional(self) -> bool:
        """Return whether the file runs in a transaction."""
        return self.sql.partition("\n")[0].rstrip() != NO_TRANSACTION


def read_migrations(directory: Path) -> list[Migration]:
    """Return the .sql files of `directory` in order. MigrationError names a file with a bad name or number."""
    migrations = [_read_migration(path) for path in sorted(directory.iterdir()) if path.suffix.lower() == ".sql"]
    for expected, migration in enumerate(migrations, start=1):
        if migration.number != expected:
            raise MigrationError(f"{migration.name} should have number {expected:04}; there are no gaps or duplicates")
    return migrations


def migrate(conn: psycopg.Connection[Any], directory: Path) -> list[str]:
    """Apply the pending files and return their names; several processes may call it at once.

    `conn` must not be in a transaction. MigrationError if a file fails (those before it stay applied), if an applied
    file is missing or has changed, or if another process migrates for LOCK_PATIENCE seconds.
    """
    migrations = read_migrations(directory)
    with _autocommit(conn), _lock(conn):
        _create_table(conn)
        applied = _applied(conn)
        _check_unchanged(migrations, applied)
        to_apply = [migration for migration in migrations if migration.name not in applied]
        for migration in to_apply:
            _apply(conn, migration)
    return [migration.name for migration in to_apply]


def pending(conn: psycopg.Connection[Any], directory: Path) -> list[str]:
    """Return the names of the files that are not applied yet: all of them for an empty database. Only reads.

    Applied files that are not in `directory` do not count: a newer release may have migrated already.
    """
    with conn.transaction():
        applied = _applied(conn)
    return [migration.name for migration in read_migrations(directory) if migration.name not in applied]


def first_applied_at(conn: psycopg.Connection[Any]) -> datetime:
    """Return the time at which the database got its first migration."""
    cur: psycopg.Cursor[datetime] = conn.cursor(row_factory=scalar_row)
    [applied_at] = cur.execute("SELECT min(applied_at) FROM schema_migration").fetchall()
    return applied_at


def _read_migration(path: Path) -> Migration:
    match = FILE_NAME.fullmatch(path.name)
    if match is None:
        raise MigrationError(f"{path.name} is not named like 0001_subject.sql (four digits, then a-z, 0-9 and _)")
    try:
        return Migration(int(match[1]), path.name, path.read_text(encoding="utf-8"))
    except UnicodeDecodeError as exc:
        raise MigrationError(f"{path.name} is not UTF-8") from exc


@contextmanager
def _autocommit(conn: psycopg.Connection[Any]) -> Iterator[None]:
    """Set `conn` to autocommit, so that only this module starts transactions, and restore it afterwards."""
    if conn.info.transaction_status != TransactionStatus.IDLE:
        raise MigrationError("migrate needs a connection that is not in a transaction")
    before = conn.autocommit
    conn.autocommit = True
    try:
        yield
    finally:
        if not conn.closed:
            conn.autocommit = before


@contextmanager
def _lock(conn: psycopg.Connection[Any]) -> Iterator[None]:
    """Hold the migration lock. It is polled: CREATE INDEX CONCURRENTLY would wait for a session that waits for it."""
    deadline = time.monotonic() + LOCK_PATIENCE
    while not _try_lock(conn):
        if time.monotonic() > deadline:
            raise MigrationError(f"another process has been migrating for {LOCK_PATIENCE:.0f} seconds")
        time.sleep(0.05)
    try:
        yield
    finally:
        if not conn.closed:
            conn.execute("SELECT pg_advisory_unlock(%(key)s)", {"key": LOCK_KEY})


def _try_lock(conn: psycopg.Connection[Any]) -> bool:
    cur = conn.cursor(row_factory=scalar_row)
    return bool(cur.execute("SELECT pg_try_advisory_lock(%(key)s)", {"key": LOCK_KEY}).fetchone())


def _create_table(conn: psycopg.Connection[Any]) -> None:
    conn.execute(
        """
        CREATE TABLE IF NOT EXISTS schema_migration (
            number     integer     PRIMARY KEY,
            name       text        NOT NULL,
            sha256     text        NOT NULL,
            applied_at timestamptz NOT NULL DEFAULT now()
        )
        """
    )


def _applied(conn: psycopg.Connection[Any]) -> dict[str, str]:
    """Return the applied files in order, sha256 by name; none if the table does not exist yet."""
    exists = (
        conn.cursor(row_factory=scalar_row).execute("SELECT to_regclass('schema_migration') IS NOT NULL").fetchone()
    )
    if not exists:
        return {}
    cur = conn.cursor(row_factory=tuple_row)
    return dict(cur.execute("SELECT name, sha256 FROM schema_migration ORDER BY number").fetchall())


def _check_unchanged(migrations: list[Migration], applied: dict[str, str]) -> None:
    hashes = {migration.name: migration.sha256 for migration in migrations}
    for name, sha256 in applied.items():
        if name not in hashes:
            raise MigrationError(f"{name} was applied, but is missing from the folder")
        if hashes[name] != sha256:
            raise MigrationError(f"{name} was changed after it was applied")


def _apply(conn: psycopg.Connection[Any], migration: Migration) -> None:
    try:
        if migration.is_transactional:
            _apply_in_transaction(conn, migration)
        else:
            # Binary selects the extended protocol, in which PostgreSQL refuses a second statement.
            conn.execute(migration.sql.encode(), binary=True)
            _insert_applied(conn, migration)
    except psycopg.Error as exc:
        raise MigrationError(f"{migration.name} failed: {exc}") from exc


def _apply_in_transaction(conn: psycopg.Connection[Any], migration: Migration) -> None:
    with conn.transaction():
        # Rather fail than wait for a long query while every other query waits for this one.
        conn.execute("SET LOCAL lock_timeout = '5s'")
        conn.execute(migration.sql.encode())
        if conn.info.transaction_status != TransactionStatus.INTRANS:
            raise MigrationError(f"{migration.name} ends the transaction it runs in; it must not COMMIT or ROLLBACK")
        _insert_applied(conn, migration)


def _insert_applied(conn: psycopg.Connection[Any], migration: Migration) -> None:
    conn.execute(
        """
        INSERT INTO schema_migration (number, name, sha256)
        VALUES (%(number)s, %(name)s, %(sha256)s)
        """,
        {"number": migration.number, "name": migration.name, "sha256": migration.sha256},
    )
