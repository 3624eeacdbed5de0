"""The interval between polls."""

from service.webhooks.polling import DURATION_FACTOR, LONGEST, SHORTEST, PollInterval


def test_the_interval_is_short_while_there_is_work_and_doubles_while_there_is_none() -> None:
    interval = PollInterval()
    assert [interval.next(count, 0.0) for count in (5, 1, 0, 0, 0, 0, 0, 3)] == [
        *(SHORTEST, SHORTEST, 2 * SHORTEST, 4 * SHORTEST, 8 * SHORTEST, 16 * SHORTEST),
        *(LONGEST, SHORTEST),
    ]


def test_slow_polls_lengthen_the_interval_unless_only_one_was_slow() -> None:
    interval = PollInterval()
    assert [interval.next(1, took) for took in (0.04, 0.001, 0.03, 0.02, 60.0, 60.0)] == [
        *(SHORTEST, SHORTEST, SHORTEST, DURATION_FACTOR * 0.02, DURATION_FACTOR * 0.02),
        LONGEST,
    ]
