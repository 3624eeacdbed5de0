"""A worker that kills itself, as by kill -9, at a named point: `python -m tests.faults.crash_points POINT TIMES`.

It dies when it reaches the point for the TIMES-th time.
"""

import os
import signal
import sys
from collections.abc import Callable, Coroutine
from itertools import count
from typing import Any

from service import store
from service.config import load_settings
from service.observability import access_log
from service.webhooks import worker
from service.webhooks.dispatcher import Dispatcher
from service.webhooks.sender import Sender


def die() -> None:
    """Kill this process."""
    os.kill(os.getpid(), signal.SIGKILL)


class Point:
    """A point that counts how often it is reached."""

    def __init__(self, times: int) -> None:
        """`times`: the number of the visit at which the process dies."""
        self._times, self._numbers = times, count(1)

    def reached(self) -> None:
        """Count a visit."""
        if next(self._numbers) == self._times:
            die()


def after_claim(point: Point) -> None:
    """Die with deliveries claimed and none of them sent."""
    fetch = Dispatcher._fetch

    def fetch_and_die(self: Dispatcher, capacities: Any) -> Any:
        deliveries = fetch(self, capacities)
        if deliveries:
            point.reached()
        return deliveries

    Dispatcher._fetch = fetch_and_die  # type: ignore[method-assign]


def before_send(point: Point) -> None:
    """Die before a delivery is sent."""
    _around_send(before=point.reached)


def after_send(point: Point) -> None:
    """Die after a receiver has acknowledged a delivery, before that is recorded."""
    _around_send(after=point.reached)


def _around_send(before: Callable[[], None] = lambda: None, after: Callable[[], None] = lambda: None) -> None:
    send: Callable[..., Coroutine[Any, Any, Any]] = Sender.send

    async def sent(*arguments: Any) -> Any:
        before()
        reply = await send(*arguments)
        after()
        return reply

    Sender.send = sent  # type: ignore[method-assign, assignment]


def in_finish(point: Point) -> None:
    """Die after the results of attempts are written, before the commit."""
    _after_statement(store.webhooks.queue, "insert_attempts", point)


def in_recovery(point: Point) -> None:
    """Die after a step of a recovery is written, before the commit."""
    _after_statement(store.webhooks.recoveries, "advance_recovery", point)


def in_matching(point: Point) -> None:
    """Die after deliveries of changes are written, before the commit."""
    _after_statement(store.webhooks.deliveries, "insert_deliveries", point)


def in_sequencing(point: Point) -> None:
    """Die after changes are numbered."""
    _after_statement(store.feed, "sequence", point)


def _after_statement(module: Any, name: str, point: Point) -> None:
    do = getattr(module, name)

    def done(*arguments: Any, **options: Any) -> Any:
        result = do(*arguments, **options)
        if result:
            point.reached()
        return result

    setattr(module, name, done)


POINTS: dict[str, Callable[[Point], None]] = {
    point.__name__: point
    for point in (after_claim, before_send, after_send, in_finish, in_recovery, in_matching, in_sequencing)
}

if __name__ == "__main__":
    settings = load_settings()
    access_log.configure(settings.log_level)
    POINTS[sys.argv[1]](Point(int(sys.argv[2])))
    worker.run(settings)
