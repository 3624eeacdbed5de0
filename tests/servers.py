"""gunicorn for real: the API in processes of its own, on a free port."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from urllib.error import URLError
from urllib.request import urlopen

ROOT = Path(__file__).resolve().parent.parent

#: Seconds that gunicorn has to begin to answer on a busy machine.
START_WITHIN = 30


@dataclass(frozen=True)
class Served:
    """A running API."""

    process: subprocess.Popen[bytes]
    port: int

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def kill(self) -> None:
        """Kill -9 the master and its workers: the group that was started for them."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(
    database: str,
    *,
    port: int | None = None,
    wait: str = "/readyz",
    stderr: IO[bytes] | int | None = None,
    wrapper: Sequence[str] = (),
    directory: Path = ROOT,
    **settings: str,
) -> Iterator[Served]:
    """The API on `database`, until the block ends; `settings` are environment variables. It logs to `stderr`.

    `wrapper` is the start of a command line that executes the rest of it; `directory` has the source.
    """
    port = port or free_port()
    environment = os.environ | {
        "DATABASE_URL": database,
        "PORT": str(port),
        "POLICYTRAIL_PUBLIC_READ": "true",
        "POLICYTRAIL_LOG_LEVEL": "ERROR",
        "POLICYTRAIL_RATE_LIMIT": "",
        "POLICYTRAIL_PUBLIC_RATE_LIMIT": "",
        # Not measured: tests without gunicorn reach the same lines, in half of the time.
        "COVERAGE_PROCESS_START": "",
        **settings,
    }
    process = subprocess.Popen(
        [*wrapper, sys.executable, "-m", "gunicorn", "-c", "gunicorn.conf.py", "service.wsgi:app"],
        cwd=directory,
        env=environment,
        stderr=stderr,
        start_new_session=True,
    )
    try:
        served = Served(process, port)
        _await(served, wait)
        yield served
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            served.kill()


def _await(served: Served, path: str) -> None:
    deadline = time.monotonic() + START_WITHIN
    while time.monotonic() < deadline and served.process.poll() is None:
        try:
            with urlopen(served.url + path, timeout=2):  # noqa: S310 (our own address)
                return
        except (URLError, OSError):
            time.sleep(0.05)
    raise AssertionError("gunicorn did not begin to answer")


@contextmanager
def running(data: Path, port: int) -> Iterator[None]:
    """`policytrail run` with its data in `data`, from its greeting until the block ends."""
    process = subprocess.Popen(
        [Path(sys.executable).parent / "policytrail", "run"],
        cwd=ROOT,
        env=os.environ | {"POLICYTRAIL_DATA_DIR": str(data), "PORT": str(port)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stdout
        assert any(line.startswith("curl") for line in process.stdout)
        yield
    finally:
        process.terminate()
        process.communicate(timeout=40)
