"""The pulses of a worker's loops, by which a health check notices one that has ended or hangs."""

import time
from collections.abc import Callable

#: Seconds of one poll, beyond its interval, after which its loop counts as stalled: longer than a frozen database keeps
#: a statement, and than a full batch of the clean-up takes.
STALLED_AFTER = 60.0


class LoopPulses:
    """The latest pulse of each loop, written by the loops and read by any thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` returns seconds."""
        self._clock = clock
        self._last: dict[str, tuple[float, float]] = {}

    def beat(self, loop: str, *, within: float) -> None:
        """Record that `loop` begins a poll, and will begin the next one `within` seconds of this one's end."""
        self._last[loop] = (self._clock(), within)

    def ages(self) -> dict[str, float]:
        """Return the seconds since the last pulse, by loop."""
        now = self._clock()
        return {loop: now - last for loop, (last, _) in self._last.copy().items()}

    def stalled(self) -> list[str]:
        """Return the loops that have had no pulse for too long."""
        now = self._clock()
        return [loop for loop, (last, within) in self._last.copy().items() if now - last > within + STALLED_AFTER]
