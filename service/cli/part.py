"""A part of `policytrail run`: a process or PostgreSQL, which is started again after it ended."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Protocol

import click

from service.config import ROOT
from service.db import embedded_postgres
from service.db.embedded_postgres import Server
from service.errors import ServiceError
from service.imports.process_pool import end_with_parent
from service.observability.readiness import VARIABLE, ReadySocket

#: Seconds that a process may take to finish its work when it is stopped.
STOP_TIMEOUT = 25

#: Seconds before a restart: after the first end, and at most; each end in a row doubles them.
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0

#: Seconds of running after which an end is the first one again.
STEADY = 60.0


class Part(Protocol):
    """A part, by its `name` in sentences."""

    name: str

    def start(self) -> None:
        """Start it. ServiceError or OSError if that fails."""

    def is_ready(self) -> bool:
        """Return whether its start is over."""

    def end(self) -> str | None:
        """Return how it has ended, in a few words; None while it runs."""

    def stop(self) -> None:
        """Stop it in order, if it runs."""


class ProcessPart:
    """A Python process."""

    def __init__(self, name: str, arguments: list[str], environment: Mapping[str, str]) -> None:
        """`environment` has variables beside those of this process."""
        self.name = name
        self._arguments, self._environment = arguments, environment
        self._process: subprocess.Popen[bytes] | None = None
        self._ready: ReadySocket | None = None

    def start(self) -> None:
        """See Part. What is left of a former process, such as a worker of gunicorn that holds the port, is killed."""
        if self._process:
            self._signal_group(signal.SIGKILL)
        self._wait_no_longer()
        self._ready = ReadySocket()
        # A session of its own, so that Ctrl-C reaches this process alone, which stops the others in order. If this
        # process is killed, the kernel stops the child.
        self._process = subprocess.Popen(
            [sys.executable, *self._arguments],
            cwd=ROOT,
            env=os.environ | self._environment | {VARIABLE: self._ready.address},
            start_new_session=True,
            preexec_fn=partial(end_with_parent, signal.SIGTERM),  # noqa: PLW1509 (no other thread runs)
        )

    def is_ready(self) -> bool:
        """See Part. The process reports it by itself."""
        return self._ready is not None and self._ready.is_ready()

    def end(self) -> str | None:
        """See Part."""
        code = self._process.poll() if self._process else None
        if code is None:
            return None
        self._signal_group(signal.SIGTERM)  # its children
        self._wait_no_longer()
        return f"exit status {code}" if code >= 0 else signal.Signals(-code).name

    def stop(self) -> None:
        """See Part. The signal is repeated: a worker that was just forked misses the first one."""
        deadline = time.monotonic() + STOP_TIMEOUT
        number = signal.SIGTERM
        while self._process and self._process.poll() is None:
            if number is signal.SIGTERM and time.monotonic() > deadline:
                click.echo(f"{self.name} did not stop within {STOP_TIMEOUT} seconds; killing it.", err=True)
                number = signal.SIGKILL
            self._signal_group(number)
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(0.5)
        self._wait_no_longer()

    def _wait_no_longer(self) -> None:
        if self._ready:
            self._ready.close()

    def _signal_group(self, number: int) -> None:
        if self._process:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)


class PostgresPart:
    """The embedded PostgreSQL in a directory."""

    name = "PostgreSQL"

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._server: Server | None = None

    def start(self) -> None:
        """See Part."""
        self._server = embedded_postgres.start(self._directory, options=embedded_postgres.spacious())

    def is_ready(self) -> bool:
        """See Part. It accepts connections when `start` returns."""
        return True

    def end(self) -> str | None:
        """See Part. The log of the server has the reason, such as a full disk."""
        return None if self._server is None or self._server.is_running else f"see {self._directory / 'log'}"

    def stop(self) -> None:
        """See Part."""
        if self._server:
            self._server.stop()

    def dsn(self, database: str) -> str:
        """Return the URL of `database`. It stays the same when the server is started again."""
        return Server(self._directory.resolve(), pid=0).dsn(database)


class Restarts:
    """The restarts of one part."""

    def __init__(self, part: Part) -> None:
        """The part has been started."""
        self._part = part
        self._ends = 0
        self._started = time.monotonic()
        self._due: float | None = None

    def check(self, now: float) -> None:
        """Start the part again if it has ended and its pause is over. `now` is time.monotonic()."""
        if self._due is None:
            if how := self._part.end():
                self._ends = 1 if now - self._started > STEADY else self._ends + 1
                self._wait(now, f"{self._part.name} has ended ({how})")
        elif now >= self._due:
            self._start(now)

    def _start(self, now: float) -> None:
        try:
            self._part.start()
        except (ServiceError, OSError) as error:
            self._ends += 1
            self._wait(now, f"{self._part.name} could not be started: {error}")
            return
        self._started, self._due = time.monotonic(), None
        click.echo(f"{self._part.name} was started again.", err=True)

    def _wait(self, now: float, reason: str) -> None:
        pause = restart_pause(self._ends)
        self._due = now + pause
        click.echo(f"{reason}; starting it again in {pause:g} s.", err=True)


def restart_pause(ends: int) -> float:
    """Return the seconds before the restart after so many ends in a row, of which the first is 1."""
    return min(FIRST_PAUSE * 2.0 ** min(ends - 1, 10), LONGEST_PAUSE)
