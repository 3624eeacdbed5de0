"""One subscription's lane: how much may be under way to its receiver, judged by how it answers. Pure: time comes in."""

from collections import deque
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import UUID

#: Deliveries under way to one receiver at most, and when it is known to answer but not yet how fast.
MOST, FIRST_GUESS = 32, 4.0
#: By how much one answer changes the limit; a slow one, and none, halves it.
GROWTH = 0.25
#: Deliveries that wait inside a receiver (or here) rather than are worked on, told by how much longer answers take than
#: the quickest: fewer than the first make the limit grow where it was reached, more than the second shrink (as in TCP
#: Vegas). More under way would only wait longer.
SPARE, TOO_MANY = 2.0, 4.0
#: How much longer the quickest answer is taken to be after each one that is not quicker: receivers change.
FORGETTING = 1.0002
#: Seconds from which an answer is slow.
SLOW = 1.0
#: How many times as long as usual an answer may take before its receiver is taken to be stuck, and seconds in any case.
LATE, LATE_AT_LEAST = 8.0, 0.1
#: The weight of the latest answer in the smoothed latency.
WEIGHT = 0.2
#: Failures in a row from which a lane counts as failing, and from which it rests between attempts.
FAILING, RESTING = 3, 5
#: Seconds that a lane rests at most: a receiver that only fails is asked once a minute.
LONGEST_REST = 60.0
#: Waiting deliveries that a lane keeps ready for each that may be under way; one where all lanes hold much together.
AHEAD = 8
#: Waiting deliveries that are looked through for one whose event is not under way.
SEARCHED = 64


#: How a receiver has answered so far: not at all, in time, or slowly or with failures.
NEW, FAST, SLOWLY = range(3)


@dataclass(slots=True, eq=False)
class Parcel:
    """A delivery that is due. `content` is whatever the worker needs to send it; `cost` its size in bytes."""

    lane: UUID
    seq: int
    event: UUID
    again: bool
    cost: int
    content: Any


class Verdict(NamedTuple):
    """How an attempt ended: whether it was accepted, and the seconds for which the receiver wants no more."""

    accepted: bool
    rest: float = 0.0


@dataclass(slots=True, eq=False)
class Lane:
    """What waits, what is under way, and what the receiver has shown of itself. `rate` is deliveries a second."""

    id: UUID
    rate: float | None = None
    ordered: bool = False
    closed: bool = False
    waiting: tuple[deque[Parcel], deque[Parcel]] = field(default_factory=lambda: (deque(), deque()))
    #: When each that is under way began, oldest first, and their events.
    flights: dict[int, float] = field(default_factory=dict)
    busy: set[UUID] = field(default_factory=set)
    #: What has ended and is not written down yet.
    settling: set[int] = field(default_factory=set)
    limit: float = FIRST_GUESS
    failures: int = 0
    latency: float | None = None
    quickest: float = SLOW
    stuck: bool = False
    rests_until: float = 0.0
    tokens: float = 1.0
    tokens_at: float = 0.0
    credit: int = 0
    #: Whether more waits in the database than was asked for.
    more: bool = False

    @property
    def allowed(self) -> int:
        """Deliveries that may be under way at once."""
        unsure = self.latency is None or self.failures >= RESTING
        return 1 if unsure or self.ordered else int(self.limit)

    @property
    def standing(self) -> int:
        """NEW, FAST or SLOWLY."""
        if self.stuck or self.failures >= FAILING:
            return SLOWLY
        if self.latency is None:
            return NEW
        return FAST if self.latency <= SLOW else SLOWLY

    @property
    def wanted(self) -> int:
        """Deliveries to keep ready."""
        return AHEAD * self.allowed

    @property
    def size(self) -> int:
        """Bytes of what waits."""
        return sum(parcel.cost for queue in self.waiting for parcel in queue)

    @property
    def held(self) -> list[int]:
        """The numbers that are in hand, and not to be fetched again."""
        return [*(parcel.seq for queue in self.waiting for parcel in queue), *self.flights, *self.settling]

    def held_up_until(self, now: float) -> float:
        """When the lane may send again by its rest and its rate; not after `now` where it may at once."""
        if self.rate is None:
            return self.rests_until
        burst = max(1.0, self.rate)
        self.tokens = min(burst, self.tokens + (now - self.tokens_at) * self.rate)
        self.tokens_at = now
        return max(self.rests_until, now if self.tokens >= 1.0 else now + (1.0 - self.tokens) / self.rate)

    def pick(self, queue: deque[Parcel]) -> Parcel | None:
        """Take the first that waits whose event is not under way: of one event, one after the other."""
        for index, parcel in enumerate(queue):
            if parcel.event not in self.busy:
                del queue[index]
                return parcel
            if index == SEARCHED:
                break
        return None

    def begin(self, parcel: Parcel, now: float) -> None:
        """`parcel` is under way."""
        self.flights[parcel.seq] = now
        self.busy.add(parcel.event)
        self.tokens -= 1.0

    def end(self, parcel: Parcel, verdict: Verdict, now: float) -> None:
        """`parcel` was answered, or was not: learn from it."""
        was_full = len(self.flights) >= self.allowed
        took = now - self.flights.pop(parcel.seq)
        self.busy.discard(parcel.event)
        self.settling.add(parcel.seq)
        self.latency = took if self.latency is None else self.latency + WEIGHT * (took - self.latency)
        if took < SLOW:
            self.stuck = False
        if verdict.accepted:
            self.failures = 0
        else:
            self.failures += 1
            self.rests_until = max(self.rests_until, now + self._rest(), now + verdict.rest)
            if self.ordered:
                self.drop()
        self._adapt(took if verdict.accepted else SLOW, was_full=was_full)

    def look(self, now: float) -> None:
        """Notice that what is under way takes long, before it has ended."""
        usual = SLOW if self.latency is None else max(LATE_AT_LEAST, LATE * self.latency)
        if self.flights and now - next(iter(self.flights.values())) >= min(SLOW, usual):
            self.stuck = True

    def drop(self) -> None:
        """Forget what waits: it will be fetched again when it is due."""
        for queue in self.waiting:
            queue.clear()

    def _adapt(self, took: float, *, was_full: bool) -> None:
        if took >= SLOW:
            self.limit = max(1.0, self.limit / 2)
            return
        self.quickest = min(took, self.quickest * FORGETTING)
        waiting = self.limit * (1 - self.quickest / took)
        if waiting > TOO_MANY:
            self.limit -= GROWTH
        elif waiting < SPARE and was_full:
            self.limit = min(float(MOST), self.limit + GROWTH)

    def _rest(self) -> float:
        return 0.0 if self.failures < RESTING else min(LONGEST_REST, 2.0 ** min(self.failures - RESTING, 10))
