"""Which delivery goes next: every receiver in its own lane, so that one that is slow or dead holds up no other.

Lanes take turns by bytes (deficit round robin), first attempts before further ones, within their shares of the slots.

Shares say how much of a worker's slots lanes may have, by how their receivers answer, and bound it by what this process
can serve.

Those whose receivers are slow or failing share at most half of all slots, with those not known yet three quarters; the
rest stays for the others. Of what those do not hold, a quarter is for lanes that have nothing under way: when many
receivers begin to hang at once, the slots that they fill before anybody can know it are not all.
"""

import heapq
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple
from uuid import UUID

from service.webhooks.lane import FAILING, FAST, NEW, SLOWLY, Lane, Parcel, Verdict

#: Bytes that a lane may send when its turn comes.
QUANTUM = 16_384
#: One in so many turns is for further attempts first, so that they go on while first ones never end.
TURN_FOR_FURTHER = 8
#: Deliveries of an ordered lane that are kept ready; they go one after the other.
ORDERED_AHEAD = 16

#: Bytes of what waits in all lanes together, from which each is given no more than it can send at once.
MOST_BYTES = 64 * 1024**2

#: Deliveries under way to quick receivers that this process is always taken to be able to serve.
LEAST = 32
#: How that number is changed, some fifty times a second: down while this process is the one that is slow, up else.
LESS, MORE = 0.8, 4.0

_FIRST, _FURTHER = 0, 1


class Room(NamedTuple):
    """How many more deliveries a lane can take, first and further ones, and which it holds already."""

    lane: UUID
    ordered: bool
    first: int
    further: int
    held: list[int]


class Lanes:
    """All lanes of one worker, and the slots that they share."""

    def __init__(self, slots: int) -> None:
        """`slots`: deliveries under way at once, at most."""
        self.slots = slots
        self.in_flight = 0
        self._lanes: dict[UUID, Lane] = {}
        self._shares = Shares(slots)
        #: Lanes whose turn comes, for each kind, and which those are.
        self._rings: tuple[deque[Lane], deque[Lane]] = (deque(), deque())
        self._ringed: tuple[set[UUID], set[UUID]] = (set(), set())
        #: Lanes that rest, by when they go on.
        self._resting: list[tuple[float, int, Lane]] = []
        self._turns = 0
        #: Set when a lane for which more is stored has little left in hand; whoever fetches takes it back.
        self.hungry = False

    def open(self, id: UUID, *, rate: float | None, ordered: bool, failing: bool) -> None:
        """Let the lane take deliveries, with what its subscription says now. `failing` is believed of a new one."""
        lane = self._lanes.get(id)
        if lane is None:
            lane = self._lanes[id] = Lane(id, failures=FAILING if failing else 0)
        if lane.ordered != ordered:
            lane.drop()
        lane.rate, lane.ordered, lane.closed = rate, ordered, False

    def close(self, id: UUID) -> None:
        """Let the lane take no more; what is under way goes on."""
        if lane := self._lanes.get(id):
            lane.closed = True
            lane.drop()
            self._forget(lane)

    def close_all(self) -> None:
        """Close every lane."""
        for id_ in list(self._lanes):
            self.close(id_)

    def __contains__(self, id: UUID) -> bool:
        """Whether the lane is open."""
        return id in self._lanes and not self._lanes[id].closed

    @property
    def open_lanes(self) -> list[UUID]:
        """The lanes that take deliveries."""
        return [id_ for id_, lane in self._lanes.items() if not lane.closed]

    @property
    def unsettled(self) -> int:
        """Deliveries that are under way, or ended and not written down."""
        return sum(len(lane.flights) + len(lane.settling) for lane in self._lanes.values())

    def rooms(self, ids: Iterable[UUID], now: float) -> Iterator[Room]:
        """Those of the lanes `ids` that deliveries should be fetched for."""
        is_full = sum(lane.size for lane in self._lanes.values() if lane.waiting[0] or lane.waiting[1]) > MOST_BYTES
        for id_ in ids:
            lane = self._lanes.get(id_)
            if lane is None or lane.closed or lane.rests_until > now or not _has_room(lane):
                continue
            if is_full and any(lane.waiting):
                continue
            if lane.ordered:
                yield Room(lane.id, ordered=True, first=ORDERED_AHEAD, further=0, held=[])
            else:
                wanted = lane.allowed if is_full else lane.wanted
                first, further = (wanted - len(queue) for queue in lane.waiting)
                yield Room(lane.id, ordered=False, first=first, further=further, held=lane.held)

    def offer(self, asked: Iterable[Room], found: Sequence[Parcel]) -> None:
        """Take in what was fetched for the rooms that were asked for."""
        numbers: dict[UUID, list[int]] = {room.lane: [0, 0] for room in asked}
        for parcel in found:
            lane = self._lanes.get(parcel.lane)
            if lane and not lane.closed:
                kind = _FURTHER if parcel.again and not lane.ordered else _FIRST
                lane.waiting[kind].append(parcel)
                numbers[parcel.lane][kind] += 1
                self._ring(lane, kind)
        for room in asked:
            if lane := self._lanes.get(room.lane):
                lane.more = numbers[room.lane][_FIRST] >= room.first or numbers[room.lane][_FURTHER] >= room.further > 0
        for lane in self._shares.released(idle=True):
            self._wake(lane)

    def take(self, now: float) -> Parcel | None:
        """The delivery that goes next, under way from now on; None where none may."""
        if self.in_flight >= self.slots:
            return None
        while self._resting and self._resting[0][0] <= now:
            self._wake(heapq.heappop(self._resting)[2])
        self._turns += 1
        kinds = (_FURTHER, _FIRST) if self._turns % TURN_FOR_FURTHER == 0 else (_FIRST, _FURTHER)
        return self._take(kinds[0], now) or self._take(kinds[1], now)

    def next_wake(self) -> float | None:
        """When the next lane that rests goes on."""
        return self._resting[0][0] if self._resting else None

    def ended(self, parcel: Parcel, verdict: Verdict, now: float) -> None:
        """An attempt has ended: its slot is free."""
        lane = self._lanes[parcel.lane]
        before, under_way = lane.standing, len(lane.flights)
        lane.end(parcel, verdict, now)
        self.in_flight -= 1
        self._shares.add(before, -1)
        self._shares.move(before, lane.standing, under_way - 1)
        self._wake(lane)
        for other in self._shares.released(idle=False):
            self._wake(other)

    def settled(self, parcel: Parcel) -> None:
        """What became of the attempt is written down."""
        if lane := self._lanes.get(parcel.lane):
            lane.settling.discard(parcel.seq)
            self._forget(lane)

    def look(self, now: float) -> None:
        """Notice receivers that take long right now. To be called many times a second."""
        for lane in self._lanes.values():
            if lane.flights:
                before = lane.standing
                lane.look(now)
                self._shares.move(before, lane.standing, len(lane.flights))

    def adapt(self, *, saturated: bool) -> None:
        """Have less under way while this process has more to do than it can, more otherwise. See Shares."""
        self._shares.adapt(saturated=saturated)

    def _take(self, kind: int, now: float) -> Parcel | None:
        ring = self._rings[kind]
        while ring:
            lane = ring[0]
            queue = lane.waiting[kind]
            if not queue or len(lane.flights) >= lane.allowed or not self._may_start(lane, now):
                self._unring(lane, kind)
                continue
            if lane.credit < queue[0].cost:
                lane.credit += QUANTUM
                ring.rotate(-1)
                continue
            parcel = lane.pick(queue)
            if parcel is None:
                self._unring(lane, kind)
                continue
            self._begin(lane, parcel, now)
            self.hungry |= lane.more and len(queue) <= lane.wanted // 2
            return parcel
        return None

    def _may_start(self, lane: Lane, now: float) -> bool:
        """Whether neither rest, rate nor its share holds the lane up; where one does, see that it goes on later."""
        until = lane.held_up_until(now)
        if until > now:
            heapq.heappush(self._resting, (until, id(lane), lane))
            return False
        return self._shares.has_room(lane)

    def _begin(self, lane: Lane, parcel: Parcel, now: float) -> None:
        lane.credit = lane.credit - parcel.cost if any(lane.waiting) else 0
        lane.begin(parcel, now)
        self.in_flight += 1
        self._shares.add(lane.standing, 1)

    def _wake(self, lane: Lane) -> None:
        for kind in (_FIRST, _FURTHER):
            if lane.waiting[kind]:
                self._ring(lane, kind)

    def _ring(self, lane: Lane, kind: int) -> None:
        if lane.id not in self._ringed[kind]:
            self._ringed[kind].add(lane.id)
            self._rings[kind].append(lane)

    def _unring(self, lane: Lane, kind: int) -> None:
        self._rings[kind].popleft()
        self._ringed[kind].discard(lane.id)

    def _forget(self, lane: Lane) -> None:
        if lane.closed and not lane.flights and not lane.settling:
            self._lanes.pop(lane.id, None)


