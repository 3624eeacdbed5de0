"""Prometheus metrics, summed over the processes of one gunicorn if PROMETHEUS_MULTIPROC_DIR is set."""

import os
from collections.abc import Mapping
from functools import cache

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
    multiprocess,
)
from prometheus_client import REGISTRY as OWN

MEDIA_TYPE = CONTENT_TYPE_LATEST

#: The most keys that a process counts separately; it counts the requests of further keys under "other".
MOST_KEYS = 100

REQUESTS = Counter("policytrail_requests_total", "Requests answered.", ["method", "route", "status"])
REQUESTS_BY_KEY = Counter(
    "policytrail_requests_by_key_total",
    "Requests answered, by the id of the key: none without one, other beyond the first hundred keys of a process.",
    ["key", "status"],
)
SECONDS = Histogram(
    "policytrail_request_seconds",
    "Time from a request's arrival in the app to its answer.",
    ["method", "route"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
DATABASE_SECONDS = Histogram(
    "policytrail_database_seconds",
    "Time that a request waited for a database connection and held it.",
    ["route"],
    buckets=(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)
_POOL = {
    "pool_size": Gauge("policytrail_pool_size", "Database connections held.", multiprocess_mode="livesum"),
    "pool_available": Gauge("policytrail_pool_available", "Database connections idle.", multiprocess_mode="livesum"),
    "requests_waiting": Gauge(
        "policytrail_pool_waiting", "Requests waiting for a database connection.", multiprocess_mode="livesum"
    ),
}
_FOLLOWERS = Gauge(
    "policytrail_followers", "Requests that wait for changes, streams included.", multiprocess_mode="livesum"
)

_CLOCK_OFFSET = Gauge(
    "policytrail_clock_offset_seconds",
    "Seconds by which the database's clock is ahead of this machine's.",
    multiprocess_mode="livemostrecent",
)
_DROPPED = Counter("policytrail_log_lines_dropped_total", "Log lines that could not be written.")

_keys: set[str] = set()
_dropped = 0


def count_request(
    method: str, route: str, status: int, *, seconds: float, database_seconds: float, key: str | None
) -> None:
    """Count a request and its seconds. `route` is the rule, not the path, and `key` an id, so that labels stay few."""
    _requests(method, route, status).inc()
    _requests_by_key(_label_of(key), status).inc()
    _seconds(method, route).observe(seconds)
    if database_seconds:
        _database_seconds(route).observe(database_seconds)


def set_pool(stats: Mapping[str, int]) -> None:
    """Set the gauges from the pool's `get_stats()`."""
    for name, gauge in _POOL.items():
        gauge.set(stats.get(name, 0))


def set_clock_offset(seconds: float) -> None:
    """Set the seconds by which the database's clock is ahead of this machine's."""
    _CLOCK_OFFSET.set(seconds)


def set_dropped_lines(number: int) -> None:
    """Set the number of log lines that this process has dropped since its start."""
    global _dropped  # noqa: PLW0603 (prometheus_client's counter cannot be read in one process of many)
    _DROPPED.inc(number - _dropped)
    _dropped = number


def set_followers(number: int) -> None:
    """Set the number of requests that wait for changes in this process."""
    _FOLLOWERS.set(number)


def exposition() -> bytes:
    """Return all metrics in Prometheus's text format."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return generate_latest(OWN)
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry)
    return generate_latest(registry)


def _label_of(key: str | None) -> str:
    if key is None:
        return "none"
    if key not in _keys and len(_keys) < MOST_KEYS:
        _keys.add(key)
    return key if key in _keys else "other"


# Cached: prometheus_client takes 2 us to find a child by its labels.


@cache
def _requests(method: str, route: str, status: int) -> Counter:
    return REQUESTS.labels(method, route, str(status))


@cache
def _requests_by_key(key: str, status: int) -> Counter:
    return REQUESTS_BY_KEY.labels(key, str(status))


@cache
def _seconds(method: str, route: str) -> Histogram:
    return SECONDS.labels(method, route)


@cache
def _database_seconds(route: str) -> Histogram:
    return DATABASE_SECONDS.labels(route)
