"""Lanes with a clock of their own: who goes when."""

from collections import defaultdict
from itertools import pairwise
from uuid import UUID

import pytest

from service.webhooks.lane import AHEAD, FAILING, LONGEST_REST, MOST, RESTING, SLOW, Parcel, Verdict
from service.webhooks.scheduler import Lanes
from tests.lanes import ACCEPTED, FAILED, a_parcel, an_id, offer, some_lanes, take_all


def test_a_receiver_is_asked_once_before_it_is_asked_more_and_then_four_times_at_once() -> None:
    lanes = Lanes(100)
    lanes.open(an_id(1), rate=None, ordered=False, failing=False)
    offer(lanes, *(a_parcel() for _ in range(20)))
    [first] = take_all(lanes, 0.0)
    lanes.ended(first, ACCEPTED, 0.05)
    assert len(take_all(lanes, 0.05)) == 4


def test_who_answers_as_quickly_however_much_is_under_way_is_given_more_up_to_the_most() -> None:
    lanes, now, most = some_lanes(), 1.0, 0
    offer(lanes, *(a_parcel() for _ in range(5_000)))
    for _ in range(200):
        under_way = take_all(lanes, now)
        most = max(most, len(under_way))
        now += 0.01
        for parcel in under_way:
            lanes.ended(parcel, ACCEPTED, now)
    assert most == MOST


def test_who_only_lets_more_wait_is_not_given_more() -> None:
    lanes, now, numbers = some_lanes(), 1.0, []
    offer(lanes, *(a_parcel() for _ in range(5_000)))
    for _ in range(200):
        under_way = take_all(lanes, now)
        numbers.append(len(under_way))
        now += 0.01 * len(under_way)  # a receiver that does one after the other
        for parcel in under_way:
            lanes.ended(parcel, ACCEPTED, now)
    assert 2 <= max(numbers[50:]) <= 6


def test_a_slow_answer_halves_what_is_under_way_and_a_failure_too() -> None:
    for verdict, took in ((ACCEPTED, SLOW), (FAILED, 0.01)):
        lanes = some_lanes()
        offer(lanes, *(a_parcel() for _ in range(50)))
        under_way = take_all(lanes, 1.0)
        assert len(under_way) == 4
        lanes.ended(under_way.pop(), verdict, 1.0 + took)
        for parcel in under_way:
            lanes.ended(parcel, ACCEPTED, 1.0 + took)
        assert len(take_all(lanes, 3.0)) < 4


def test_first_attempts_go_before_further_ones_but_one_in_eight_turns() -> None:
    lanes = some_lanes()
    offer(lanes, *(a_parcel(again=True) for _ in range(30)), *(a_parcel() for _ in range(30)))
    now, kinds = 1.0, []
    while under_way := take_all(lanes, now):
        now += 0.01
        for parcel in under_way:
            kinds.append(parcel.again)
            lanes.ended(parcel, ACCEPTED, now)
    assert 1 <= sum(kinds[:30]) <= 8
    assert all(kinds[-20:])
    assert len(kinds) == 60


def test_lanes_take_turns_by_bytes() -> None:
    lanes = some_lanes(2, slots=1)
    offer(lanes, *(a_parcel(1, cost=16_000) for _ in range(40)), *(a_parcel(2, cost=1_000) for _ in range(400)))
    now, sent = 1.0, defaultdict[UUID, int](int)
    for _ in range(200):
        [parcel] = take_all(lanes, now)
        sent[parcel.lane] += parcel.cost
        now += 0.001
        lanes.ended(parcel, ACCEPTED, now)
    assert sent[an_id(1)] == pytest.approx(sent[an_id(2)], rel=0.2)


