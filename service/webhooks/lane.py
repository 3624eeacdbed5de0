"""The lane of a subscription: its queue, and the concurrency of its receiver. Time comes in as an argument."""

from collections import deque
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import UUID

#: Deliveries in flight to one receiver: at most, and once it has answered for the first time.
MAX_CONCURRENCY, INITIAL_WINDOW = 32, 4.0
#: The change of the window by one response. A slow response or a failure halves it.
WINDOW_STEP = 0.25
#: Deliveries that queue inside a receiver (or here), estimated from the latency above the base latency. Below the first
#: bound a window that was full grows, above the second it shrinks (as in TCP Vegas): more would only queue for longer.
GROW_BELOW, SHRINK_ABOVE = 2.0, 4.0
#: The factor by which the base latency rises with each response that is not quicker: receivers change.
BASE_LATENCY_DRIFT = 1.0002
#: Seconds from which a response is slow.
SLOW_AFTER = 1.0
#: A response that takes so many times the usual latency, and at least so many seconds, marks its receiver as stuck.
STUCK_FACTOR, STUCK_AT_LEAST = 8.0, 0.1
#: The weight of the latest response in the smoothed latency.
LATENCY_WEIGHT = 0.2
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
    """The result of an attempt for its lane: success or failure, and the seconds that the receiver asks to wait."""

    accepted: bool
    backoff: float = 0.0


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
    base_latency: float = SLOW_AFTER
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
        self.latency = latency if self.latency is None else self.latency + LATENCY_WEIGHT * (latency - self.latency)
        if latency < SLOW_AFTER:
            self.stuck = False
        if result.accepted:
            self.failures = 0
        else:
            self.failures += 1
            self.backoff_until = max(self.backoff_until, now + self._backoff(), now + result.backoff)
            if self.ordered:
                self.clear()
        self._adjust_window(latency if result.accepted else SLOW_AFTER, was_full=was_full)

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
        if latency >= SLOW_AFTER:
            self.window = max(1.0, self.window / 2)
            return
        self.base_latency = min(latency, self.base_latency * BASE_LATENCY_DRIFT)
        queued = self.window * (1 - self.base_latency / latency)
        if queued > SHRINK_ABOVE:
            self.window -= WINDOW_STEP
        elif queued < GROW_BELOW and was_full:
            self.window = min(float(MAX_CONCURRENCY), self.window + WINDOW_STEP)

    def _backoff(self) -> float:
        if self.failures < BACKOFF_AFTER:
            return 0.0
        return min(LONGEST_BACKOFF, 2.0 ** min(self.failures - BACKOFF_AFTER, 10))
