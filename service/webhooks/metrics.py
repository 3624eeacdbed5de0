"""Metrics of a worker: for Prometheus, and in short for `policytrail status`.

Counted here and rendered on a scrape, since prometheus_client's own counters took 10 us of each delivery.
"""

from bisect import bisect_left
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Any

from prometheus_client import CollectorRegistry, Gauge, ProcessCollector
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from service.observability import log_stream
from service.store.feed import FeedLag
from service.store.webhooks import leases
from service.store.webhooks.maintenance import Health
from service.webhooks.loop_pulses import LoopPulses

#: Buckets in seconds: of the duration of attempts, and of the time from a write to its first attempt.
ATTEMPT_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 15.0)
FIRST_BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 3600.0)

#: Latest first attempts from which the summary is computed.
SUMMARY_SIZE = 1_000

#: The registry of workers; the API has another.
REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)


def _gauge(name: str, description: str) -> Gauge:
    return Gauge(name, description, registry=REGISTRY)


CLOCK_OFFSET = _gauge(
    "policytrail_clock_offset_seconds", "Seconds by which the database's clock is ahead of this machine's."
)
IN_FLIGHT = _gauge("policytrail_webhook_in_flight", "Deliveries in flight.")
SHARDS = _gauge("policytrail_webhook_shards", f"Shards (of {leases.SHARDS}) that this worker holds.")
_DELIVERIES = {
    "due": _gauge("policytrail_webhook_due", "Deliveries that are due, over all workers."),
    "late": _gauge("policytrail_webhook_late", "Deliveries that were due more than a minute ago, over all workers."),
    "waiting": _gauge("policytrail_webhook_waiting", "Deliveries that are due or wait for a retry, over all workers."),
    "failing": _gauge("policytrail_webhook_failing", "Webhooks whose latest attempt failed, over all workers."),
    "disabled": _gauge("policytrail_webhook_disabled", "Webhooks that the service has disabled, over all workers."),
}
OUTBOX = _gauge("policytrail_outbox_waiting", "Writes that are not sequenced yet.")
OUTBOX_SECONDS = _gauge("policytrail_outbox_age_seconds", "Age of the oldest write that is not sequenced yet.")
FEED_LAG = _gauge("policytrail_feed_lag", "Changes that are not matched with webhooks yet.")
FEED_LAG_SECONDS = _gauge("policytrail_feed_lag_seconds", "Age of the oldest change that is not matched yet.")


class Histogram:
    """A histogram of durations."""

    def __init__(self, buckets: Sequence[float]) -> None:
        """`buckets`: upper bounds in seconds, ascending."""
        self._bounds = buckets
        self._counts = [0] * (len(buckets) + 1)
        self._sum = 0.0

    def observe(self, seconds: float) -> None:
        """Count one more duration."""
        self._counts[bisect_left(self._bounds, seconds)] += 1
        self._sum += seconds

    def to_metric(self, name: str, description: str) -> Metric:
        """Return the histogram as a Prometheus metric."""
        names = [*map(str, self._bounds), "+Inf"]
        counts = zip(names, map(float, accumulate(self._counts)), strict=True)
        return HistogramMetricFamily(name, description, buckets=list(counts), sum_value=self._sum)


class WorkerMetrics(Collector):
    """Counts since the worker started."""

    def __init__(self, pulses: LoopPulses) -> None:
        """All counts start at zero. `pulses` are those of the worker's loops."""
        self._pulses = pulses
        self._outcomes: Counter[str] = Counter()
        self._attempts, self._firsts = Histogram(ATTEMPT_BUCKETS), Histogram(FIRST_BUCKETS)
        self._latest: deque[float] = deque(maxlen=SUMMARY_SIZE)

    def count_attempt(self, outcome: str, seconds: float, *, since_write: float | None) -> None:
        """Count an attempt. `since_write`: seconds from the write to its start, if it was the first of its delivery."""
        self._outcomes[outcome] += 1
        self._attempts.observe(seconds)
        if since_write is not None:
            self._firsts.observe(since_write)
            self._latest.append(since_write)

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics for Prometheus."""
        attempts = CounterMetricFamily(
            "policytrail_webhook_attempts", "Delivery attempts by outcome.", labels=["outcome"]
        )
        for outcome, number in list(self._outcomes.items()):
            attempts.add_metric([outcome], number)
        yield attempts
        ages = GaugeMetricFamily(
            "policytrail_webhook_loop_age_seconds",
            "Time since a loop of the worker began its last poll.",
            labels=["loop"],
        )
        for loop, age in self._pulses.ages().items():
            ages.add_metric([loop], age)
        yield ages
        yield CounterMetricFamily(
            "policytrail_log_lines_dropped", "Log lines that could not be written.", value=log_stream.dropped_lines()
        )
        yield self._attempts.to_metric("policytrail_webhook_attempt_seconds", "Duration of a delivery attempt.")
        yield self._firsts.to_metric(
            "policytrail_webhook_first_attempt_seconds", "Time from a write to its first delivery attempt."
        )

    def summary(self) -> dict[str, Any]:
        """Return the attempts by outcome, percentiles of milliseconds from a write to its first attempt, and faults."""
        times = sorted(self._latest)
        percentiles = {
            name: round(times[min(len(times) - 1, int(len(times) * share))] * 1000, 1) if times else None
            for name, share in (("p50", 0.5), ("p99", 0.99))
        }
        return {
            "attempts": dict(self._outcomes),
            "first_attempt_ms": percentiles,
            "stalled_loops": self._pulses.stalled(),
            "log_lines_dropped": log_stream.dropped_lines(),
        }


def export_health(health: Health, lag: FeedLag, *, now: float) -> None:
    """Set the gauges of the database. `now` is in seconds since 1970."""
    for name, gauge in _DELIVERIES.items():
        gauge.set(getattr(health, name))
    OUTBOX.set(lag.waiting)
    FEED_LAG.set(lag.seq - lag.matched)
    for gauge, oldest in (
        (OUTBOX_SECONDS, lag.oldest_waiting),
        (FEED_LAG_SECONDS, lag.oldest_unmatched),
    ):
        gauge.set(max(0.0, now - oldest.timestamp()) if oldest else 0.0)
