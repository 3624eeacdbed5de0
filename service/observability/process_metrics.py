"""The state of the process, as Prometheus metrics: its connection pool, its clock, and its dropped log lines."""

import time
from collections.abc import Callable

from flask import Flask, Response
from psycopg_pool import ConnectionPool

from service.clock import CLOCK
from service.observability import log_stream, metrics

#: Seconds between two samples. One takes 5 us, and Prometheus itself scrapes every 15 s or so.
_EVERY = 1.0


def register(app: Flask, pool: Callable[[], ConnectionPool]) -> None:
    """Sample the process while `app` answers requests; an idle process exports its last sample."""
    due = time.monotonic()

    def observe(response: Response) -> Response:
        nonlocal due
        now = time.monotonic()
        if now >= due:
            due = now + _EVERY
            metrics.set_pool(pool().get_stats())
            metrics.set_clock_offset(CLOCK.offset)
            metrics.set_dropped_lines(log_stream.dropped_lines())
        return response

    app.after_request(observe)
