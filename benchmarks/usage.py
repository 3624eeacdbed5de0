"""Memory and processor time of a process and its descendants, read from /proc."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread

_TICKS = os.sysconf("SC_CLK_TCK")

#: Seconds between two samples of memory.
_INTERVAL = 0.25


@dataclass
class MemorySamples:
    """Megabytes of a process and its descendants, sample by sample."""

    megabytes: list[float] = field(default_factory=list)

    @property
    def most(self) -> float:
        """The largest sample, in MB."""
        return max(self.megabytes, default=0.0)

    @property
    def base(self) -> float:
        """The sample after a tenth of the time, in MB: everything has started, and nothing has grown."""
        return self.megabytes[len(self.megabytes) // 10] if self.megabytes else 0.0


@contextmanager
def sampled_memory(pid: int) -> Iterator[MemorySamples]:
    """Sample the memory of a process and its descendants until the block ends."""
    samples, ended = MemorySamples(), Event()

    def sample() -> None:
        while not ended.wait(_INTERVAL):
            samples.megabytes.append(sum(map(_megabytes, _family(pid))))

    sampler = Thread(target=sample)
    sampler.start()
    try:
        yield samples
    finally:
        ended.set()
        sampler.join()


def cpu_seconds(pid: int) -> float:
    """Return the processor time of a process and of its descendants, those that have ended included."""
    return sum(map(_seconds, _family(pid)))


def _family(pid: int) -> set[int]:
    pids = [entry.name for entry in os.scandir("/proc") if entry.name.isdigit()]
    parents = {int(name): parent for name in pids if (parent := _parent(name))}
    family = {pid}
    while more := {child for child, parent in parents.items() if parent in family} - family:
        family |= more
    return family


def _stat(pid: int | str) -> list[str]:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _parent(pid: str) -> int:
    return int(stat[1]) if (stat := _stat(pid)) else 0


def _seconds(pid: int) -> float:
    """Return user and system time, of the process itself and of children that were waited for."""
    return sum(map(int, _stat(pid)[11:15])) / _TICKS


def _megabytes(pid: int) -> float:
    """Return memory of its own, and its share of shared memory."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024
