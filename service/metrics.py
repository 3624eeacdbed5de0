"""Counters and histograms, summed over all processes of one gunicorn where PROMETHEUS_MULTIPROC_DIR is set."""

import os

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest, multiprocess
from prometheus_client import REGISTRY as OWN

MEDIA_TYPE = CONTENT_TYPE_LATEST

REQUESTS = Counter("policytrail_requests_total", "Requests answered.", ["method", "route", "status"])
SECONDS = Histogram(
    "policytrail_request_seconds",
    "Time from a request's arrival in the app to its answer.",
    ["method", "route"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)


def count_request(method: str, route: str, status: int, seconds: float) -> None:
    """One request was answered. `route` is the rule, not the path, so that labels stay few."""
    REQUESTS.labels(method, route, str(status)).inc()
    SECONDS.labels(method, route).observe(seconds)


def exposition() -> bytes:
    """All measurements in Prometheus's text format."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return generate_latest(OWN)
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry)
    return generate_latest(registry)
