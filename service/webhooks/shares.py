"""How much of a worker's slots lanes may have, by how their receivers answer; and no more than this process can serve.

Those whose receivers are slow or failing share at most half of all slots, with those not known yet three quarters; the
rest stays for the others. Of what those do not hold, a quarter is for lanes that have nothing under way: when many
receivers begin to hang at once, the slots that they fill before anybody can know it are not all.
"""

from collections import deque
from collections.abc import Iterator

from service.webhooks.lane import FAST, NEW, SLOWLY, Lane

#: Deliveries under way to quick receivers that this process is always taken to be able to serve.
LEAST = 32
#: How that number is changed, some fifty times a second: down while this process is the one that is slow, up else.
LESS, MORE = 0.8, 4.0


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
