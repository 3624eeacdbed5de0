"""Processes as the kernel tells of them, so that a test can say that nothing was left behind."""

import os
import signal
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

#: Where fields 4 and 22 of /proc/PID/stat are, after the name in brackets and the state.
_PARENT, _BEGAN = 1, 19


@dataclass(frozen=True)
class Process:
    """A process: its `pid` alone may be given to another one later."""

    pid: int
    parent: int
    began: int

    @property
    def is_alive(self) -> bool:
        """Whether it still runs. A zombie, which nobody has waited for, does not."""
        found = find_process(self.pid)
        return found is not None and found.began == self.began

    @property
    def command(self) -> str:
        """What it was started as; nothing if it has ended."""
        try:
            return Path(f"/proc/{self.pid}/cmdline").read_text().replace("\0", " ")
        except (FileNotFoundError, ProcessLookupError):
            return ""

    def kill(self) -> None:
        """Kill -9 it, if it still runs."""
        if self.is_alive:
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)


def find_process(pid: int) -> Process | None:
    """The process, unless it has ended."""
    try:
        state, *fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if state in "ZX" else Process(pid, int(fields[_PARENT - 1]), int(fields[_BEGAN - 1]))


def family(pid: int) -> set[Process]:
    """The process and all that descend from it, as far as they run."""
    first, everyone = find_process(pid), list(_everyone())
    found = {first} if first else set()
    while more := {one for one in everyone if one.parent in {known.pid for known in found}} - found:
        found |= more
    return found


def server_in(directory: Path) -> set[Process]:
    """PostgreSQL in `directory`, with all of its processes, as far as it runs."""
    try:
        return family(int((directory / "data" / "postmaster.pid").read_text().partition("\n")[0]))
    except (FileNotFoundError, ValueError):
        return set()


def kill(processes: Iterable[Process]) -> None:
    """Kill -9 all of them, in no order."""
    for process in processes:
        process.kill()


def _everyone() -> Iterator[Process]:
    for entry in os.scandir("/proc"):
        if entry.name.isdigit() and (process := find_process(int(entry.name))):
            yield process
