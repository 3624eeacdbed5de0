"""The order of deliveries, with a clock of the test's own."""

from collections import defaultdict
from itertools import pairwise
from uuid import UUID

import pytest

from service.webhooks.lane import (
    BACKOFF_AFTER,
    FAILING_AFTER,
    LONGEST_BACKOFF,
    MAX_CONCURRENCY,
    PREFETCH_FACTOR,
    AttemptResult,
    QueuedDelivery,
)
from service.webhooks.scheduler import Scheduler
from tests.lanes import ACCEPTED, FAILED, a_delivery, enqueue, lane_id, make_scheduler, start_all


def test_a_new_receiver_gets_one_delivery_first_and_then_four_at_once() -> None:
    scheduler = Scheduler(100)
    scheduler.open_lane(lane_id(1), rate=None, ordered=False, failing=False)
    enqueue(scheduler, *(a_delivery() for _ in range(20)))
    [first] = start_all(scheduler, 0.0)
    scheduler.finish(first, ACCEPTED, 0.05)
    assert len(start_all(scheduler, 0.05)) == 4


def test_concurrency_grows_to_its_maximum_while_latency_stays_the_same() -> None:
    scheduler, now, most = make_scheduler(), 1.0, 0
    enqueue(scheduler, *(a_delivery() for _ in range(5_000)))
    for _ in range(200):
        in_flight = start_all(scheduler, now)
        most = max(most, len(in_flight))
        now += 0.01
        for delivery in in_flight:
            scheduler.finish(delivery, ACCEPTED, now)
    assert most == MAX_CONCURRENCY


def test_concurrency_stays_low_for_a_receiver_that_works_serially() -> None:
    scheduler, now, numbers = make_scheduler(), 1.0, []
    enqueue(scheduler, *(a_delivery() for _ in range(5_000)))
    for _ in range(200):
        in_flight = start_all(scheduler, now)
        numbers.append(len(in_flight))
        now += 0.01 * len(in_flight)  # a receiver that does one after the other
        for delivery in in_flight:
            scheduler.finish(delivery, ACCEPTED, now)
    assert 2 <= max(numbers[50:]) <= 10


def test_an_attempt_without_a_request_says_nothing_about_the_receiver() -> None:
    scheduler = make_scheduler()
    enqueue(scheduler, *(a_delivery() for _ in range(50)))
    [lane] = scheduler._lanes.values()
    before = lane.latency, lane.mean_latency, lane.window, lane.failures
    for delivery in start_all(scheduler, 1.0):
        scheduler.finish(delivery, AttemptResult(accepted=True, has_latency=False), 1.0)
    assert (lane.latency, lane.mean_latency, lane.window, lane.failures) == before
    assert len(start_all(scheduler, 1.0)) == 4


def test_a_failure_halves_the_concurrency() -> None:
    scheduler = make_scheduler()
    enqueue(scheduler, *(a_delivery() for _ in range(50)))
    in_flight = start_all(scheduler, 1.0)
    assert len(in_flight) == 4
    scheduler.finish(in_flight.pop(), FAILED, 1.01)
    for delivery in in_flight:
        scheduler.finish(delivery, ACCEPTED, 1.01)
    assert len(start_all(scheduler, 3.0)) < 4


def test_first_attempts_precede_retries_except_in_one_of_eight_turns() -> None:
    scheduler = make_scheduler()
    enqueue(scheduler, *(a_delivery(is_retry=True) for _ in range(30)), *(a_delivery() for _ in range(30)))
    now, kinds = 1.0, []
    while in_flight := start_all(scheduler, now):
        now += 0.01
        for delivery in in_flight:
            kinds.append(delivery.is_retry)
            scheduler.finish(delivery, ACCEPTED, now)
    assert 1 <= sum(kinds[:30]) <= 8
    assert all(kinds[-20:])
    assert len(kinds) == 60


def test_lanes_take_turns_by_bytes() -> None:
    scheduler = make_scheduler(2, slots=1)
    enqueue(
        scheduler, *(a_delivery(1, cost=16_000) for _ in range(40)), *(a_delivery(2, cost=1_000) for _ in range(400))
    )
    now, sent = 1.0, defaultdict[UUID, int](int)
    for _ in range(200):
        [delivery] = start_all(scheduler, now)
        sent[delivery.lane] += delivery.cost
        now += 0.001
        scheduler.finish(delivery, ACCEPTED, now)
    assert sent[lane_id(1)] == pytest.approx(sent[lane_id(2)], rel=0.2)


def test_changes_of_one_event_are_sent_one_at_a_time_in_order() -> None:
    scheduler = make_scheduler()
    one, two, three, other = (a_delivery(event=event) for event in (7, 7, 7, 8))
    enqueue(scheduler, one, two, three, other)
    assert start_all(scheduler, 1.0) == [one, other]
    scheduler.finish(one, ACCEPTED, 1.01)
    assert start_all(scheduler, 1.01) == [two]
    scheduler.finish(two, FAILED, 1.02)  # an older one that is tried is_retry does not hold up those that follow
    assert start_all(scheduler, 1.02) == [three]


