"""Lanes for tests: deliveries queued in them, and receivers that have answered, or answer as time goes by."""

import heapq
from collections.abc import Callable
from itertools import count
from uuid import UUID

from service.webhooks.lane import AttemptResult, QueuedDelivery
from service.webhooks.scheduler import Capacity, Scheduler

ACCEPTED, FAILED = AttemptResult(accepted=True), AttemptResult(accepted=False)

_seqs = count(1)


def lane_id(number: int) -> UUID:
    """Return the id of a lane."""
    return UUID(int=number)


def a_delivery(lane: int = 1, *, event: int | None = None, is_retry: bool = False, cost: int = 1_000) -> QueuedDelivery:
    """Return a new delivery for the lane, of an event of its own by default."""
    seq = next(_seqs)
    return QueuedDelivery(lane_id(lane), seq, UUID(int=event or seq), is_retry, cost, None)


def enqueue(scheduler: Scheduler, *deliveries: QueuedDelivery) -> None:
    """Queue the deliveries in their lanes, beyond their capacity."""
    lanes = {delivery.lane for delivery in deliveries}
    capacities = [Capacity(id_, ordered=False, first=10**6, retries=10**6, exclude=[]) for id_ in lanes]
    scheduler.enqueue(capacities, deliveries)


def make_scheduler(number: int = 1, *, slots: int = 100, rate: float | None = None, ordered: bool = False) -> Scheduler:
    """Return a scheduler with lanes 1 to `number`, whose receivers have answered once and quickly."""
    scheduler = Scheduler(slots)
    for lane in range(1, number + 1):
        scheduler.open_lane(lane_id(lane), rate=rate, ordered=ordered, failing=False)
        enqueue(scheduler, a_delivery(lane))
    while in_flight := start_all(scheduler, 0.0):
        for delivery in in_flight:
            scheduler.finish(delivery, ACCEPTED, 0.01)
            scheduler.mark_recorded(delivery)
    return scheduler


def start_all(scheduler: Scheduler, now: float) -> list[QueuedDelivery]:
    """Start every delivery that may start now, and return them in order."""
    deliveries = []
    while delivery := scheduler.next(now):
        deliveries.append(delivery)
    return deliveries


def accept_all(latency: Callable[[float], float], *, until: float) -> list[float]:
    """Return the times at which a receiver with an endless backlog accepts deliveries, from 0 to `until` in seconds.

    `latency` returns the seconds that a delivery takes which begins at a given time.
    """
    scheduler, events, times, now = Scheduler(1_000), list[tuple[float, int, QueuedDelivery]](), list[float](), 0.0
    scheduler.open_lane(lane_id(1), rate=None, ordered=False, failing=False)
    while now < until:
        capacities = list(scheduler.free_capacity([lane_id(1)], now))
        scheduler.enqueue(capacities, [a_delivery() for one in capacities for _ in range(one.first)])
        for delivery in start_all(scheduler, now):
            heapq.heappush(events, (now + latency(now), delivery.seq, delivery))
        now, _, delivery = heapq.heappop(events)
        scheduler.mark_stuck(now)
        scheduler.finish(delivery, ACCEPTED, now)
        scheduler.mark_recorded(delivery)
        times.append(now)
    return times
