"""A pool of processes that generate rows."""

import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

#: Processes of the pool: as many as the machine of the published tables has cores.
PROCESSES = 2


def spread(function: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[Result]:
    """Return the result of `function` for each item, in order; a single item needs no pool."""
    if len(items) == 1:
        yield function(items[0])
        return
    # Spawned, not forked, to inherit no connection. Ctrl-C is for the parent: items in progress are still finished.
    with ProcessPoolExecutor(
        PROCESSES, get_context("spawn"), initializer=signal.signal, initargs=(signal.SIGINT, signal.SIG_IGN)
    ) as pool:
        yield from pool.map(function, items)
