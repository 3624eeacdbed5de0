"""The order of deliveries: each receiver has its own lane, so that a slow or dead one delays no other.

Lanes take turns by bytes (deficit round robin), first attempts before retries, within their shares of the slots.

Receivers that are slow or failing share at most half of all slots; together with those of unknown health, three
quarters. The rest stays for the fast ones. A lane with something in flight may start more only within three quarters of
these shares, a fast one a few more, and fewer the less room is left. Receivers with deep queues that begin to hang so
leave room for a delivery of each other lane until their attempts time out. The slots of fast lanes are also bounded by
the load that this process can serve.
"""

import heapq
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple
from uuid import UUID

from service.webhooks.lane import FAILING_AFTER, FAST, SLOW, UNKNOWN, AttemptResult, Lane, QueuedDelivery

#: Bytes that a lane may send in its turn.
QUANTUM = 16_384
#: In one of so many turns retries go first, so that an endless stream of first attempts does not stop them.
RETRY_TURN = 8
#: Deliveries that are kept queued for an ordered lane; they go one after the other.
ORDERED_PREFETCH = 16

#: Bytes queued in all lanes together from which each lane gets no more than it can send at once.
MAX_QUEUED_BYTES = 64 * 1024**2

#: Deliveries in flight to fast receivers that this process always allows.
MIN_FAST_SLOTS = 32
#: The change of that number, some fifty times a second: the factor while this process is overloaded, else the addition.
SHRINK, GROW = 0.8, 4.0

#: Within the last quarter of the slots, a fast lane may have one in so many of those free beyond an eighth of all in
#: flight: a receiver that begins to hang must not take the rest.
RESERVE_PART = 16

_FIRST, _RETRY = 0, 1


class Capacity(NamedTuple):
    """Room in a lane: the first attempts and retries that it can take, and the deliveries that it already has."""

    lane: UUID
    ordered: bool
    first: int
    retries: int
    exclude: list[int]


