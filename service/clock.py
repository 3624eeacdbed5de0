"""The database's clock in this process: all times that are stored, or compared with stored ones, are read from it.

Each machine has its own clock, and any of them can be wrong. With one clock for all, no order and no age depends on
which machine wrote what. Between two comparisons with the database, time goes on by the machine's monotonic clock.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import structlog

#: Seconds between two comparisons with the database's clock. One takes a statement of 50 us.
COMPARE_EVERY = 10.0

#: Seconds by which this machine's clock may differ from the database's, and by which the database's may jump, before
#: nothing is deleted by age: one of the clocks is wrong, and deletions cannot be undone.
TOLERATED_SECONDS = 5.0

#: Seconds after a jump of the database's clock for which nothing is deleted by age: a day to notice it.
HELD_SECONDS = 86_400.0

#: Seconds that a comparison may take; what came back later may be from before a pause of either side.
MOST_DELAY = 1.0

log = structlog.get_logger()


#: The clock that no one sets; Linux's also goes on while the machine is suspended.
_MONOTONIC = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def elapsed() -> float:
    """Return the seconds since this machine started."""
    return time.clock_gettime(_MONOTONIC)


class DatabaseClock:
    """The time of the database, and whether the clocks can be trusted."""

    def __init__(self, wall: Callable[[], float] = time.time, elapsed: Callable[[], float] = elapsed) -> None:
        """`wall`: this machine's clock, in seconds since 1970. It is used until the first comparison."""
        self._wall, self._elapsed = wall, elapsed
        #: The database's time at the last comparison, and when that was; None before the first one.
        self._reading: tuple[float, float] | None = None
        self._due_at = self._held_until = float("-inf")
        self._was_trusted = True
        #: Seconds by which the database's clock was ahead of this machine's at the last comparison.
        self.offset = 0.0

    def seconds(self) -> float:
        """Return the database's time in seconds since 1970."""
        if self._reading is None:
            return self._wall()
        database_time, at = self._reading
        return database_time + self._elapsed() - at

    def now(self) -> datetime:
        """Return the database's time."""
        return datetime.fromtimestamp(self.seconds(), UTC)

    @property
    def is_due(self) -> bool:
        """True if the database's clock should be read again."""
        return self._elapsed() >= self._due_at

    @property
    def is_trusted(self) -> bool:
        """True if nothing contradicts the database's clock, so that what is old by it may be deleted."""
        return abs(self.offset) <= TOLERATED_SECONDS and self._elapsed() >= self._held_until

    def compare(self, read_database: Callable[[], float]) -> None:
        """Compare with the database's clock, which `read_database` returns in seconds since 1970.

        If its answer lies between the question and its arrival by this machine's clock, both agree, as far as can be
        known.
        """
        asked_at, began = self._wall(), self._elapsed()
        answer = read_database()
        ended = self._elapsed()
        self._due_at = ended + COMPARE_EVERY
        if self._reading and ended - began > MOST_DELAY:
            return
        arrived_at = asked_at + ended - began
        offset = answer - min(max(answer, asked_at), arrived_at)
        database_time = arrived_at + offset
        jump = database_time - self.seconds() if self._reading else 0.0
        if abs(jump) > TOLERATED_SECONDS:
            self._held_until = ended + HELD_SECONDS
        self._reading, self.offset = (database_time, ended), offset
        self._report(jump)

    def _report(self, jump: float) -> None:
        """Log that the clocks cannot be trusted any more, or again."""
        is_trusted = self.is_trusted
        if self._was_trusted and not is_trusted:
            log.warning("clocks_differ", offset_seconds=round(self.offset, 3), jump_seconds=round(jump, 3))
        elif is_trusted and not self._was_trusted:
            log.info("clocks_agree", offset_seconds=round(self.offset, 3))
        self._was_trusted = is_trusted


#: The clock of this process, which has one database.
CLOCK = DatabaseClock()


def now() -> datetime:
    """Return the database's time, as this process knows it."""
    return CLOCK.now()


def cutoff(days: int) -> datetime | None:
    """Return the time before which rows are older than `days`.

    None if nothing may be deleted by age: with 0 days, and while the clocks contradict each other.
    """
    return now() - timedelta(days=days) if deletable(days) else None


def deletable(limit: int) -> int:
    """Return `limit`, the rows that a statement may delete by age; 0 while the clocks contradict each other."""
    return limit if CLOCK.is_trusted else 0
