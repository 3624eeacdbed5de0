"""Folders that the processes of `make test` share."""

from pathlib import Path

CACHE = Path(__file__).resolve().parent.parent / ".pytest_cache"

#: Where processes leave their coverage, and their bytecode.
COVERAGE, BYTECODE = CACHE / "coverage", CACHE / "bytecode"

#: Tables that are printed below the results of the tests.
REPORTS = CACHE / "reports"

#: The mapped records of the real trackers, in a folder for each run.
TRACKERS = CACHE / "trackers"
