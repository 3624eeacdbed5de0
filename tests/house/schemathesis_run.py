"""A run of schemathesis against the seeded API."""

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import psycopg

from service import store
from service.ids import digest
from tests.servers import ROOT, Served

BIN = Path(sys.executable).parent

#: Seconds after which schemathesis must be hanging: it ends by cases, and a busy machine takes long for them.
HUNG = 3600


@dataclass(frozen=True)
class Run:
    """A run without a deviation: the requests that it made, and the links between operations that it followed."""

    cases: int
    links: int


def run_schemathesis(phases: str, description: Path, database: str, served: Served, key: str) -> Run:
    """Try `phases`, separated by commas, of all operations with all checks. AssertionError names each deviation."""
    with psycopg.connect(database) as conn:
        stored = store.keys.find_key(conn, digest(key))
    assert stored
    run = subprocess.run(
        [
            *(BIN / "schemathesis", "--config-file", ROOT / "tools" / "schemathesis.toml", "run", description),
            *("--url", served.url, "--header", f"Authorization: Bearer {key}", "--phases", phases),
            # The hooks check use_after_free, except for records that remain by design.
            *("--checks", "all", "--exclude-checks", "use_after_free"),
            # The seed and the examples bound the run, not the clock: it takes its time on a busy machine.
            *("--seed", "3", "--max-examples", "15", "--no-color"),
            *("--suppress-health-check", "too_slow", "--generation-database", "none", "--request-timeout", "300"),
        ],
        cwd=description.parent,
        env=os.environ
        | {
            "PYTHONPATH": str(ROOT / "tools"),
            "SCHEMATHESIS_HOOKS": "schemathesis_hooks",
            "POLICYTRAIL_TEST_KEY_ID": str(stored.id),
            "COVERAGE_PROCESS_START": "",
        },
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
        timeout=HUNG,
    )
    assert run.returncode == 0, run.stdout
    return Run(_number(r"(\d+) generated", run.stdout), _number(r"API Links: +(\d+) covered", run.stdout))


def _number(pattern: str, text: str) -> int:
    match = re.search(pattern, text)
    return int(match[1]) if match else 0
