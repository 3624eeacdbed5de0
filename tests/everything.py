"""`make test`: every check, those that do not disturb each other side by side; pytest's summary comes last."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent

#: Quick checks, each a command. They run while the tests do, and are told before them.
CHECKS = {
    "ruff check": [BIN / "ruff", "check", "."],
    "ruff format": [BIN / "ruff", "format", "--check", "."],
    "import-linter": [BIN / "lint-imports", "--no-cache"],
    "squawk": [BIN / "squawk", *sorted(ROOT.glob("migrations/*.sql"))],
    "mypy": [BIN / "mypy"],
}

TESTS = [sys.executable, "-m", "pytest", "-n", str(os.cpu_count() or 1), "--dist", "worksteal"]


def run(command: list[str | Path]) -> subprocess.CompletedProcess[str]:
    """Run one check and keep what it says."""
    return subprocess.run(command, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)


def main() -> int:
    """Run everything; 0 where all of it passed."""
    with ThreadPoolExecutor(1) as beside:
        checks = beside.map(run, CHECKS.values())
        tests = subprocess.Popen([*TESTS, *sys.argv[1:]], cwd=ROOT, text=True, stdout=subprocess.PIPE)
        failed = []
        for name, done in zip(CHECKS, checks, strict=True):
            sys.stdout.write(f"{name}: {'passed' if done.returncode == 0 else 'FAILED'}\n")
            if done.returncode:
                failed.append(name)
                sys.stdout.write(done.stdout)
            sys.stdout.flush()
        said, _ = tests.communicate()
    if failed:
        sys.stdout.write(f"Failed beside the tests: {', '.join(failed)}\n")
    sys.stdout.write(said)
    return 1 if failed else tests.returncode


if __name__ == "__main__":
    sys.exit(main())
