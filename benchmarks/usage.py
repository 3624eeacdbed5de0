"""What processes take while they are at work: memory and processor time, as the kernel tells."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread

_TICKS = os.sysconf("SC_CLK_TCK")

#: Seconds between two looks.
_EVERY = 0.25


@dataclass
class Watched:
    """The memory of a process and all that descend from it, look by look."""

    megabytes: list[float] = field(default_factory=list)

    @property
    def most(self) -> float:
        """At most, in MB."""
        return max(self.megabytes, default=0.0)

    @property
    def base(self) -> float:
        """When all was started, before it could grow: the look after a tenth of the time, in MB."""
        return self.megabytes[len(self.megabytes) // 10] if self.megabytes else 0.0


@contextmanager
def watching(pid: int) -> Iterator[Watched]:
    """Look at a process and its family until the block ends."""
    watched, ended = Watched(), Event()

    def look() -> None:
        while not ended.wait(_EVERY):
            watched.megabytes.append(sum(map(_megabytes, _family(pid))))

    looking = Thread(target=look)
    looking.start()
    try:
        yield watched
    finally:
        ended.set()
        looking.join()


def seconds_of(pid: int) -> float:
    """Processor time of a process, of those that descend from it, and of those that did and have ended."""
    return sum(map(_seconds, _family(pid)))


def _family(pid: int) -> set[int]:
    pids = [entry.name for entry in os.scandir("/proc") if entry.name.isdigit()]
    parents = {int(name): parent for name in pids if (parent := _parent(name))}
    found = {pid}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def _stat(pid: int | str) -> list[str]:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _parent(pid: str) -> int:
    return int(stat[1]) if (stat := _stat(pid)) else 0


def _seconds(pid: int) -> float:
    """User and system time, its own and that of children that were waited for."""
    return sum(map(int, _stat(pid)[11:15])) / _TICKS


def _megabytes(pid: int) -> float:
    """Memory of its own and its share of what it shares."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024
