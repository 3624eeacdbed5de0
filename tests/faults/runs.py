"""`policytrail run` and `make run` as somebody at a terminal starts, uses and ends them."""

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
from tests.serving import ROOT, free_port

#: Seconds that a start may take: the first makes a cluster.
START_WITHIN = 60.0

#: "A few seconds", in which everything has ended that was told to.
END_WITHIN = 8.0

POLICYTRAIL = [str(Path(sys.executable).parent / "policytrail"), "run"]


@dataclass(frozen=True)
class Run:
    """Something that was started and should come to serve on `port`, with its data in `directory`."""

    process: subprocess.Popen[bytes]
    directory: Path
    port: int
    output: Path
    belongs: set[Process] = field(default_factory=set)

    def said(self) -> str:
        """What it has written to the terminal."""
        return self.output.read_text()

    def greeting(self, within: float = START_WITHIN) -> list[str]:
        """The three last lines that it says when it has started."""
        wait_until(lambda: self.said().count("\ncurl ") == 3 or self.process.poll() is not None, within)
        self.started()
        lines = [line for line in self.said().splitlines() if line]
        assert [line.partition(" ")[0] for line in lines[-3:]] == ["curl"] * 3, self.said()
        return lines[-3:]

    def key(self) -> str:
        """The admin key that it keeps."""
        return (self.directory / "admin.key").read_text().strip()

    def started(self) -> set[Process]:
        """Every process that belongs to it and runs: itself, the API, PostgreSQL."""
        running = family(self.process.pid) | server_in(self.directory / "postgres")
        self.belongs.update(running)
        return running

    def end(self, number: int, within: float = END_WITHIN) -> int:
        """Send the signal, and return the exit status when it has ended with all that belongs to it."""
        started = self.started()
        self.process.send_signal(number)
        wait_until(lambda: self.process.poll() is not None, within)
        assert [process for process in started if process.is_alive] == []
        return self.process.returncode


@contextmanager
def started(
    directory: Path, *, command: Sequence[str] = POLICYTRAIL, cwd: Path = ROOT, port: int | None = None, **settings: str
) -> Iterator[Run]:
    """`command`, with its data in `directory`; what it leaves running after the block is killed."""
    output = directory.parent / f"{directory.name}.output"
    port = port or free_port()
    environment = a_terminals_environment() | {
        "PORT": str(port),
        "POLICYTRAIL_DATA_DIR": str(directory),
        "TMPDIR": str(directory.parent),
    }
    with output.open("wb") as said:
        process = subprocess.Popen(
            command, cwd=cwd, env=environment | settings, stdout=said, stderr=subprocess.STDOUT, start_new_session=True
        )
    run = Run(process, directory, port, output)
    try:
        yield run
    finally:
        kill(family(process.pid) | run.belongs - server_in(directory / "postgres"))
        process.wait()
        if (directory / "postgres").exists():
            Server(directory / "postgres", pid=0).stop("immediate")


def paste(line: str) -> Any:
    """What the line prints in another terminal, which is somewhere else; it must succeed and be JSON."""
    done = subprocess.run(["bash", "-c", line], cwd="/", capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, done.stderr) == (0, ""), line
    return json.loads(done.stdout)


def a_terminals_environment() -> dict[str, str]:
    """The environment without what is there only because of what runs these tests."""
    return {name: value for name, value in os.environ.items() if not _is_ours(name)}


def _is_ours(name: str) -> bool:
    return name.startswith(("POLICYTRAIL_", "MAKE", "MFLAGS", "GIT_", "PYTEST_", "PYTHON")) or name in {
        "DATABASE_URL",
        "PORT",
        "VIRTUAL_ENV",
    }
