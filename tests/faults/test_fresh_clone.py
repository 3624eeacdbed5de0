"""A stranger clones the repository and types what README says, nothing else."""

import signal
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.faults.clients import wait_until
from tests.faults.runs import a_terminals_environment, paste, started
from tests.serving import ROOT

#: Seconds that an environment may take to be made: some hundred packages come over the network.
INSTALLED_WITHIN = 600.0

#: What pip says when it gets no answer.
NO_REGISTRY = "after connection broken by"


def test_in_a_fresh_clone_the_two_commands_are_enough() -> None:
    with TemporaryDirectory(prefix="policytrail-clone-") as name:
        clone = Path(name) / "clone"
        subprocess.run(["git", "clone", "--quiet", ROOT, clone], check=True)

        # The data go where they go by default, so nothing may say otherwise.
        command = ["env", "--unset=POLICYTRAIL_DATA_DIR", "make", "run"]
        with started(clone / ".policytrail", command=command, cwd=clone) as run:
            wait_until(lambda: "\ncurl " in run.said() or run.process.poll() is not None, INSTALLED_WITHIN)
            if run.process.poll() is not None and NO_REGISTRY in run.said():
                pytest.skip("the package registry cannot be reached")
            events, topics, created = [paste(line) for line in run.greeting()]
            assert (len(events["items"]), len(topics["items"])) == (1, 5)
            assert created["version"] == 1
            assert run.end(signal.SIGTERM) in {0, 2, -signal.SIGTERM}

        # `make test` would come here again: its set-up, and a test that needs nothing else.
        for typed in (["make", ".venv/dev"], [".venv/bin/python", "-m", "pytest", "tests/schemas", "-x", "-q"]):
            done = subprocess.run(
                typed,
                cwd=clone,
                env=a_terminals_environment(),
                capture_output=True,
                text=True,
                check=False,
                timeout=INSTALLED_WITHIN,
            )
            assert done.returncode == 0, done.stdout + done.stderr
