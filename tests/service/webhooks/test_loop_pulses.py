"""Pulses of loops: which loop counts as stalled, and when."""

from service.webhooks.loop_pulses import STALLED_AFTER, LoopPulses


def test_a_loop_without_a_pulse_is_stalled_once_its_interval_and_the_time_of_a_poll_are_over() -> None:
    now = [100.0]
    pulses = LoopPulses(lambda: now[0])
    assert (pulses.ages(), pulses.stalled()) == ({}, [])

    pulses.beat("matcher", within=0.2)
    pulses.beat("cleanup", within=600.0)
    now[0] += STALLED_AFTER + 0.1
    assert pulses.stalled() == []
    now[0] += 0.2
    assert pulses.stalled() == ["matcher"]
    now[0] += 600.0
    assert pulses.stalled() == ["matcher", "cleanup"]

    pulses.beat("matcher", within=0.2)
    assert pulses.stalled() == ["cleanup"]
    assert pulses.ages()["matcher"] == 0.0
