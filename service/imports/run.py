"""An import from its first row to its final state: batch by batch, with its progress."""

from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from threading import Event, Thread
from typing import Protocol

import structlog

from service import clock, store
from service.config import Settings
from service.db.pool import Database
from service.errors import Invalid, ServiceError, StreamInterrupted, Unavailable
from service.ids import uuid7
from service.imports.atomic import write_all
from service.imports.batch_writer import ImportJob, retry_while_unavailable, write_batch
from service.imports.batches import Batch, batches
from service.imports.deferred_rows import DeferredRows
from service.imports.options import DryRunState, ImportOptions
from service.imports.progress import FinishedBatch, Progress
from service.imports.rows import ParsedRow
from service.imports.spool import temporary_spool
from service.store.imports import StoredImport

#: Seconds between two heartbeats: several within the time after which an import counts as interrupted.
HEARTBEAT = 3.0

log = structlog.get_logger()


def begin_import(
    database: Database,
    settings: Settings,
    options: ImportOptions,
    *,
    format: str,
    mode: str,
    name: str | None = None,
    token: str | None = None,
) -> ImportJob:
    """Record a new import, and return its job. Raises Conflict while one with the same Idempotency-Key is running."""
    with database.transaction() as conn:
        stored = StoredImport(
            id=uuid7(),
            key_id=options.key_id,
            name=name,
            format=format,
            mode=mode,
            dry_run=options.dry_run,
            state="running",
            reason=None,
            created_at=clock.now(),
            finished_at=None,
            token=token,
        )
        store.imports.insert_import(conn, stored)
    return ImportJob(database, stored, options, settings.max_import_errors, settings.max_import_refused)


class BatchRunner(Protocol):
    """Writes batches: in this process one after the other, or concurrently in several processes."""

    def drain_for(self, batch: Batch) -> Iterator[FinishedBatch]:
        """Wait for the batches that must be finished before `batch` is submitted, and yield them."""

    def submit(self, batch: Batch) -> Iterator[FinishedBatch]:
        """Begin to write `batch`, and yield the batches that are finished by then."""

    def drain(self) -> Iterator[FinishedBatch]:
        """Wait for all submitted batches, and yield them."""


class SerialRunner:
    """Writes one batch after the other. In a dry run it writes nothing but the report."""

    def __init__(self, job: ImportJob) -> None:
        self._job = job
        self._dry_run = DryRunState() if job.options.dry_run else None

    def drain_for(self, batch: Batch) -> Iterator[FinishedBatch]:
        """See BatchRunner."""
        del batch
        return iter(())

    def submit(self, batch: Batch, *, is_last: bool = False) -> Iterator[FinishedBatch]:
        """See BatchRunner, and ImportJob.task for `is_last`."""
        task = self._job.task(batch, is_last=is_last)
        yield FinishedBatch(batch, write_batch(self._job.database, task, self._dry_run))

    def drain(self) -> Iterator[FinishedBatch]:
        """See BatchRunner."""
        return iter(())


@dataclass
class Import:
    """One running import. `pool` writes its batches where that may be done concurrently."""

    job: ImportJob
    pool: BatchRunner | None = None
    progress: Progress = field(default_factory=Progress)
    state: str = "running"
    #: Returns the SHA-256 of the whole body; None before its end.
    fingerprint: Callable[[], bytes | None] = lambda: None

    def run(self, rows: Iterable[ParsedRow]) -> Generator[Progress]:
        """Import all of `rows`, yield the progress after each batch, and record the final state, whatever happens."""
        state: str = "interrupted"
        reason: str | None = "The import was stopped."
        try:
            with _heartbeat(self.job, self._committed_progress):
                yield from self._write_atomic(rows) if self._is_atomic else self._write_partial(rows)
            state, reason = self._final_state()
        except GeneratorExit:
            # A closed connection is noticed by the sender of the progress before the reader of the body.
            reason = "The connection was closed."
            raise
        except StreamInterrupted as error:
            reason = str(error)
        except Unavailable as error:
            reason = error.detail
        except ServiceError as error:
            state, reason = "failed", " ".join([error.detail, *(fault.detail for fault in error.faults[:5])])
        except Exception as error:
            log.exception("import_failed", import_id=str(self.job.stored.id), exc_info=error)
            state, reason = "failed", "Something went wrong in the service; the log has it under the import's id."
        finally:
            self._record_end(state, reason)

    @property
    def _is_atomic(self) -> bool:
        return self.job.stored.mode == "atomic" and not self.job.options.dry_run

    @property
    def _committed_progress(self) -> Progress:
        """Progress that survives a crash: none of an atomic import, until its transaction has recorded it."""
        return Progress() if self._is_atomic else self.progress

    def _final_state(self) -> tuple[str, str | None]:
        """Return the state and the reason of an import whose rows were all read."""
        refused = self.progress.counts.refused
        if refused and self.job.stored.mode == "atomic":
            rows = "One row was" if refused == 1 else f"{refused:,} rows were"
            return "failed", f"{rows} refused, so nothing was imported."
        return "done", None

    def _write_atomic(self, rows: Iterable[ParsedRow]) -> Iterator[Progress]:
        return write_all(self.job, rows, self.progress)

    def _write_partial(self, rows: Iterable[ParsedRow]) -> Iterator[Progress]:
        """Write each batch by itself, then the deferred rows."""
        serial = SerialRunner(self.job)
        runner = self.pool or serial
        with temporary_spool() as spool:
            deferred = DeferredRows(spool)
            for batch in batches(rows):
                yield from self._count(runner.drain_for(batch), deferred)
                yield from self._count(runner.submit(deferred.hold_back(batch)), deferred)
            yield from self._count(runner.drain(), deferred)
            for batch in deferred.batches():
                yield from self._count(serial.submit(batch, is_last=True), deferred)

    def _count(self, finished: Iterable[FinishedBatch], deferred: DeferredRows) -> Iterator[Progress]:
        for batch in finished:
            self.progress.add(batch)
            for row in batch.result.deferred:
                deferred.add(row)
            yield self.progress
        if self.job.is_hopeless(self.progress.counts):
            raise Invalid(
                f"More than {self.job.max_refused:,} rows were refused, most of the file; correct them first."
            )

    def _record_end(self, state: str, reason: str | None) -> None:
        """Record the final state. Without a database, the missing heartbeat marks the import as interrupted."""
        self.state = state
        with suppress(Unavailable):
            retry_while_unavailable(partial(self._write_end, state, reason))

    def _write_end(self, state: str, reason: str | None) -> None:
        progress = self._committed_progress
        with self.job.database.importing() as conn:
            store.imports.end_import(
                conn,
                self.job.stored.id,
                state,
                reason,
                clock.now(),
                line=progress.line,
                bytes_read=progress.bytes_read,
                fingerprint=self.fingerprint() if state == "done" else None,
            )


@contextmanager
def _heartbeat(job: ImportJob, progress: Progress) -> Iterator[None]:
    """Record every few seconds that the import is running, until the block ends."""
    ended = Event()

    def beat() -> None:
        while not ended.wait(HEARTBEAT):
            with suppress(ServiceError), job.database.reading() as conn:
                now = clock.now()
                store.imports.beat(conn, job.stored.id, now, line=progress.line, bytes_read=progress.bytes_read)

    thread = Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
