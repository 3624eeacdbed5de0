"""Several processes that write batches concurrently, each with a connection of its own."""

import ctypes
import gc
import logging
import signal
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import replace
from multiprocessing import get_context

from service.config import Settings
from service.db.pool import Database
from service.errors import Unexpected
from service.imports.batch_writer import BatchTask, ImportJob, write_batch
from service.imports.batches import Batch
from service.imports.progress import BatchResult, FinishedBatch
from service.observability import log_stream

#: Batches in flight for each process: the one that it writes, and the next one.
_IN_FLIGHT = 2

_PR_SET_PDEATHSIG = 1


class PoolRunner:
    """Writes batches concurrently, but never two that share a key: the earlier one must be written first."""

    def __init__(self, job: ImportJob, pool: ProcessPoolExecutor, size: int) -> None:
        self._job, self._pool, self._max_in_flight = job, pool, size * _IN_FLIGHT
        self._in_flight: deque[tuple[Batch, Future[BatchResult]]] = deque()

    def drain_for(self, batch: Batch) -> Iterator[FinishedBatch]:
        """See BatchRunner."""
        while len(self._in_flight) >= self._max_in_flight or self._shares_key(batch):
            yield self._finish_first()

    def submit(self, batch: Batch) -> Iterator[FinishedBatch]:
        """See BatchRunner."""
        # Only here, where the batches come back in order, is it known up to which line all rows are written.
        task = replace(self._job.task(batch), line=0, end=0)
        self._in_flight.append((batch, self._pool.submit(_write, task)))
        while self._in_flight and self._in_flight[0][1].done():
            yield self._finish_first()

    def drain(self) -> Iterator[FinishedBatch]:
        """See BatchRunner."""
        while self._in_flight:
            yield self._finish_first()

    def _shares_key(self, batch: Batch) -> bool:
        return any(not one.keys.isdisjoint(batch.keys) for one, _ in self._in_flight)

    def _finish_first(self) -> FinishedBatch:
        """Wait for the batch that was submitted first, and return it."""
        batch, future = self._in_flight.popleft()
        try:
            return FinishedBatch(batch, future.result())
        except BrokenProcessPool as error:
            raise Unexpected("A process of the import ended unexpectedly; import the file again.") from error


@contextmanager
def process_pool(job: ImportJob, settings: Settings, size: int) -> Iterator[PoolRunner]:
    """Runner with `size` processes, until the block ends. The batches that they write then are finished."""
    # Spawned, not forked, so that no connection is inherited.
    context = get_context("spawn")
    with ProcessPoolExecutor(size, context, initializer=_begin, initargs=(replace(settings, pool_size=1),)) as pool:
        try:
            yield PoolRunner(job, pool, size)
        finally:
            pool.shutdown(cancel_futures=True)


def end_with_parent(number: int) -> None:
    """Let the kernel send this process the signal `number` when the process that started it ends."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, number)


_database: Database


def _begin(settings: Settings) -> None:
    """Connect a process of the pool. It ends with its parent, and leaves Ctrl-C to it."""
    global _database  # noqa: PLW0603 (a process of a pool has no other place for its connection)
    end_with_parent(signal.SIGKILL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    log_stream.protect("stderr")
    logging.getLogger("psycopg.pool").setLevel(logging.ERROR)
    # Garbage collection during a batch took a tenth of the time and found nothing; it runs between batches.
    gc.freeze()
    gc.disable()
    _database = Database(settings)
    _database.open()


def _write(task: BatchTask) -> BatchResult:
    try:
        return write_batch(_database, task)
    finally:
        gc.collect()
