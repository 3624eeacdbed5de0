"""Several processes that take batches at the same time, each with a connection of its own."""

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
from service.imports.batch_writer import Errand, Task, take
from service.imports.batches import Batch
from service.imports.progress import Done, Outcome

#: Batches for each process that are under way at most: one that it works on, and one for it to go on with.
_AHEAD = 2

_PR_SET_PDEATHSIG = 1


class Crew:
    """Takes batches at the same time, but never two that share a key: the earlier must be written before the later."""

    def __init__(self, errand: Errand, pool: ProcessPoolExecutor, size: int) -> None:
        self._errand, self._pool, self._most = errand, pool, size * _AHEAD
        self._under_way: deque[tuple[Batch, Future[Outcome]]] = deque()

    def make_room(self, batch: Batch) -> Iterator[Done]:
        """See Taker."""
        while len(self._under_way) >= self._most or self._shares_a_key(batch):
            yield self._first()

    def take(self, batch: Batch) -> Iterator[Done]:
        """See Taker."""
        # Which line is done for certain is known here alone, where the batches come back in order.
        task = replace(self._errand.task(batch), line=0, end=0)
        self._under_way.append((batch, self._pool.submit(_take, task)))
        while self._under_way and self._under_way[0][1].done():
            yield self._first()

    def rest(self) -> Iterator[Done]:
        """See Taker."""
        while self._under_way:
            yield self._first()

    def _shares_a_key(self, batch: Batch) -> bool:
        return any(not one.keys.isdisjoint(batch.keys) for one, _ in self._under_way)

    def _first(self) -> Done:
        """The batch that was begun first, when it is done."""
        batch, future = self._under_way.popleft()
        try:
            return Done(batch, future.result())
        except BrokenProcessPool as error:
            raise Unexpected("One of the processes that import has ended by itself.") from error


@contextmanager
def crew(errand: Errand, settings: Settings, size: int) -> Iterator[Crew]:
    """`size` processes, until the block ends; what they work on then is finished."""
    # Spawned, not forked, so that no connection is inherited.
    own = get_context("spawn")
    with ProcessPoolExecutor(size, own, initializer=_begin, initargs=(replace(settings, pool_size=1),)) as pool:
        try:
            yield Crew(errand, pool, size)
        finally:
            pool.shutdown(cancel_futures=True)


_database: Database


def _begin(settings: Settings) -> None:
    """Connect, and end with the process that began this one; Ctrl-C is for that one."""
    global _database  # noqa: PLW0603 (a process of a pool has no other place for what it keeps)
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logging.getLogger("psycopg.pool").setLevel(logging.ERROR)
    # Looking for garbage while a batch is made took a tenth of the time, and there is none: it is looked for after it.
    gc.freeze()
    gc.disable()
    _database = Database(settings)
    _database.open()


def _take(task: Task) -> Outcome:
    try:
        return take(_database, task)
    finally:
        gc.collect()
