"""Ctrl-C that is never lost.

Python drops a KeyboardInterrupt that is raised inside a destructor, a weak reference's callback or a callback of the
garbage collector. A command that reads on would then wait for its input for ever.
"""

import signal
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn, TypeVar

T = TypeVar("T")


class _Received:
    """Whether SIGINT was received since the command began. No lock: a signal handler must not wait for one."""

    interrupt = False


@contextmanager
def remember_interrupts() -> Iterator[None]:
    """Remember a SIGINT until the block ends, so that `raise_interrupt` can raise it again."""
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread receives signals
        return
    _Received.interrupt = False
    earlier = signal.signal(signal.SIGINT, _interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, earlier)
        _Received.interrupt = False


def raise_interrupt() -> None:
    """Raise KeyboardInterrupt if SIGINT was received: call it before anything that may wait for long."""
    if _Received.interrupt:
        raise KeyboardInterrupt


def interruptible(members: Iterable[T]) -> Iterator[T]:
    """Yield the members. Raises KeyboardInterrupt instead of waiting for the next one after a SIGINT."""
    iterator = iter(members)
    while True:
        raise_interrupt()
        try:
            member = next(iterator)
        except StopIteration:
            return
        yield member


def _interrupt(_: int, __: FrameType | None) -> NoReturn:
    _Received.interrupt = True
    raise KeyboardInterrupt