def test_an_ordered_lane_sends_one_at_a_time_and_resumes_at_its_failure() -> None:
    scheduler = make_scheduler(ordered=True)
    deliveries = [a_delivery() for _ in range(3)]
    enqueue(scheduler, *deliveries)
    assert start_all(scheduler, 1.0) == deliveries[:1]
    scheduler.finish(deliveries[0], ACCEPTED, 1.01)
    scheduler.mark_recorded(deliveries[0])
    assert start_all(scheduler, 1.01) == deliveries[1:2]
    scheduler.finish(deliveries[1], FAILED, 1.02)
    assert start_all(scheduler, 1.02) == []
    assert list(scheduler.free_capacity([lane_id(1)], 1.02)) == []  # before the failure is recorded
    scheduler.mark_recorded(deliveries[1])
    [capacity] = scheduler.free_capacity([lane_id(1)], 1.02)
    assert (capacity.ordered, capacity.exclude) == (True, [])


def test_a_rate_limit_allows_a_burst_of_one_second() -> None:
    scheduler = make_scheduler(rate=10.0)
    enqueue(scheduler, *(a_delivery() for _ in range(200)))
    began, at = 5.0, list[float]()
    now = began
    while now < began + 5:
        for delivery in start_all(scheduler, now):
            at.append(now)
            scheduler.finish(delivery, ACCEPTED, now + 0.001)
        now += 0.01
    assert len(at) == pytest.approx(10 + 5 * 10, abs=2)
    assert max(sum(start <= one < start + 1 for one in at) for start in at) <= 21
    wake = scheduler.next_wake()
    assert wake is not None
    assert wake > now - 0.2


def test_after_five_failures_the_backoff_doubles_to_a_minute_until_a_success() -> None:
    scheduler, now, at = make_scheduler(), 0.0, list[float]()
    enqueue(scheduler, *(a_delivery() for _ in range(100)))
    while len(at) < 30:
        for delivery in start_all(scheduler, now):
            at.append(now)
            scheduler.finish(delivery, FAILED, now + 0.001)
        now += 0.25
    gaps = [later - earlier for earlier, later in pairwise(at)]
    assert gaps[: BACKOFF_AFTER - 1] == pytest.approx([0.0] * (BACKOFF_AFTER - 1), abs=0.3)
    assert gaps[BACKOFF_AFTER - 1 : BACKOFF_AFTER + 6] == pytest.approx([1, 2, 4, 8, 16, 32, 60], abs=0.6)
    assert max(gaps) == pytest.approx(LONGEST_BACKOFF, abs=0.6)
    [probe] = start_all(scheduler, now + 61)
    scheduler.finish(probe, ACCEPTED, now + 61.1)
    assert start_all(scheduler, now + 61.1)


def test_a_receivers_backoff_stops_its_lane() -> None:
    scheduler = make_scheduler()
    enqueue(scheduler, *(a_delivery() for _ in range(10)))
    first, *others = start_all(scheduler, 1.0)
    scheduler.finish(first, AttemptResult(accepted=False, backoff=30.0), 1.1)
    for delivery in others:
        scheduler.finish(delivery, ACCEPTED, 1.2)
    assert start_all(scheduler, 31.0) == []
    assert list(scheduler.free_capacity([lane_id(1)], 31.0)) == []
    assert scheduler.next_wake() == pytest.approx(31.1)
    assert start_all(scheduler, 31.1)


