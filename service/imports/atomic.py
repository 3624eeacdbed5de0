"""Imports with `mode=atomic`: all rows are written in one transaction, or none."""

import time
from collections.abc import Iterable, Iterator
from contextlib import suppress

from psycopg import Connection

from service import clock, store
from service.errors import Conflict, Stale, Unavailable
from service.imports.batch_writer import RETRY_DELAYS, ImportJob, batch_totals, errors_in_order
from service.imports.batches import Batch, batches
from service.imports.deferred_rows import DeferredRows
from service.imports.options import ImportOptions
from service.imports.progress import BatchResult, FinishedBatch, Progress
from service.imports.rows import ParsedRow
from service.imports.spool import Spool, temporary_spool
from service.imports.upsert import BatchUpsert
from service.store.imports import RowError

#: Rows that are spooled between two reports of progress.
_PROGRESS_EVERY = 1_000


class _RolledBack(Exception):
    """A row was refused."""


def write_all(job: ImportJob, rows: Iterable[ParsedRow], progress: Progress) -> Iterator[Progress]:
    """Write all of `rows` or none, and yield the progress.

    All rows are read before the transaction begins, so that it does not wait for a slow sender. All rows are validated,
    so that every error is reported.
    """
    errors = list[RowError]()
    with temporary_spool() as spool:
        for index, row in enumerate(rows):
            spool.add(row)
            progress.line, progress.bytes_read, progress.spooled = row.line, row.end, index + 1
            if index % _PROGRESS_EVERY == 0:
                yield progress
        for seconds in (*RETRY_DELAYS, None):
            try:
                yield from _attempt(job, spool, progress, errors)
            except (Conflict, Stale, Unavailable):
                if seconds is None:
                    raise
                time.sleep(seconds)
            else:
                break
    if progress.counts.refused:
        progress.counts.created = progress.counts.updated = 0
        progress.topics.clear()
        with job.database.importing() as conn:
            _record(conn, job, progress, errors)


def _attempt(job: ImportJob, spool: Spool, progress: Progress, errors: list[RowError]) -> Iterator[Progress]:
    """Write all rows in one transaction. Where a row is refused, roll it back and leave the reasons in `errors`."""
    errors.clear()
    progress.counts.clear()
    progress.topics.clear()
    with suppress(_RolledBack), temporary_spool() as deferred_spool, job.database.importing() as conn:
        deferred = DeferredRows(deferred_spool)
        for batch, is_last in _ordered_batches(spool, deferred):
            result = _write(conn, deferred.hold_back(batch), job.options, is_last=is_last)
            for row in result.deferred:
                deferred.add(row)
            errors += errors_in_order(result.refused)[: max(0, job.max_errors - len(errors))]
            progress.add(FinishedBatch(batch, result))
            yield progress
            if job.is_hopeless(progress.counts):
                break
        if progress.counts.refused:
            raise _RolledBack
        _record(conn, job, progress, errors)


def _ordered_batches(spool: Spool, deferred: DeferredRows) -> Iterator[tuple[Batch, bool]]:
    """Yield the batches in order, then those of deferred rows, each with whether it is one of the latter."""
    for batch in batches(spool):
        yield batch, False
    for batch in deferred.batches():
        yield batch, True


def _write(conn: Connection, batch: Batch, options: ImportOptions, *, is_last: bool) -> BatchResult:
    result = BatchUpsert(conn, options, clock.now(), is_last=is_last).run(batch.rows)
    for row in batch.refused:
        result.refuse(row)
    result.counts.unchanged += batch.known_rows
    return result


def _record(conn: Connection, job: ImportJob, progress: Progress, errors: list[RowError]) -> None:
    totals = batch_totals(progress.counts, progress.topics, progress.line, progress.bytes_read)
    now = clock.now()
    store.imports.advance_import(conn, job.stored.id, totals, errors, now, max_errors=job.max_errors)
