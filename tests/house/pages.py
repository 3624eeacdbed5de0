"""The pages of docs/ as shell sessions: blocks of commands, each with the output that the page shows beneath it."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from tests.servers import ROOT

DOCS = ROOT / "docs"

#: The address at which pages reach the service.
ADDRESS = "http://127.0.0.1:8000"

#: Printed between the outputs of two blocks.
_SEPARATOR = "-- next block --"

#: What a checkout has and pages name.
_LINKED = ("examples", "gunicorn.conf.py", "seeds")


class Step(NamedTuple):
    """A block of shell commands and the output that the page promises; empty where it shows none."""

    commands: str
    output: str


def steps_of(page: Path) -> list[Step]:
    """Return the blocks of shell commands on a page, in order."""
    blocks = re.findall(r"^```sh\n(.*?)^```$(?:\n```text\n(.*?)^```$)?", page.read_text(), re.DOTALL | re.MULTILINE)
    return [Step(commands, output) for commands, output in blocks]


def block_of(page: Path, language: str) -> str:
    """Return the one block of code in `language` on a page."""
    [block] = re.findall(rf"^```{language}\n(.*?)^```$", page.read_text(), re.DOTALL | re.MULTILINE)
    return str(block)


def make_checkout(directory: Path, key: str | None = None) -> Path:
    """Make `directory` look like a checkout in which `make run` has stored `key`; return it."""
    for name in _LINKED:
        (directory / name).symlink_to(ROOT / name)
    if key:
        (directory / ".policytrail").mkdir()
        (directory / ".policytrail" / "admin.key").write_text(key)
    return directory


def run_steps(steps: list[Step], *, url: str, checkout: Path, **environment: str) -> list[str]:
    """Run `steps` in one shell, as if pasted, with the service at `url`; return the output of each."""
    script = f"\necho '{_SEPARATOR}'\n".join(step.commands for step in steps)
    # A page that fails leaves nothing in the background.
    script = f"trap 'kill $(jobs -p) 2> /dev/null || true' EXIT\n{script.replace(ADDRESS, url)}"
    shell = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=checkout,
        env=os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"} | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (shell.returncode, shell.stderr) == (0, ""), shell.stdout
    return shell.stdout.split(f"{_SEPARATOR}\n")
