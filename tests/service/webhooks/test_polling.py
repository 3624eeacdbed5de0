"""How often work is looked for."""

from service.webhooks.polling import DURATION_FACTOR, LONGEST, SHORTEST, PollInterval


def test_it_is_looked_for_at_once_while_there_is_some_and_ever_more_seldom_while_there_is_none() -> None:
    interval = PollInterval()
    assert [interval.next(found, 0.0) for found in (5, 1, 0, 0, 0, 0, 0, 3)] == [
        *(SHORTEST, SHORTEST, 2 * SHORTEST, 4 * SHORTEST, 8 * SHORTEST, 16 * SHORTEST),
        *(LONGEST, SHORTEST),
    ]


def test_looks_that_take_long_leave_time_for_others_and_a_single_one_was_held_up_by_others() -> None:
    interval = PollInterval()
    assert [interval.next(1, took) for took in (0.04, 0.001, 0.03, 0.02, 60.0, 60.0)] == [
        *(SHORTEST, SHORTEST, SHORTEST, DURATION_FACTOR * 0.02, DURATION_FACTOR * 0.02),
        LONGEST,
    ]
