"""What a worker measures of itself: for Prometheus, and in short for `policytrail status`.

Counted by hand and told when somebody looks: prometheus_client's own counters took 10 us of a delivery.
"""

from bisect import bisect_left
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Any

from prometheus_client import CollectorRegistry, Gauge, ProcessCollector
from prometheus_client.metrics_core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from service.store.feed import FeedLag
from service.store.webhooks.maintenance import Health

#: Seconds by which attempts, and the times until the first of them, are told apart.
ATTEMPT_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 15.0)
FIRST_BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 3600.0)

#: First attempts whose times are remembered for the summary.
REMEMBERED = 1_000

#: Of a worker alone: what the API measures of itself is not here.
REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)


def _gauge(name: str, description: str) -> Gauge:
    return Gauge(name, description, registry=REGISTRY)


IN_FLIGHT = _gauge("policytrail_webhook_in_flight", "Deliveries under way.")
SHARDS = _gauge("policytrail_webhook_shards", "Shards, of 64, whose subscriptions this worker sends for.")
_DELIVERIES = {
    "due": _gauge("policytrail_webhook_due", "Deliveries that are due, in all."),
    "late": _gauge("policytrail_webhook_late", "Deliveries that were due more than a minute ago, in all."),
    "waiting": _gauge("policytrail_webhook_waiting", "Deliveries that are due or will be tried again, in all."),
    "failing": _gauge("policytrail_webhook_failing", "Webhooks of which the latest attempt failed, in all."),
    "disabled": _gauge("policytrail_webhook_disabled", "Webhooks that the service has paused, in all."),
}
OUTBOX = _gauge("policytrail_outbox_waiting", "Writes that have no number in the feed yet.")
OUTBOX_SECONDS = _gauge("policytrail_outbox_age_seconds", "Age of the oldest write that has no number yet.")
FEED_LAG = _gauge("policytrail_feed_lag", "Numbered changes that are not matched with webhooks yet.")
FEED_LAG_SECONDS = _gauge("policytrail_feed_lag_seconds", "Age of the oldest change that is not matched yet.")


class Times:
    """How often something took so long."""

    def __init__(self, buckets: Sequence[float]) -> None:
        """`buckets`: seconds, rising."""
        self._bounds = buckets
        self._counts = [0] * (len(buckets) + 1)
        self._sum = 0.0

    def observe(self, seconds: float) -> None:
        """It took so long once more."""
        self._counts[bisect_left(self._bounds, seconds)] += 1
        self._sum += seconds

    def told(self, name: str, description: str) -> Metric:
        """As Prometheus wants it."""
        names = [*map(str, self._bounds), "+Inf"]
        counts = zip(names, map(float, accumulate(self._counts)), strict=True)
        return HistogramMetricFamily(name, description, buckets=list(counts), sum_value=self._sum)


class Measured(Collector):
    """Counts since the worker began."""

    def __init__(self) -> None:
        """Nothing has happened yet."""
        self._outcomes: Counter[str] = Counter()
        self._attempts, self._firsts = Times(ATTEMPT_BUCKETS), Times(FIRST_BUCKETS)
        self._latest: deque[float] = deque(maxlen=REMEMBERED)

    def count_attempt(self, outcome: str, seconds: float, *, since_write: float | None) -> None:
        """An attempt has ended; `since_write` are the seconds from the write to its beginning, if it was the first."""
        self._outcomes[outcome] += 1
        self._attempts.observe(seconds)
        if since_write is not None:
            self._firsts.observe(since_write)
            self._latest.append(since_write)

    def collect(self) -> Iterator[Metric]:
        """For Prometheus."""
        attempts = CounterMetricFamily(
            "policytrail_webhook_attempts", "Attempts to deliver, by how they ended.", labels=["outcome"]
        )
        for outcome, number in list(self._outcomes.items()):
            attempts.add_metric([outcome], number)
        yield attempts
        yield self._attempts.told("policytrail_webhook_attempt_seconds", "Time that an attempt took.")
        yield self._firsts.told(
            "policytrail_webhook_first_attempt_seconds", "Time from a write to the first attempt to tell of it."
        )

    def summary(self) -> dict[str, Any]:
        """Attempts by outcome, and how long first ones took to begin, in milliseconds; null where there was none."""
        times = sorted(self._latest)
        percentiles = {
            name: round(times[min(len(times) - 1, int(len(times) * share))] * 1000, 1) if times else None
            for name, share in (("p50", 0.5), ("p99", 0.99))
        }
        return {"attempts": dict(self._outcomes), "first_attempt_ms": percentiles}


def tell_health(health: Health, standing: FeedLag, *, now: float) -> None:
    """How everything stands in the database; `now` in seconds since 1970."""
    for name, gauge in _DELIVERIES.items():
        gauge.set(getattr(health, name))
    OUTBOX.set(standing.waiting)
    FEED_LAG.set(standing.seq - standing.matched)
    for gauge, oldest in (
        (OUTBOX_SECONDS, standing.oldest_waiting),
        (FEED_LAG_SECONDS, standing.oldest_unmatched),
    ):
        gauge.set(max(0.0, now - oldest.timestamp()) if oldest else 0.0)
