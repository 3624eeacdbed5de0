"""Threads that speak with the database, so that the loop never waits for it."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar

import structlog

from service.errors import Unavailable

T = TypeVar("T")

#: Threads; no more than that are at work at once.
NUMBER = 8

#: Seconds to wait for a database that is not there, and after a fault.
ABSENCE = 0.5

#: Seconds between two looks while work comes, and at most.
LEAST, MOST = 0.01, 0.2

#: Looks that take long are not repeated sooner than after so many times as long. The shorter of two counts, since one
#: alone may have waited for the processor.
SHARE = 4.0

log = structlog.get_logger()


@dataclass
class Pace:
    """Seconds to wait, by what the looks before have found."""

    least: float = LEAST
    most: float = MOST
    _pause: float = LEAST
    _took: float = 0.0

    def after(self, found: int, took: float) -> float:
        """Seconds until the next look, when this one `took` so long and found so much."""
        self._pause = self.least if found else min(self.most, self._pause * 2)
        usually, self._took = min(took, self._took), took
        return max(self._pause, min(SHARE * usually, self.most))


class Clerks:
    """A few threads."""

    def __init__(self, number: int = NUMBER) -> None:
        """They are started as they are needed."""
        self._threads = ThreadPoolExecutor(number, thread_name_prefix="database")

    async def ask(self, do: Callable[..., T], *arguments: Any) -> T:
        """What `do` returns or raises, in a thread."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, do, *arguments)

    def dismiss(self) -> None:
        """Let the threads end; what they do right now is not waited for."""
        self._threads.shutdown(wait=False, cancel_futures=True)


async def repeat(
    step: Callable[[], Awaitable[int]], *, name: str, pace: Pace, news: asyncio.Event | None = None
) -> None:
    """Do `step` again and again, at its pace by how much it found, or at once when there is `news`.

    What goes wrong is told, and tried again.
    """
    news = news or asyncio.Event()
    is_absent = False
    while True:
        news.clear()
        began = time.monotonic()
        try:
            pause = pace.after(await step(), time.monotonic() - began)
            is_absent = False
        except Unavailable as error:
            if not is_absent:
                log.warning("database_unavailable", step=name, detail=error.detail)
            is_absent, pause = True, ABSENCE
        except Exception:  # one step's fault is not to end the others
            log.exception("worker_fault", step=name)
            pause = ABSENCE
        await wait(news, pause)


async def wait(event: asyncio.Event, seconds: float) -> None:
    """Wait for `event`, so long at most."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