def _has_room(lane: Lane) -> bool:
    """Whether so little is in hand that fetching is worth it. An ordered lane needs to know how the last one ended."""
    if lane.ordered:
        return not (lane.flights or lane.settling or any(lane.waiting))
    return any(len(queue) <= lane.wanted // 2 for queue in lane.waiting)


class Shares:
    """Deliveries under way by the standing of their lanes, and lanes that wait for room."""

    def __init__(self, slots: int) -> None:
        """`slots`: deliveries under way at once, at most."""
        self._slots = slots
        self._under_way = [0, 0, 0]
        self._crowded: tuple[deque[Lane], ...] = (deque(), deque(), deque())
        self._served = float(slots)

    def add(self, standing: int, number: int) -> None:
        """So many more are under way in a lane that stands so."""
        self._under_way[standing] += number

    def move(self, before: int, after: int, number: int) -> None:
        """A lane with so many under way stands otherwise now."""
        self._under_way[before] -= number
        self._under_way[after] += number

    def adapt(self, *, saturated: bool) -> None:
        """Let this process have less, or more, to do at once. More than it can serve only makes each take longer."""
        change = self._served * LESS if saturated else self._served + MORE
        self._served = min(max(change, min(LEAST, self._slots)), float(self._slots))

    def has_room(self, lane: Lane) -> bool:
        """Whether the lane may begin another delivery. If not it is told by `released` when it may."""
        room = self._room(lane.standing, idle=not lane.flights) > 0
        if not room:
            self._crowded[lane.standing].append(lane)
        return room

    def released(self, *, idle: bool) -> Iterator[Lane]:
        """Lanes that waited for room and may have it now; also those that have it for being `idle`, if asked."""
        for standing, crowd in enumerate(self._crowded):
            for _ in range(min(len(crowd), self._room(standing, idle=idle))):
                yield crowd.popleft()

    def _room(self, standing: int, *, idle: bool) -> int:
        """How many more deliveries lanes that stand so may begin."""
        new, fast, slow = self._under_way
        if standing == FAST:
            served = int(self._served) - fast
            return served if idle else min(served, _three_quarters(self._slots - slow) - new - fast)
        unproven = _three_quarters(self._slots) - new - slow
        return unproven if standing == NEW else min(unproven, max(1, self._slots // 2) - self._under_way[SLOWLY])


def _three_quarters(slots: int) -> int:
    return max(1, slots * 3 // 4)
