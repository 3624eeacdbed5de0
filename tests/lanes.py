"""Lanes for tests: parcels that wait in them, and receivers that have answered."""

from itertools import count
from uuid import UUID

from service.webhooks.lane import Parcel, Verdict
from service.webhooks.scheduler import Lanes, Room

ACCEPTED, FAILED = Verdict(accepted=True), Verdict(accepted=False)

_seqs = count(1)


def an_id(number: int) -> UUID:
    """The id of a lane."""
    return UUID(int=number)


def a_parcel(lane: int = 1, *, event: int | None = None, again: bool = False, cost: int = 1_000) -> Parcel:
    """A delivery for the lane, of an event of its own unless one is given."""
    seq = next(_seqs)
    return Parcel(an_id(lane), seq, UUID(int=event or seq), again, cost, None)


def offer(lanes: Lanes, *parcels: Parcel) -> None:
    """Let the parcels wait in their lanes, whatever room there is."""
    rooms = [Room(id_, ordered=False, first=10**6, further=10**6, held=[]) for id_ in {one.lane for one in parcels}]
    lanes.offer(rooms, parcels)


def some_lanes(number: int = 1, *, slots: int = 100, rate: float | None = None, ordered: bool = False) -> Lanes:
    """Lanes 1 to `number`, whose receivers have answered once and quickly."""
    lanes = Lanes(slots)
    for lane in range(1, number + 1):
        lanes.open(an_id(lane), rate=rate, ordered=ordered, failing=False)
        offer(lanes, a_parcel(lane))
    while under_way := take_all(lanes, 0.0):
        for first in under_way:
            lanes.ended(first, ACCEPTED, 0.01)
            lanes.settled(first)
    return lanes


def take_all(lanes: Lanes, now: float) -> list[Parcel]:
    """Begin whatever may begin now."""
    taken = []
    while parcel := lanes.take(now):
        taken.append(parcel)
    return taken
