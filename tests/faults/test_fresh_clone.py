"""The two commands of README in a fresh clone, with nothing else prepared."""

import signal
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.faults.clients import wait_until
from tests.faults.runs import a_terminals_environment, paste, started
from tests.servers import ROOT

#: Seconds in which a hundred packages must be installed, over a slow network and on a busy machine too.
PATIENCE = 3_600.0

#: pip's message when a registry does not answer.
NO_REGISTRY = "after connection broken by"

#: Value of PIP_NO_COMPILE: packages are compiled when they are imported, not when they are installed. pip takes the
#: value for the opposite option, --compile.
UNCOMPILED = "0"


def test_in_a_fresh_clone_the_two_commands_are_enough() -> None:
    with TemporaryDirectory(prefix="policytrail-clone-") as name:
        clone = Path(name) / "clone"
        subprocess.run(["git", "clone", "--quiet", ROOT, clone], check=True)

        # The data go to their default place, so the setting must be absent.
        command = ["env", "--unset=POLICYTRAIL_DATA_DIR", "make", "run"]
        with started(clone / ".policytrail", command=command, cwd=clone, PIP_NO_COMPILE=UNCOMPILED) as run:
            wait_until(lambda: "\ncurl " in run.terminal() or run.process.poll() is not None, PATIENCE)
            if run.process.poll() is not None and NO_REGISTRY in run.terminal():
                pytest.skip("the package registry cannot be reached")
            events, topics, event = [paste(line) for line in run.greeting()]
            assert (len(events["items"]), len(topics["items"])) == (1, 5)
            assert event["version"] == 1
            assert run.stop(signal.SIGTERM) in {0, 2, -signal.SIGTERM}

        # `make test` would come here again: its set-up, and a test that needs nothing else.
        environment = a_terminals_environment() | {"PIP_NO_COMPILE": UNCOMPILED}
        test = [".venv/bin/python", "-m", "pytest", "tests/schemas", "-x", "-q"]
        for command in (["make", ".venv/dev"], test):
            done = subprocess.run(command, cwd=clone, env=environment, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stdout + done.stderr
