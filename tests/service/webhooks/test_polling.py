"""How often work is looked for."""

from service.webhooks.polling import LEAST, MOST, SHARE, Pace


def test_it_is_looked_for_at_once_while_there_is_some_and_ever_more_seldom_while_there_is_none() -> None:
    pace = Pace()
    assert [pace.after(found, 0.0) for found in (5, 1, 0, 0, 0, 0, 0, 3)] == [
        *(LEAST, LEAST, 2 * LEAST, 4 * LEAST, 8 * LEAST, 16 * LEAST),
        *(MOST, LEAST),
    ]


def test_looks_that_take_long_leave_time_for_others_and_a_single_one_was_held_up_by_others() -> None:
    pace = Pace()
    assert [pace.after(1, took) for took in (0.04, 0.001, 0.03, 0.02, 60.0, 60.0)] == [
        *(LEAST, LEAST, LEAST, SHARE * 0.02, SHARE * 0.02),
        MOST,
    ]
