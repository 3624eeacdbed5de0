"""Loops that poll for work, and the threads in which they use the database."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar

import structlog

from service.errors import Unavailable
from service.webhooks.loop_pulses import LoopPulses

T = TypeVar("T")

#: Threads that use the database at the same time.
DATABASE_THREADS = 8

#: Seconds to wait after a failure, and while the database is unreachable.
RETRY_PAUSE = 0.5

#: Seconds between two polls: while there is work, and at most.
SHORTEST, LONGEST = 0.01, 0.2

#: A slow poll is followed by a pause of so many times its duration. The shorter of the last two polls counts, since a
#: single one may have waited for the processor.
DURATION_FACTOR = 4.0

log = structlog.get_logger()


@dataclass
class PollInterval:
    """The pause between two polls: short while there is work, doubled by each poll that finds none."""

    shortest: float = SHORTEST
    longest: float = LONGEST
    _pause: float = SHORTEST
    _duration: float = 0.0

    def next(self, count: int, duration: float) -> float:
        """Return the seconds to wait after a poll that took `duration` seconds and found `count` items."""
        self._pause = self.shortest if count else min(self.longest, self._pause * 2)
        usual, self._duration = min(duration, self._duration), duration
        return max(self._pause, min(DURATION_FACTOR * usual, self.longest))


class DatabaseThreads:
    """A few threads for statements, so that the event loop never waits for the database."""

    def __init__(self, number: int = DATABASE_THREADS) -> None:
        """Threads start as they are needed."""
        self._threads = ThreadPoolExecutor(number, thread_name_prefix="database")

    async def run(self, do: Callable[..., T], *arguments: Any) -> T:
        """Return the result of `do` in a thread, or raise its error."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, do, *arguments)

    def shutdown(self) -> None:
        """End the threads without waiting for their current work."""
        self._threads.shutdown(wait=False, cancel_futures=True)


async def poll_forever(
    step: Callable[[], Awaitable[int]],
    *,
    name: str,
    interval: PollInterval,
    pulses: LoopPulses,
    wake: asyncio.Event | None = None,
) -> None:
    """Repeat `step` at its interval, or at once when `wake` is set. Log errors and try again.

    `step` returns the number of items that it found; `name` is its name in the log and in `pulses`.
    """
    wake = wake or asyncio.Event()
    is_absent = False
    while True:
        wake.clear()
        pulses.beat(name, within=interval.longest)
        began = time.monotonic()
        try:
            pause = interval.next(await step(), time.monotonic() - began)
            is_absent = False
        except Unavailable as error:
            if not is_absent:
                log.warning("database_unavailable", step=name, detail=error.detail)
            is_absent, pause = True, RETRY_PAUSE
        except Exception:  # an error in one step must not end the others
            log.exception("worker_fault", step=name)
            pause = RETRY_PAUSE
        await wait(wake, pause)


async def wait(event: asyncio.Event, seconds: float) -> None:
    """Wait for `event`, at most `seconds`."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
