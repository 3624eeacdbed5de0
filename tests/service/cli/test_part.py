"""Parts of `policytrail run`: how they end, and when they are started again."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from service.cli.part import FIRST_PAUSE, LONGEST_PAUSE, STEADY, ProcessPart, Restarts, restart_pause
from tests.faults.clients import wait_until
from tests.faults.processes import find_process

SLEEP = ["-c", "import time; print('running', flush=True); time.sleep(600)"]


class EndingPart:
    """A part whose ends a test decides."""

    name = "The part"

    def __init__(self) -> None:
        self.starts = 0
        self.how: str | None = None
        self.error: Exception | None = None

    def start(self) -> None:
        """See Part."""
        self.starts += 1
        if self.error:
            raise self.error
        self.how = None

    def is_ready(self) -> bool:
        """See Part."""
        return self.how is None

    def end(self) -> str | None:
        """See Part."""
        return self.how

    def stop(self) -> None:
        """See Part."""


def test_the_pause_doubles_with_each_end_in_a_row_up_to_the_longest() -> None:
    assert [restart_pause(ends) for ends in (1, 2, 3, 4, 5, 6, 7, 5_000)] == [
        *(FIRST_PAUSE * factor for factor in (1, 2, 4, 8, 16)),
        *[LONGEST_PAUSE] * 3,
    ]


def test_a_part_that_ends_or_cannot_start_is_started_again_after_its_pause(capsys: pytest.CaptureFixture[str]) -> None:
    part = EndingPart()
    restarts, now = Restarts(part), 1_000.0
    restarts.check(now)
    part.how, part.error = "exit status 1", OSError("no space")
    for seconds in (0.0, 0.9, 1.0, 2.9, 3.0):
        restarts.check(now + seconds)
    part.error = None
    restarts.check(now + 7.0)
    restarts.check(now + 7.1)

    assert part.starts == 3
    assert capsys.readouterr().err.splitlines() == [
        "The part has ended (exit status 1); starting it again in 1 s.",
        "The part could not be started: no space; starting it again in 2 s.",
        "The part could not be started: no space; starting it again in 4 s.",
        "The part was started again.",
    ]


def test_an_end_after_a_steady_run_is_the_first_again(capsys: pytest.CaptureFixture[str]) -> None:
    part = EndingPart()
    restarts = Restarts(part)
    now = restarts._started
    for age in (1.0, STEADY + 1.0):
        part.how = "SIGKILL"
        restarts.check(now + age)
        restarts.check(now + age + 100.0)
        restarts._started = now
    assert [line.split()[-2] for line in capsys.readouterr().err.splitlines() if "in" in line.split()] == ["1", "1"]


def test_a_process_says_how_it_ended_and_leaves_nothing_behind_when_it_starts_again(tmp_path: Path) -> None:
    child = tmp_path / "child"
    program = f"""
import os, pathlib, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
if os.fork() == 0:
    pathlib.Path({str(child)!r}).write_text(str(os.getpid()))
    time.sleep(600)
time.sleep(600)
"""
    part = ProcessPart("The process", ["-c", program], {})
    part.start()
    wait_until(lambda: child.exists() and child.read_text())
    orphan = find_process(int(child.read_text()))
    assert part.end() is None
    assert part._process
    os.kill(part._process.pid, signal.SIGKILL)
    wait_until(part.end)
    assert part.end() == "SIGKILL"
    part._arguments = ["-c", "raise SystemExit(3)"]
    part.start()
    wait_until(lambda: not (orphan and orphan.is_alive))
    wait_until(part.end)
    assert part.end() == "exit status 3"


def test_a_process_ends_with_the_one_that_started_it() -> None:
    program = f"""
from service.cli.part import ProcessPart
part = ProcessPart("The process", {SLEEP!r}, {{}})
part.start()
print(part._process.pid, flush=True)
part._process.wait()
"""
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as parent:
        assert parent.stdout
        child = find_process(int(parent.stdout.readline()))
        assert child
        assert parent.stdout.readline() == b"running\n"
        parent.kill()
        parent.wait()
    wait_until(lambda: not child.is_alive)
