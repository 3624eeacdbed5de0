"""`make test`: every check, those that do not disturb each other side by side; pytest's summary comes last."""

import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests import coverage_floors
from tests.folders import BYTECODE, COVERAGE, REPORTS, TRACKERS

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent

#: Quick checks, each a command. They run beside the tests, and their results come first.
CHECKS = {
    "ruff check": [BIN / "ruff", "check", "."],
    "ruff format": [BIN / "ruff", "format", "--check", "."],
    "import-linter": [BIN / "lint-imports", "--no-cache"],
    "squawk": [BIN / "squawk", *sorted(ROOT.glob("migrations/*.sql"))],
    "mypy": [BIN / "mypy"],
}

#: One process more than cores: some tests wait for a receiver or a deadline. A file stays in one process, so that its
#: tests share what they start, and files begin in the order of tests/conftest.py.
TESTS = [
    *(sys.executable, "-m", "pytest", "-n", str((os.cpu_count() or 1) + 1)),
    *("--dist", "loadfile", "--no-loadscope-reorder"),
]


def run(command: list[str | Path]) -> subprocess.CompletedProcess[str]:
    """Run one check and capture its output."""
    return subprocess.run(command, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)


def environment() -> dict[str, str]:
    """Return the environment of the tests: processes measure their coverage, and share the bytecode of the service.

    Hundreds of processes start; each would compile the service anew where the environment forbids to write bytecode.
    """
    ours = {
        "COVERAGE_PROCESS_START": str(ROOT / "pyproject.toml"),
        "COVERAGE_ROOT": str(ROOT),
        "COVERAGE_FOLDER": str(COVERAGE),
        "PYTHONPYCACHEPREFIX": str(BYTECODE),
    }
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"} | ours


def main() -> int:
    """Run everything. Return 0 where all of it passed."""
    for folder in (COVERAGE, REPORTS, TRACKERS):
        shutil.rmtree(folder, ignore_errors=True)
    with ThreadPoolExecutor(1) as beside:
        checks = beside.map(run, CHECKS.values())
        tests = subprocess.Popen(
            [*TESTS, *sys.argv[1:]], cwd=ROOT, env=environment(), text=True, stdout=subprocess.PIPE
        )
        failures = []
        for name, check in zip(CHECKS, checks, strict=True):
            sys.stdout.write(f"{name}: {'passed' if check.returncode == 0 else 'FAILED'}\n")
            if check.returncode:
                failures.append(name)
                sys.stdout.write(check.stdout)
            sys.stdout.flush()
        output, _ = tests.communicate()
    # With arguments only some of the tests have run.
    if not sys.argv[1:] and not coverage_floors.check(COVERAGE):
        failures.append("coverage")
    for report in sorted(REPORTS.glob("*.md")):
        sys.stdout.write(f"{report.stem}:\n{report.read_text()}")
    if failures:
        sys.stdout.write(f"Failed beside the tests: {', '.join(failures)}\n")
    sys.stdout.write(output)
    return 1 if failures else tests.returncode


if __name__ == "__main__":
    sys.exit(main())