def test_of_one_event_one_change_is_under_way_at_a_time_and_in_order() -> None:
    lanes = some_lanes()
    one, two, three, other = (a_parcel(event=event) for event in (7, 7, 7, 8))
    offer(lanes, one, two, three, other)
    assert take_all(lanes, 1.0) == [one, other]
    lanes.ended(one, ACCEPTED, 1.01)
    assert take_all(lanes, 1.01) == [two]
    lanes.ended(two, FAILED, 1.02)  # an older one that is tried again does not hold up those that follow
    assert take_all(lanes, 1.02) == [three]


def test_an_ordered_lane_sends_one_at_a_time_and_after_a_failure_begins_where_it_was() -> None:
    lanes = some_lanes(ordered=True)
    parcels = [a_parcel() for _ in range(3)]
    offer(lanes, *parcels)
    assert take_all(lanes, 1.0) == parcels[:1]
    lanes.ended(parcels[0], ACCEPTED, 1.01)
    lanes.settled(parcels[0])
    assert take_all(lanes, 1.01) == parcels[1:2]
    lanes.ended(parcels[1], FAILED, 1.02)
    assert take_all(lanes, 1.02) == []
    assert list(lanes.rooms([an_id(1)], 1.02)) == []  # not before it is written down that the second has failed
    lanes.settled(parcels[1])
    assert [(room.ordered, room.held) for room in lanes.rooms([an_id(1)], 1.02)] == [(True, [])]


def test_a_rate_is_kept_and_a_second_of_it_may_be_made_up() -> None:
    lanes = some_lanes(rate=10.0)
    offer(lanes, *(a_parcel() for _ in range(200)))
    began, at = 5.0, list[float]()
    now = began
    while now < began + 5:
        for parcel in take_all(lanes, now):
            at.append(now)
            lanes.ended(parcel, ACCEPTED, now + 0.001)
        now += 0.01
    assert len(at) == pytest.approx(10 + 5 * 10, abs=2)
    assert max(sum(start <= one < start + 1 for one in at) for start in at) <= 21
    wake = lanes.next_wake()
    assert wake is not None
    assert wake > now - 0.2


def test_after_five_failures_in_a_row_a_receiver_rests_ever_longer_up_to_a_minute_and_then_begins_anew() -> None:
    lanes, now, at = some_lanes(), 0.0, list[float]()
    offer(lanes, *(a_parcel() for _ in range(100)))
    while len(at) < 30:
        for parcel in take_all(lanes, now):
            at.append(now)
            lanes.ended(parcel, FAILED, now + 0.001)
        now += 0.25
    gaps = [later - earlier for earlier, later in pairwise(at)]
    assert gaps[: RESTING - 1] == pytest.approx([0.0] * (RESTING - 1), abs=0.3)
    assert gaps[RESTING - 1 : RESTING + 6] == pytest.approx([1, 2, 4, 8, 16, 32, 60], abs=0.6)
    assert max(gaps) == pytest.approx(LONGEST_REST, abs=0.6)
    [probe] = take_all(lanes, now + 61)
    lanes.ended(probe, ACCEPTED, now + 61.1)
    assert take_all(lanes, now + 61.1)


def test_a_receiver_that_asks_for_it_is_left_alone() -> None:
    lanes = some_lanes()
    offer(lanes, *(a_parcel() for _ in range(10)))
    first, *others = take_all(lanes, 1.0)
    lanes.ended(first, Verdict(accepted=False, rest=30.0), 1.1)
    for parcel in others:
        lanes.ended(parcel, ACCEPTED, 1.2)
    assert take_all(lanes, 31.0) == []
    assert list(lanes.rooms([an_id(1)], 31.0)) == []
    assert lanes.next_wake() == pytest.approx(31.1)
    assert take_all(lanes, 31.1)


