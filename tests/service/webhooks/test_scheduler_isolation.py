"""Simulations of many receivers with their own clock: slow and dead receivers delay no others."""

import heapq
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import count
from random import Random

import pytest

from service.webhooks.lane import QueuedDelivery
from service.webhooks.scheduler import Capacity, Scheduler
from tests.lanes import ACCEPTED, FAILED, a_delivery, lane_id, start_all

#: Seconds after which an attempt times out.
TIMEOUT = 15.0


@dataclass
class World:
    """Many receivers with their own rates of deliveries, and a database that is polled every 20 ms."""

    slots: int
    answers_in: Callable[[int], float | None]  # seconds by lane; None hangs until the timeout
    rates: dict[int, float]  # arrivals a second by lane
    seconds: float = 8.0
    now: float = 0.0
    waits: dict[int, list[float]] = field(default_factory=lambda: defaultdict(list))
    ended: dict[int, int] = field(default_factory=lambda: defaultdict(int))

    def run(self) -> None:
        """Run the simulation."""
        chance, scheduler = Random(7), Scheduler(self.slots)  # noqa: S311 (a test)
        stored = {lane: deque[QueuedDelivery]() for lane in self.rates}
        due_at: dict[int, float] = {}
        events: list[tuple[float, int, str, QueuedDelivery | None]] = []
        tick = count()
        for lane, rate in self.rates.items():
            scheduler.open_lane(lane_id(lane), rate=None, ordered=False, failing=False)
            for at in _arrivals(chance, rate, self.seconds):
                heapq.heappush(events, (at, next(tick), "arrives", a_delivery(lane)))
        for number in range(int(self.seconds * 50)):
            heapq.heappush(events, (number / 50, next(tick), "fetch", None))
        while events and events[0][0] <= self.seconds:
            now, _, kind, delivery = heapq.heappop(events)
            self.now = now
            if kind == "fetch":
                capacities = list(scheduler.free_capacity(scheduler.open_lanes, now))
                scheduler.enqueue(capacities, list(_fetched(stored, capacities)))
                scheduler.mark_stuck(now)
            elif delivery and kind == "arrives":
                stored[delivery.lane.int].append(delivery)
                due_at[delivery.seq] = now
            elif delivery:
                scheduler.finish(delivery, ACCEPTED if kind == "accepts" else FAILED, now)
                scheduler.mark_recorded(delivery)
                self.ended[delivery.lane.int] += kind == "accepts"
            for started in start_all(scheduler, now):
                latency = self.answers_in(started.lane.int)
                self.waits[started.lane.int].append(now - due_at[started.seq])
                end = "accepts" if latency is not None else "fails"
                heapq.heappush(events, (now + (latency or TIMEOUT), next(tick), end, started))

    def waited(self, lanes: Iterable[int]) -> float:
        """Return the 99th percentile of the seconds that deliveries of `lanes` wait."""
        times = sorted(time for lane in lanes for time in self.waits[lane])
        return times[int(len(times) * 0.99)]

    def accepted(self, lanes: Iterable[int]) -> int:
        """Return the number of accepted deliveries of `lanes`."""
        return sum(self.ended[lane] for lane in lanes)


def _arrivals(chance: Random, rate: float, seconds: float) -> Iterator[float]:
    at = chance.expovariate(rate)
    while at < seconds - 1:
        yield at
        at += chance.expovariate(rate)


def _fetched(stored: dict[int, deque[QueuedDelivery]], capacities: Iterable[Capacity]) -> Iterator[QueuedDelivery]:
    for capacity in capacities:
        queue = stored[capacity.lane.int]
        for _ in range(min(capacity.first, len(queue))):
            yield queue.popleft()


def _quick(lane: int) -> float:
    return 0.02 + lane % 7 * 0.005


HEALTHY = range(1, 51)


def _baseline(slots: int) -> World:
    world = World(slots, _quick, dict.fromkeys(HEALTHY, 20.0))
    world.run()
    return world


@pytest.mark.parametrize(
    ("name", "bad", "answers_in", "rate", "slots"),
    [
        ("one dead among the others", range(51, 52), None, 20.0, 100),
        ("as many hang as do not", range(51, 101), None, 20.0, 200),
        ("ten times as many hang", range(51, 551), None, 1.0, 1_000),
        ("many are slow", range(51, 151), 5.0, 5.0, 300),
        ("one has a backlog", range(51, 52), 0.02, 1_000.0, 100),
    ],
)
def test_bad_receivers_neither_delay_healthy_ones_nor_reduce_their_deliveries(
    name: str, bad: range, answers_in: float | None, rate: float, slots: int
) -> None:
    alone = _baseline(slots)
    world = World(
        slots, lambda lane: _quick(lane) if lane in HEALTHY else answers_in, alone.rates | dict.fromkeys(bad, rate)
    )
    world.run()
    assert world.waited(HEALTHY) <= 2 * alone.waited(HEALTHY), name
    assert world.accepted(HEALTHY) >= 0.9 * alone.accepted(HEALTHY), name


def test_receivers_that_start_to_hang_delay_the_others_only_briefly() -> None:
    slots, alone = 300, _baseline(300)
    turned: set[int] = set()

    def answers_in(lane: int) -> float | None:
        if lane in HEALTHY:
            return _quick(lane)
        hangs = lane in turned or len(world.waits[lane]) > 40
        turned.update([lane] if hangs else [])
        return None if hangs else 0.02

    world = World(slots, answers_in, alone.rates | dict.fromkeys(range(51, 101), 20.0))
    world.run()
    assert len(turned) == 50
    assert world.waited(HEALTHY) <= 2 * alone.waited(HEALTHY)
    assert world.accepted(HEALTHY) >= 0.9 * alone.accepted(HEALTHY)
