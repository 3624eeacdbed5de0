"""`policytrail run` and `make run`, started, used and stopped as at a terminal."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from service.db.embedded_postgres import Server
from tests.faults.clients import wait_until
from tests.faults.processes import Process, family, kill, server_in
from tests.servers import ROOT, free_port

#: Seconds that a start may take; the first one creates a cluster.
START_TIMEOUT = 120.0

#: Seconds in which all processes must have ended after a signal. An idle machine needs one or two, a busy one more. A
#: run that has to kill a process says so, which `Run.stop` refuses.
STOP_TIMEOUT = 60.0

POLICYTRAIL = [str(Path(sys.executable).parent / "policytrail"), "run"]


@dataclass(frozen=True)
class Run:
    """A started command that should serve on `port`, with its data in `directory`."""

    process: subprocess.Popen[bytes]
    directory: Path
    port: int
    output: Path
    processes: set[Process] = field(default_factory=set)

    def terminal(self) -> str:
        """Return its output so far."""
        return self.output.read_text()

    def greeting(self, within: float = START_TIMEOUT) -> list[str]:
        """Return the last three lines of the output when it has started."""
        wait_until(lambda: self.terminal().count("\ncurl ") == 3 or self.process.poll() is not None, within)
        self.running()
        lines = [line for line in self.terminal().splitlines() if line]
        assert [line.partition(" ")[0] for line in lines[-3:]] == ["curl"] * 3, self.terminal()
        return lines[-3:]

    def key(self) -> str:
        """Return the stored admin key."""
        return (self.directory / "admin.key").read_text().strip()

    def running(self) -> set[Process]:
        """Return its running processes: itself, the API, the worker and PostgreSQL."""
        processes = family(self.process.pid) | server_in(self.directory / "postgres")
        self.processes.update(processes)
        return processes

    def stop(self, number: int, within: float = STOP_TIMEOUT) -> int:
        """Send a signal, and return the exit status when all of its processes have ended."""
        processes = self.running()
        self.process.send_signal(number)
        wait_until(lambda: self.process.poll() is not None, within)
        assert [process for process in processes if process.is_alive] == []
        assert "killing it" not in self.terminal()
        return self.process.returncode


@contextmanager
def started(
    directory: Path, *, command: Sequence[str] = POLICYTRAIL, cwd: Path = ROOT, port: int | None = None, **settings: str
) -> Iterator[Run]:
    """`command` with its data in `directory`. Processes that it leaves running are killed after the block."""
    output = directory.parent / f"{directory.name}.output"
    port = port or free_port()
    environment = a_terminals_environment() | {
        "PORT": str(port),
        "POLICYTRAIL_DATA_DIR": str(directory),
        "TMPDIR": str(directory.parent),
    }
    with output.open("wb") as file:
        process = subprocess.Popen(
            command, cwd=cwd, env=environment | settings, stdout=file, stderr=subprocess.STDOUT, start_new_session=True
        )
    run = Run(process, directory, port, output)
    try:
        yield run
    finally:
        kill(family(process.pid) | run.processes - server_in(directory / "postgres"))
        process.wait()
        if (directory / "postgres").exists():
            Server(directory / "postgres", pid=0).stop("immediate")


def paste(line: str) -> Any:
    """Return the JSON that a command line prints in a terminal in another directory."""
    done = subprocess.run(["bash", "-c", line], cwd="/", capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, done.stderr) == (0, ""), line
    return json.loads(done.stdout)


def a_terminals_environment() -> dict[str, str]:
    """Return the environment without the variables of the test run."""
    return {name: value for name, value in os.environ.items() if not _is_ours(name)}


def _is_ours(name: str) -> bool:
    return name.startswith(("POLICYTRAIL_", "MAKE", "MFLAGS", "GIT_", "PYTEST_", "PYTHON", "COVERAGE_")) or name in {
        "DATABASE_URL",
        "PORT",
        "VIRTUAL_ENV",
    }
