"""The pool's state, told to Prometheus now and then."""

import time

from flask import Flask, Response
from psycopg_pool import ConnectionPool

from service.observability import metrics

#: Seconds between two looks at the pool: it takes 5 us, and Prometheus itself looks every 15 s or so.
_EVERY = 1.0


def register(app: Flask, pool: ConnectionPool) -> None:
    """Look at `pool` while `app` answers requests; a process that gets none tells what was last seen."""
    due = time.monotonic()

    def observe(response: Response) -> Response:
        nonlocal due
        now = time.monotonic()
        if now >= due:
            due = now + _EVERY
            metrics.tell_pool(pool.get_stats())
        return response

    app.after_request(observe)
