"""The state of the connection pool, as Prometheus gauges."""

import time

from flask import Flask, Response
from psycopg_pool import ConnectionPool

from service.clock import CLOCK
from service.observability import metrics

#: Seconds between two samples of the pool. One takes 5 us, and Prometheus itself scrapes every 15 s or so.
_EVERY = 1.0


def register(app: Flask, pool: ConnectionPool) -> None:
    """Sample `pool` while `app` answers requests; an idle process exports its last sample."""
    due = time.monotonic()

    def observe(response: Response) -> Response:
        nonlocal due
        now = time.monotonic()
        if now >= due:
            due = now + _EVERY
            metrics.set_pool(pool.get_stats())
            metrics.set_clock_offset(CLOCK.offset)
        return response

    app.after_request(observe)
