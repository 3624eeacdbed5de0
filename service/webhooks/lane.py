"""The lane of a subscription: its queue, and the concurrency of its receiver. Time comes in as an argument."""

from collections import deque
from dataclasses import dataclass, field
from math import inf
from typing import Any, NamedTuple
from uuid import UUID

#: Deliveries in flight to one receiver: at most, and once it has answered for the first time.
MAX_CONCURRENCY, INITIAL_WINDOW = 32, 4.0
#: The change of the window by one accepted delivery. A failure halves it.
WINDOW_STEP = 0.25
#: Deliveries that queue inside a receiver (or here), estimated from the mean latency above the base latency. Below the
#: first bound a window that was full grows, above the second it shrinks (as in TCP Vegas): more would only queue for
#: longer. A receiver that is slow by nature has a high base latency, and its window grows like any other.
GROW_BELOW, SHRINK_ABOVE = 2.0, 4.0
#: The mean of a receiver with uneven latencies varies by up to this factor without any queue.
LATENCY_TOLERANCE = 2.0
#: Accepted deliveries without growth after which the base latency is measured anew with a single delivery in flight, as
#: in BBR: a receiver that has become slower need not have a queue.
PROBE_AFTER = 100
#: Seconds from which a response is slow.
SLOW_AFTER = 1.0
#: A response that takes so many times the usual latency, and at least so many seconds, marks its receiver as stuck.
STUCK_FACTOR, STUCK_AT_LEAST = 8.0, 0.1
#: The weight of the latest response in the smoothed latency, by which a receiver counts as slow, and in the mean
#: latency of accepted deliveries, by which its window changes.
LATENCY_WEIGHT, MEAN_WEIGHT = 0.2, 0.0625
#: Accepted deliveries from which their mean latency counts as a base.
BASE_SAMPLES = 4
#: Consecutive failures from which a lane counts as failing, and from which it backs off between attempts.
FAILING_AFTER, BACKOFF_AFTER = 3, 5
#: Seconds that a lane backs off at most: a receiver that always fails gets one attempt a minute.
LONGEST_BACKOFF = 60.0
#: Deliveries that a lane keeps queued for each one that may be in flight.
PREFETCH_FACTOR = 8
#: Queued deliveries that are scanned for one whose event is not in flight.
SCAN_LIMIT = 64

#: The health of a receiver: no response yet, prompt responses, slow responses or failures.
UNKNOWN, FAST, SLOW = range(3)


@dataclass(slots=True, eq=False)
class QueuedDelivery:
    """A delivery that is due. `cost` is its size in bytes, `content` the data that the dispatcher sends."""

    lane: UUID
    seq: int
    event_id: UUID
    is_retry: bool
    cost: int
    content: Any


class AttemptResult(NamedTuple):
    """The result of an attempt for its lane: success or failure, and the seconds that the receiver asks to wait.

    An attempt without a request has no latency of the receiver.
    """

    accepted: bool
    backoff: float = 0.0
    has_latency: bool = True


