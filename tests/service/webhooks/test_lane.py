"""The concurrency of a lane follows its receiver: it grows while deliveries are accepted and none of them queue."""

from collections.abc import Callable
from random import Random

import pytest

from service.webhooks.lane import MAX_CONCURRENCY
from tests.lanes import accept_all


def throughput(latency: Callable[[float], float], *, until: float) -> float:
    """Return the deliveries a second that a receiver accepts in the second half of the time."""
    times = accept_all(latency, until=until)
    return sum(time > until / 2 for time in times) / (until / 2)


@pytest.mark.parametrize("seconds", [0.01, 0.2, 0.99, 1.0, 1.05, 3.0, 10.0, 14.9])
def test_a_receiver_of_any_latency_gets_as_many_at_a_time_as_a_fast_one(seconds: float) -> None:
    assert throughput(lambda _: seconds, until=80 * seconds) * seconds == pytest.approx(MAX_CONCURRENCY, rel=0.1)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    "latency",
    [
        lambda chance: chance.uniform(0.5, 1.5),
        lambda chance: 0.2 + chance.expovariate(1 / 0.8),
        lambda chance: 0.1 * chance.lognormvariate(0, 0.6),
        lambda chance: 5.0 if chance.random() < 0.02 else 0.5,
    ],
)
def test_uneven_latencies_do_not_keep_the_concurrency_low(latency: Callable[[Random], float], seed: int) -> None:
    chance = Random(seed)  # noqa: S311 (of a test)
    mean = sum(latency(chance) for _ in range(10_000)) / 10_000
    assert throughput(lambda _: latency(chance), until=200 * mean) * mean > MAX_CONCURRENCY / 3


def test_a_receiver_that_becomes_slower_gets_as_many_at_a_time_again() -> None:
    assert throughput(lambda now: 0.01 if now < 1 else 1.0, until=150) == pytest.approx(MAX_CONCURRENCY, rel=0.1)


@pytest.mark.parametrize("seconds", [0.05, 1.0])
def test_deliveries_do_not_pile_up_in_a_receiver_that_works_serially(seconds: float) -> None:
    waits, free_at = list[float](), 0.0

    def latency(now: float) -> float:
        nonlocal free_at
        free_at = max(free_at, now) + seconds
        waits.append(free_at - now)
        return free_at - now

    assert throughput(latency, until=500 * seconds) * seconds == pytest.approx(1.0, rel=0.05)
    assert max(waits) <= 10 * seconds
