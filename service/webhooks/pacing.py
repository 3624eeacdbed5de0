"""How often to look for work: at once while there is some, ever more seldom while there is none."""

from dataclasses import dataclass

#: Seconds between two looks while work comes, and at most.
LEAST, MOST = 0.01, 0.2

#: Looks that take long are not repeated sooner than after so many times as long. The shorter of two counts, since one
#: alone may have waited for the processor.
SHARE = 4.0


@dataclass
class Pace:
    """Seconds to wait, by what the looks before have found."""

    least: float = LEAST
    most: float = MOST
    _pause: float = LEAST
    _took: float = 0.0

    def after(self, found: int, took: float) -> float:
        """Seconds until the next look, when this one `took` so long and found so much."""
        self._pause = self.least if found else min(self.most, self._pause * 2)
        usually, self._took = min(took, self._took), took
        return max(self._pause, min(SHARE * usually, self.most))