class Scheduler:
    """The lanes of one worker, and the slots that they share."""

    def __init__(self, slots: int) -> None:
        """`slots`: deliveries in flight at the same time, at most."""
        self.slots = slots
        self.in_flight = 0
        self._lanes: dict[UUID, Lane] = {}
        self._shares = SlotShares(slots)
        #: The lanes whose turn comes, for first attempts and for retries, and their ids.
        self._rings: tuple[deque[Lane], deque[Lane]] = (deque(), deque())
        self._ringed: tuple[set[UUID], set[UUID]] = (set(), set())
        #: Lanes that wait for their backoff or rate, by the time at which they continue.
        self._paused: list[tuple[float, int, Lane]] = []
        self._turns = 0
        #: Set when a lane with more in the database has few deliveries queued; the fetcher resets it.
        self.low_water = False

    def open_lane(self, id: UUID, *, rate: float | None, ordered: bool, failing: bool) -> None:
        """Let the lane take deliveries, under its subscription's current settings. `failing` counts for a new lane."""
        lane = self._lanes.get(id)
        if lane is None:
            lane = self._lanes[id] = Lane(id, failures=FAILING_AFTER if failing else 0)
        if lane.ordered != ordered:
            lane.clear()
        lane.rate, lane.ordered, lane.closed = rate, ordered, False

    def close_lane(self, id: UUID) -> None:
        """Empty the lane and let it take no more deliveries; those in flight continue."""
        if lane := self._lanes.get(id):
            lane.closed = True
            lane.clear()
            self._remove_if_done(lane)

    def close_all(self) -> None:
        """Close every lane."""
        for id_ in list(self._lanes):
            self.close_lane(id_)

    def __contains__(self, id: UUID) -> bool:
        """Return whether the lane is open."""
        return id in self._lanes and not self._lanes[id].closed

    @property
    def open_lanes(self) -> list[UUID]:
        """The lanes that take deliveries."""
        return [id_ for id_, lane in self._lanes.items() if not lane.closed]

    def free_capacity(self, ids: Iterable[UUID], now: float) -> Iterator[Capacity]:
        """Yield the capacity of each of the lanes `ids` for which a fetch is worthwhile."""
        is_full = sum(lane.size for lane in self._lanes.values() if lane.queues[0] or lane.queues[1]) > MAX_QUEUED_BYTES
        for id_ in ids:
            lane = self._lanes.get(id_)
            if lane is None or lane.closed or lane.backoff_until > now or not _has_capacity(lane):
                continue
            if is_full and any(lane.queues):
                continue
            if lane.ordered:
                yield Capacity(lane.id, ordered=True, first=ORDERED_PREFETCH, retries=0, exclude=[])
            else:
                number = lane.concurrency_limit if is_full else lane.prefetch
                first, retries = (number - len(queue) for queue in lane.queues)
                yield Capacity(lane.id, ordered=False, first=first, retries=retries, exclude=lane.seqs)

    def enqueue(self, capacities: Iterable[Capacity], deliveries: Sequence[QueuedDelivery]) -> None:
        """Queue the deliveries that were fetched for `capacities`."""
        numbers: dict[UUID, list[int]] = {capacity.lane: [0, 0] for capacity in capacities}
        for delivery in deliveries:
            lane = self._lanes.get(delivery.lane)
            if lane and not lane.closed:
                kind = _RETRY if delivery.is_retry and not lane.ordered else _FIRST
                lane.queues[kind].append(delivery)
                numbers[delivery.lane][kind] += 1
                self._ring(lane, kind)
        for capacity in capacities:
            if lane := self._lanes.get(capacity.lane):
                first, retries = numbers[capacity.lane]
                lane.has_more = first >= capacity.first or retries >= capacity.retries > 0
        self._wake_waiting()

    def next(self, now: float) -> QueuedDelivery | None:
        """Return the next delivery, in flight from now on; None if no delivery may start."""
        if self.in_flight >= self.slots:
            return None
        while self._paused and self._paused[0][0] <= now:
            self._wake(heapq.heappop(self._paused)[2])
        self._turns += 1
        kinds = (_RETRY, _FIRST) if self._turns % RETRY_TURN == 0 else (_FIRST, _RETRY)
        return self._next(kinds[0], now) or self._next(kinds[1], now)

    def next_wake(self) -> float | None:
        """Return the time at which the next waiting lane continues, or None."""
        return self._paused[0][0] if self._paused else None

    def finish(self, delivery: QueuedDelivery, result: AttemptResult, now: float) -> None:
        """End the attempt of `delivery` and free its slot."""
        lane = self._lanes[delivery.lane]
        before, number = lane.health, len(lane.in_flight)
        lane.finish(delivery, result, now)
        self.in_flight -= 1
        self._shares.add(before, -1)
        self._shares.move(before, lane.health, number - 1)
        self._wake(lane)
        self._wake_waiting()

    def mark_recorded(self, delivery: QueuedDelivery) -> None:
        """Forget `delivery`: the result of its attempt is recorded."""
        if lane := self._lanes.get(delivery.lane):
            lane.unrecorded.discard(delivery.seq)
            self._remove_if_done(lane)

    def mark_stuck(self, now: float) -> None:
        """Mark the lanes whose receivers take long at this moment. Call it many times a second."""
        for lane in self._lanes.values():
            if lane.in_flight:
                before = lane.health
                lane.mark_stuck(now)
                self._shares.move(before, lane.health, len(lane.in_flight))

    def adjust(self, *, saturated: bool) -> None:
        """Allow fewer deliveries in flight while this process is overloaded, and more otherwise."""
        self._shares.adjust(saturated=saturated)

    def _next(self, kind: int, now: float) -> QueuedDelivery | None:
        ring = self._rings[kind]
        while ring:
            lane = ring[0]
            queue = lane.queues[kind]
            if not queue or len(lane.in_flight) >= lane.concurrency_limit or not self._may_start(lane, now):
                self._unring(lane, kind)
                continue
            if lane.credit < queue[0].cost:
                lane.credit += QUANTUM
                ring.rotate(-1)
                continue
            delivery = lane.pop_next(queue)
            if delivery is None:
                self._unring(lane, kind)
                continue
            self._start(lane, delivery, now)
            self.low_water |= lane.has_more and len(queue) <= lane.prefetch // 2
            return delivery
        return None

    def _may_start(self, lane: Lane, now: float) -> bool:
        """Return whether backoff, rate and share let the lane start an attempt; if not, arrange for it to continue."""
        ready_at = lane.ready_at(now)
        if ready_at > now:
            heapq.heappush(self._paused, (ready_at, id(lane), lane))
            return False
        return self._shares.has_room(lane)

    def _start(self, lane: Lane, delivery: QueuedDelivery, now: float) -> None:
        lane.credit = lane.credit - delivery.cost if any(lane.queues) else 0
        lane.start(delivery, now)
        self.in_flight += 1
        self._shares.add(lane.health, 1)

    def _wake_waiting(self) -> None:
        for lane in self._shares.lanes_with_room():
            self._wake(lane)

    def _wake(self, lane: Lane) -> None:
        for kind in (_FIRST, _RETRY):
            if lane.queues[kind]:
                self._ring(lane, kind)

    def _ring(self, lane: Lane, kind: int) -> None:
        if lane.id not in self._ringed[kind]:
            self._ringed[kind].add(lane.id)
            self._rings[kind].append(lane)

    def _unring(self, lane: Lane, kind: int) -> None:
        self._rings[kind].popleft()
        self._ringed[kind].discard(lane.id)

    def _remove_if_done(self, lane: Lane) -> None:
        if lane.closed and not lane.in_flight and not lane.unrecorded:
            self._lanes.pop(lane.id, None)