def test_slow_and_failing_receivers_share_half_of_the_slots_and_unknown_ones_three_quarters() -> None:
    lanes = some_lanes(200, slots=100)
    for lane in range(1, 201):
        offer(lanes, *(a_parcel(lane) for _ in range(10)))
    for lane in range(201, 401):
        lanes.open(an_id(lane), rate=None, ordered=False, failing=True)
        offer(lanes, a_parcel(lane))
    for lane in range(401, 601):
        lanes.open(an_id(lane), rate=None, ordered=False, failing=False)
        offer(lanes, a_parcel(lane))
    under_way = take_all(lanes, 1.0)
    kinds = [(parcel.lane.int - 1) // 200 for parcel in under_way]
    assert len(under_way) == 100
    assert kinds.count(1) <= 50
    assert kinds.count(1) + kinds.count(2) <= 75
    assert kinds.count(0) >= 25


def test_a_receiver_that_begins_to_hang_counts_as_slow_before_its_first_answer_is_given_up() -> None:
    lanes = some_lanes(100, slots=40)
    for lane in range(1, 101):
        offer(lanes, *(a_parcel(lane) for _ in range(10)))
    assert len(take_all(lanes, 1.0)) == 40  # of lanes that were quick so far, and hang now
    for parcel in [one for one in _under_way(lanes) if one.lane.int <= 5]:
        lanes.ended(parcel, ACCEPTED, 1.9)
    lanes.look(2.1)
    assert take_all(lanes, 2.1) != []
    stuck = {lane.id for lane in lanes._lanes.values() if lane.stuck}
    taken = take_all(lanes, 2.2)
    assert not stuck & {parcel.lane for parcel in taken}


def _under_way(lanes: Lanes) -> list[Parcel]:
    return [
        Parcel(lane.id, seq, UUID(int=seq), again=False, cost=1_000, content=None)
        for lane in lanes._lanes.values()
        for seq in lane.flights
    ]


def test_a_closed_lane_forgets_what_waits_and_is_forgotten_when_the_rest_is_written_down() -> None:
    lanes = some_lanes()
    offer(lanes, *(a_parcel() for _ in range(10)))
    under_way = take_all(lanes, 1.0)
    lanes.close(an_id(1))
    assert take_all(lanes, 1.0) == []
    assert an_id(1) not in lanes
    for parcel in under_way:
        lanes.ended(parcel, ACCEPTED, 1.1)
    assert lanes.unsettled == len(under_way)
    for parcel in under_way:
        lanes.settled(parcel)
    assert lanes.unsettled == 0
    assert lanes.in_flight == 0


def test_what_is_in_hand_is_not_asked_for_again_and_no_more_than_can_soon_be_sent() -> None:
    lanes = some_lanes()
    [room] = lanes.rooms([an_id(1)], 1.0)
    assert (room.first, room.further, room.held) == (4 * AHEAD, 4 * AHEAD, [])
    parcels = [a_parcel() for _ in range(room.first)]
    lanes.offer([room], parcels)
    assert list(lanes.rooms([an_id(1)], 1.0)) != []  # further attempts have room still
    under_way = take_all(lanes, 1.0)
    lanes.ended(under_way[0], ACCEPTED, 1.01)
    [room] = lanes.rooms([an_id(1)], 1.01)
    assert sorted(room.held) == [parcel.seq for parcel in parcels]


def test_lanes_that_hold_much_together_are_given_no_more_than_each_can_send() -> None:
    lanes = some_lanes(3)
    offer(lanes, *(a_parcel(1, cost=1024**2) for _ in range(65)))
    rooms = {room.lane: room.first for room in lanes.rooms(map(an_id, (1, 2, 3)), 1.0)}
    assert rooms == {an_id(2): 4, an_id(3): 4}


def test_after_a_start_a_failing_lane_is_believed_to_fail_until_it_does_not() -> None:
    lanes = Lanes(100)
    lanes.open(an_id(1), rate=None, ordered=False, failing=True)
    assert lanes._lanes[an_id(1)].failures == FAILING
    offer(lanes, *(a_parcel() for _ in range(10)))
    [probe] = take_all(lanes, 0.0)
    lanes.ended(probe, ACCEPTED, 0.01)
    assert len(take_all(lanes, 0.01)) == 4
