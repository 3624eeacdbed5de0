"""Processes by /proc, so that a test can assert that none was left behind."""

import os
import signal
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

#: Indexes of fields 4 and 22 of /proc/PID/stat, after the name in brackets and the state.
_PARENT, _BEGAN = 1, 19


@dataclass(frozen=True)
class Process:
    """A process. Its `pid` alone does not identify it, because the kernel reuses pids."""

    pid: int
    parent: int
    began: int

    @property
    def is_alive(self) -> bool:
        """True if it is running; a zombie is not."""
        current = find_process(self.pid)
        return current is not None and current.began == self.began

    @property
    def command(self) -> str:
        """Its command line; empty if it has ended."""
        try:
            return Path(f"/proc/{self.pid}/cmdline").read_text().replace("\0", " ")
        except (FileNotFoundError, ProcessLookupError):
            return ""

    def kill(self) -> None:
        """Kill it with SIGKILL if it is running."""
        if self.is_alive:
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)


def find_process(pid: int) -> Process | None:
    """Return the process, or None if it has ended."""
    try:
        state, *fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if state in "ZX" else Process(pid, int(fields[_PARENT - 1]), int(fields[_BEGAN - 1]))


def family(pid: int) -> set[Process]:
    """Return the running processes among a process and its descendants."""
    first, everyone = find_process(pid), list(_everyone())
    members = {first} if first else set()
    while more := {one for one in everyone if one.parent in {member.pid for member in members}} - members:
        members |= more
    return members


def server_in(directory: Path) -> set[Process]:
    """Return the running processes of PostgreSQL in `directory`."""
    try:
        return family(int((directory / "data" / "postmaster.pid").read_text().partition("\n")[0]))
    except (FileNotFoundError, ValueError):
        return set()


def kill(processes: Iterable[Process]) -> None:
    """Kill all of them with SIGKILL, in no order."""
    for process in processes:
        process.kill()


def _everyone() -> Iterator[Process]:
    for entry in os.scandir("/proc"):
        if entry.name.isdigit() and (process := find_process(int(entry.name))):
            yield process
