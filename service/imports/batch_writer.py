"""A batch written in a transaction of its own, whatever else is written at the same time."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from typing import TypeVar
from uuid import UUID

from psycopg import DataError

from service import clock, store
from service.db.pool import Database
from service.errors import Conflict, Stale, Unavailable
from service.imports.batches import Batch
from service.imports.options import DryRunState, ImportOptions
from service.imports.progress import BatchResult, RowCounts
from service.imports.rows import ImportRow, RefusedRow, refused_row
from service.imports.upsert import BatchUpsert
from service.store.imports import BatchTotals, RowError, StoredImport

T = TypeVar("T")

#: Seconds before each retry while the database cannot be reached: 12 in all, enough for a restart or a failover.
RETRY_DELAYS = (0.1, 0.4, 1.5, 3.0, 3.0, 4.0)

#: Attempts at a batch while others write the same events, before its rows are written one by one.
MAX_ATTEMPTS = 4


@dataclass(frozen=True)
class BatchTask:
    """A batch to be written, with everything that a process of the pool needs for it."""

    import_id: UUID
    rows: Sequence[ImportRow]
    refused: Sequence[RefusedRow]
    #: Number of known rows.
    known_rows: int
    #: The last line of the batch, and the bytes of the file up to its end; 0 where that is not known.
    line: int
    end: int
    options: ImportOptions
    max_errors: int
    is_last: bool = False


@dataclass(frozen=True)
class ImportJob:
    """One import as it began, its options and its database."""

    database: Database
    stored: StoredImport
    options: ImportOptions
    #: Errors that are recorded.
    max_errors: int
    #: Refused rows from which the import ends if they are most of its rows.
    max_refused: int

    def is_hopeless(self, counts: RowCounts) -> bool:
        """Return True if so many rows were refused that the others are not worth reading."""
        return counts.refused > self.max_refused and counts.refused > counts.rows / 2

    def task(self, batch: Batch, *, is_last: bool = False) -> BatchTask:
        """Return the task for a batch. `is_last`: rows whose related events are missing are refused, not deferred."""
        return BatchTask(
            self.stored.id,
            batch.rows,
            batch.refused,
            batch.known_rows,
            batch.line,
            batch.end,
            self.options,
            self.max_errors,
            is_last,
        )


def retry_while_unavailable(action: Callable[[], T]) -> T:
    """Return the result of `action`, retried while it raises Unavailable. Raises Unavailable after the last retry."""
    for seconds in RETRY_DELAYS:
        try:
            return action()
        except Unavailable:
            time.sleep(seconds)
    return action()


def write_batch(database: Database, task: BatchTask, dry_run: DryRunState | None = None) -> BatchResult:
    """Write a batch, record it with its import, and return its result. Raises Unavailable without a database."""
    return retry_while_unavailable(partial(_write_available, database, task, dry_run))


def _write_available(database: Database, task: BatchTask, dry_run: DryRunState | None) -> BatchResult:
    """Write a batch, row by row where it conflicts with other writers again and again."""
    for _ in range(MAX_ATTEMPTS if len(task.rows) > 1 else 2 * MAX_ATTEMPTS):
        try:
            return _write_once(database, task, dry_run)
        except (Conflict, Stale) as error:
            detail = error.detail
        except DataError:
            detail = "The row has a value that cannot be stored."
            break
    if len(task.rows) == 1:
        [row] = task.rows
        refused = refused_row(row.line, detail, end=row.end)
        return _write_once(database, replace(task, rows=(), refused=[*task.refused, refused]), dry_run)
    result = _write_once(database, replace(task, rows=()), dry_run)
    for row in task.rows:
        result.add(_write_available(database, replace(task, rows=[row], refused=(), known_rows=0), dry_run))
    return result


def _write_once(database: Database, task: BatchTask, dry_run: DryRunState | None) -> BatchResult:
    with database.importing() as conn:
        now = clock.now()
        result = BatchUpsert(conn, task.options, now, is_last=task.is_last, dry_run=dry_run).run(task.rows)
        for row in task.refused:
            result.refuse(row)
        result.counts.unchanged += task.known_rows
        totals = batch_totals(result.counts, result.topics, task.line, task.end)
        errors = errors_in_order(result.refused)
        store.imports.advance_import(conn, task.import_id, totals, errors, now, max_errors=task.max_errors)
    return result


def batch_totals(counts: RowCounts, topics: Sequence[str], line: int, end: int) -> BatchTotals:
    """Return the counts of rows as the store records them."""
    return BatchTotals(line, end, counts.created, counts.updated, counts.unchanged, counts.refused, topics)


def errors_in_order(refused: Sequence[RefusedRow]) -> list[RowError]:
    """Return all errors of refused rows, in the order of their lines."""
    return sorted(chain.from_iterable(row.errors for row in refused), key=lambda error: (error.line, error.place))