def test_slow_and_failing_receivers_share_half_of_the_slots_and_unknown_ones_three_quarters() -> None:
    scheduler = make_scheduler(200, slots=100)
    for lane in range(1, 201):
        enqueue(scheduler, *(a_delivery(lane) for _ in range(10)))
    for lane in range(201, 401):
        scheduler.open_lane(lane_id(lane), rate=None, ordered=False, failing=True)
        enqueue(scheduler, a_delivery(lane))
    for lane in range(401, 601):
        scheduler.open_lane(lane_id(lane), rate=None, ordered=False, failing=False)
        enqueue(scheduler, a_delivery(lane))
    in_flight = start_all(scheduler, 1.0)
    kinds = [(delivery.lane.int - 1) // 200 for delivery in in_flight]
    assert len(in_flight) == 100
    assert kinds.count(1) <= 50
    assert kinds.count(1) + kinds.count(2) <= 75
    assert kinds.count(0) >= 25


def test_a_receiver_that_starts_to_hang_counts_as_slow_before_its_timeout() -> None:
    scheduler = make_scheduler(100, slots=40)
    for lane in range(1, 101):
        enqueue(scheduler, *(a_delivery(lane) for _ in range(10)))
    assert len(start_all(scheduler, 1.0)) == 40  # of lanes that were quick so far, and hang now
    for delivery in [one for one in _in_flight(scheduler) if one.lane.int <= 5]:
        scheduler.finish(delivery, ACCEPTED, 1.9)
    scheduler.mark_stuck(2.1)
    assert start_all(scheduler, 2.1) != []
    stuck = {lane.id for lane in scheduler._lanes.values() if lane.stuck}
    started = start_all(scheduler, 2.2)
    assert not stuck & {delivery.lane for delivery in started}


@pytest.mark.parametrize("wave", [1, 5, 20, 120])
def test_receivers_with_deep_queues_that_begin_to_hang_leave_room_for_the_others(wave: int) -> None:
    hanging, well = range(1, 121), range(121, 141)
    scheduler = make_scheduler(140, slots=1_000)
    for lane in scheduler._lanes.values():
        lane.window = float(MAX_CONCURRENCY)
    now = 1.0
    for first in range(0, len(hanging), wave):
        for number in hanging[first : first + wave]:
            enqueue(scheduler, *(a_delivery(number) for _ in range(2 * MAX_CONCURRENCY)))
        start_all(scheduler, now)
        scheduler.mark_stuck(now + 0.5)
        now += 0.5
        enqueue(scheduler, *(a_delivery(number) for number in well))
        started = [one for one in start_all(scheduler, now) if one.lane.int in well]
        assert sorted(one.lane.int for one in started) == list(well)
        for delivery in started:
            scheduler.finish(delivery, ACCEPTED, now + 0.01)
    assert scheduler.in_flight <= scheduler.slots * 7 // 8 + len(hanging)


def test_slow_receivers_with_deep_queues_leave_room_for_other_slow_ones() -> None:
    scheduler = make_scheduler(40, slots=400)
    for lane in scheduler._lanes.values():
        lane.window, lane.stuck = float(MAX_CONCURRENCY), True
    for number in range(1, 21):
        enqueue(scheduler, *(a_delivery(number) for _ in range(2 * MAX_CONCURRENCY)))
    assert 150 <= len(start_all(scheduler, 1.0)) < 150 + 20
    for number in range(21, 41):
        enqueue(scheduler, a_delivery(number))
    assert sorted(delivery.lane.int for delivery in start_all(scheduler, 1.0)) == list(range(21, 41))


def _in_flight(scheduler: Scheduler) -> list[QueuedDelivery]:
    return [
        QueuedDelivery(lane.id, seq, UUID(int=seq), is_retry=False, cost=1_000, content=None)
        for lane in scheduler._lanes.values()
        for seq in lane.in_flight
    ]


def test_a_closed_lane_is_emptied_and_removed_once_its_attempts_are_recorded() -> None:
    scheduler = make_scheduler()
    enqueue(scheduler, *(a_delivery() for _ in range(10)))
    in_flight = start_all(scheduler, 1.0)
    scheduler.close_lane(lane_id(1))
    assert start_all(scheduler, 1.0) == []
    assert lane_id(1) not in scheduler
    for delivery in in_flight:
        scheduler.finish(delivery, ACCEPTED, 1.1)
    assert _unrecorded(scheduler) == len(in_flight)
    for delivery in in_flight:
        scheduler.mark_recorded(delivery)
    assert _unrecorded(scheduler) == 0
    assert scheduler.in_flight == 0


def test_capacity_excludes_deliveries_in_hand_and_is_bounded() -> None:
    scheduler = make_scheduler()
    [capacity] = scheduler.free_capacity([lane_id(1)], 1.0)
    assert (capacity.first, capacity.retries, capacity.exclude) == (4 * PREFETCH_FACTOR, 4 * PREFETCH_FACTOR, [])
    deliveries = [a_delivery() for _ in range(capacity.first)]
    scheduler.enqueue([capacity], deliveries)
    assert list(scheduler.free_capacity([lane_id(1)], 1.0)) != []  # retries attempts have capacity still
    in_flight = start_all(scheduler, 1.0)
    scheduler.finish(in_flight[0], ACCEPTED, 1.01)
    [capacity] = scheduler.free_capacity([lane_id(1)], 1.01)
    assert sorted(capacity.exclude) == [delivery.seq for delivery in deliveries]


def test_lanes_with_many_queued_bytes_get_only_their_concurrency() -> None:
    scheduler = make_scheduler(3)
    enqueue(scheduler, *(a_delivery(1, cost=1024**2) for _ in range(65)))
    capacities = {capacity.lane: capacity.first for capacity in scheduler.free_capacity(map(lane_id, (1, 2, 3)), 1.0)}
    assert capacities == {lane_id(2): 4, lane_id(3): 4}


def test_a_failing_subscription_starts_with_a_failing_lane() -> None:
    scheduler = Scheduler(100)
    scheduler.open_lane(lane_id(1), rate=None, ordered=False, failing=True)
    assert scheduler._lanes[lane_id(1)].failures == FAILING_AFTER
    enqueue(scheduler, *(a_delivery() for _ in range(10)))
    [probe] = start_all(scheduler, 0.0)
    scheduler.finish(probe, ACCEPTED, 0.01)
    assert len(start_all(scheduler, 0.01)) == 4


def _unrecorded(scheduler: Scheduler) -> int:
    """Return the number of deliveries in flight, or ended and not recorded."""
    return sum(len(lane.in_flight) + len(lane.unrecorded) for lane in scheduler._lanes.values())