@dataclass(slots=True, eq=False)
class Lane:
    """The queue of one subscription and the measured behaviour of its receiver. `rate` is deliveries a second."""

    id: UUID
    rate: float | None = None
    ordered: bool = False
    closed: bool = False
    #: First attempts, and retries.
    queues: tuple[deque[QueuedDelivery], deque[QueuedDelivery]] = field(default_factory=lambda: (deque(), deque()))
    #: The start of each delivery in flight by its number, oldest first, and their events.
    in_flight: dict[int, float] = field(default_factory=dict)
    busy_events: set[UUID] = field(default_factory=set)
    #: Deliveries whose attempt has ended and is not recorded yet.
    unrecorded: set[int] = field(default_factory=set)
    window: float = INITIAL_WINDOW
    failures: int = 0
    latency: float | None = None
    #: Mean latency of the measured deliveries, their number, the least mean, and those since the window last grew.
    mean_latency: float = 0.0
    measured_count: int = 0
    base_latency: float = inf
    since_growth: int = 0
    #: Deliveries in flight that began before the latest measurement of the base latency.
    unmeasured: int = 0
    stuck: bool = False
    backoff_until: float = 0.0
    tokens: float = 1.0
    tokens_at: float = 0.0
    credit: int = 0
    #: Whether the database holds more due deliveries than were fetched.
    has_more: bool = False

    @property
    def concurrency_limit(self) -> int:
        """Deliveries that may be in flight at the same time."""
        unsure = self.latency is None or self.failures >= BACKOFF_AFTER
        return 1 if unsure or self.ordered else int(self.window)

    @property
    def health(self) -> int:
        """UNKNOWN, FAST or SLOW."""
        if self.stuck or self.failures >= FAILING_AFTER:
            return SLOW
        if self.latency is None:
            return UNKNOWN
        return FAST if self.latency <= SLOW_AFTER else SLOW

    @property
    def prefetch(self) -> int:
        """Deliveries to keep queued."""
        return PREFETCH_FACTOR * self.concurrency_limit

    @property
    def size(self) -> int:
        """Bytes of the queued deliveries."""
        return sum(delivery.cost for queue in self.queues for delivery in queue)

    @property
    def seqs(self) -> list[int]:
        """The numbers of the deliveries in hand, which must not be fetched again."""
        return [*(delivery.seq for queue in self.queues for delivery in queue), *self.in_flight, *self.unrecorded]

    def ready_at(self, now: float) -> float:
        """Return the time from which backoff and rate allow the next attempt; `now` or earlier means at once."""
        if self.rate is None:
            return self.backoff_until
        burst = max(1.0, self.rate)
        self.tokens = min(burst, self.tokens + (now - self.tokens_at) * self.rate)
        self.tokens_at = now
        return max(self.backoff_until, now if self.tokens >= 1.0 else now + (1.0 - self.tokens) / self.rate)

    def pop_next(self, queue: deque[QueuedDelivery]) -> QueuedDelivery | None:
        """Remove and return the first delivery whose event is not in flight: changes of one event keep their order."""
        for index, delivery in enumerate(queue):
            if delivery.event_id not in self.busy_events:
                del queue[index]
                return delivery
            if index == SCAN_LIMIT:
                break
        return None

    def start(self, delivery: QueuedDelivery, now: float) -> None:
        """Count `delivery` as in flight."""
        self.in_flight[delivery.seq] = now
        self.busy_events.add(delivery.event_id)
        self.tokens -= 1.0

    def finish(self, delivery: QueuedDelivery, result: AttemptResult, now: float) -> None:
        """End the attempt of `delivery`, and learn from its result and its latency."""
        was_full = len(self.in_flight) >= self.concurrency_limit
        latency = now - self.in_flight.pop(delivery.seq)
        self.busy_events.discard(delivery.event_id)
        self.unrecorded.add(delivery.seq)
        if not result.has_latency:
            return
        self.latency = latency if self.latency is None else self.latency + LATENCY_WEIGHT * (latency - self.latency)
        if latency < SLOW_AFTER:
            self.stuck = False
        if result.accepted:
            self.failures = 0
            self._adjust_window(latency, was_full=was_full)
            return
        self.failures += 1
        self.window = max(1.0, self.window / 2)
        self.backoff_until = max(self.backoff_until, now + self._backoff(), now + result.backoff)
        if self.ordered:
            self.clear()

    def mark_stuck(self, now: float) -> None:
        """Mark the receiver as stuck if its oldest delivery in flight takes long, before that has ended."""
        usual = SLOW_AFTER if self.latency is None else max(STUCK_AT_LEAST, STUCK_FACTOR * self.latency)
        if self.in_flight and now - next(iter(self.in_flight.values())) >= min(SLOW_AFTER, usual):
            self.stuck = True

    def clear(self) -> None:
        """Empty the queues; the deliveries are fetched again when they are due."""
        for queue in self.queues:
            queue.clear()

    def _adjust_window(self, latency: float, *, was_full: bool) -> None:
        if self.unmeasured:
            self.unmeasured -= 1
            return
        self.measured_count += 1
        self.mean_latency += max(MEAN_WEIGHT, 1 / self.measured_count) * (latency - self.mean_latency)
        if self.measured_count >= BASE_SAMPLES:
            self.base_latency = min(self.base_latency, self.mean_latency)
        self.since_growth += was_full
        queued = self._queued()
        if queued > SHRINK_ABOVE:
            self.window = max(1.0, self.window - WINDOW_STEP * queued / SHRINK_ABOVE)
        elif queued < GROW_BELOW and was_full:
            self.window, self.since_growth = min(float(MAX_CONCURRENCY), self.window + WINDOW_STEP), 0
        if self.since_growth >= PROBE_AFTER:
            self._measure_anew()

    def _queued(self) -> float:
        """Return the estimated number of deliveries that queue inside the receiver."""
        usual = LATENCY_TOLERANCE * self.base_latency
        return self.window * (1 - usual / self.mean_latency) if self.mean_latency > usual else 0.0

    def _measure_anew(self) -> None:
        self.window, self.mean_latency, self.base_latency = 1.0, 0.0, inf
        self.measured_count, self.since_growth, self.unmeasured = 0, 0, len(self.in_flight)

    def _backoff(self) -> float:
        if self.failures < BACKOFF_AFTER:
            return 0.0
        return min(LONGEST_BACKOFF, 2.0 ** min(self.failures - BACKOFF_AFTER, 10))