def _has_capacity(lane: Lane) -> bool:
    """Return whether few enough deliveries are queued for a fetch. An ordered lane first records its last attempt."""
    if lane.ordered:
        return not (lane.in_flight or lane.unrecorded or any(lane.queues))
    return any(len(queue) <= lane.prefetch // 2 for queue in lane.queues)


class SlotShares:
    """Deliveries in flight by the health of their lanes, and the lanes that wait for room."""

    def __init__(self, slots: int) -> None:
        """`slots`: deliveries in flight at the same time, at most."""
        self._slots = slots
        self._in_flight = [0, 0, 0]
        #: Waiting lanes by health, and whether they had nothing in flight.
        self._crowded: dict[tuple[int, bool], deque[Lane]] = {
            (health, idle): deque() for health in (UNKNOWN, FAST, SLOW) for idle in (True, False)
        }
        self._fast_slots = float(slots)

    def add(self, health: int, number: int) -> None:
        """Count `number` more deliveries in flight in a lane of this health."""
        self._in_flight[health] += number

    def move(self, before: int, after: int, number: int) -> None:
        """Count a lane with `number` deliveries in flight under its new health."""
        self._in_flight[before] -= number
        self._in_flight[after] += number

    def adjust(self, *, saturated: bool) -> None:
        """Lower or raise the load of this process. More than it can serve would only make every attempt slower."""
        slots = self._fast_slots * SHRINK if saturated else self._fast_slots + GROW
        self._fast_slots = min(max(slots, min(MIN_FAST_SLOTS, self._slots)), float(self._slots))

    def has_room(self, lane: Lane) -> bool:
        """Return whether the lane may start another delivery. If not, `lanes_with_room` yields it later."""
        health, idle = lane.health, not lane.in_flight
        room = self._room(health, len(lane.in_flight)) > 0
        if not room:
            self._crowded[health, idle].append(lane)
        return room

    def lanes_with_room(self) -> Iterator[Lane]:
        """Yield the waiting lanes that have room by now."""
        for (health, idle), crowd in self._crowded.items():
            if crowd:
                for _ in range(min(len(crowd), self._room(health, int(not idle)))):
                    yield crowd.popleft()

    def _room(self, health: int, number: int) -> int:
        """Return the number of deliveries that lanes of this health with `number` in flight may start."""
        unknown, fast, slow = self._in_flight
        shared = _three_quarters(self._slots) - unknown - slow
        if health == FAST:
            free = int(self._fast_slots) - fast
            return free if number == 0 else min(free, max(shared - fast, self._reserve(number)))
        if health == UNKNOWN:
            return shared
        half = max(1, self._slots // 2)
        return min(shared, (half if number == 0 else _three_quarters(half)) - slow)

    def _reserve(self, number: int) -> int:
        """Return the slots beyond three quarters for fast lanes with `number` in flight, more than none."""
        room = self._slots - self._slots // 8 - sum(self._in_flight)
        return room if number < room // RESERVE_PART else 0


def _three_quarters(slots: int) -> int:
    return max(1, slots * 3 // 4)
