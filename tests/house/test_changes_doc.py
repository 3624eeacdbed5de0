"""docs/follow.md is run: each of its lines prints what stands beneath it, and its loop follows."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.serving import ROOT, Served, serving

PAGE = (ROOT / "docs" / "follow.md").read_text()

#: Printed between two answers.
_BETWEEN = "-- next --"


@pytest.fixture
def served_openly(seeded: str) -> Iterator[Served]:
    """The seeded API, which everybody reads, as under `make run`."""
    with serving(seeded) as served:
        yield served


@pytest.fixture
def key_file(key: str, tmp_path: Path) -> Path:
    """Where the page reads a key from."""
    (tmp_path / ".policytrail").mkdir()
    file = tmp_path / ".policytrail" / "admin.key"
    file.write_text(key)
    return file


def test_every_line_prints_what_the_page_says(served_openly: Served, key_file: Path) -> None:
    blocks = re.findall(r"```sh\n(.*?)```(?:\n```text\n(.*?)```)?", PAGE, re.DOTALL)
    script = f"\necho '{_BETWEEN}'\n".join(lines for lines, _ in blocks)
    pasted = subprocess.run(
        ["bash", "-c", script.replace("http://127.0.0.1:8000", served_openly.url)],
        cwd=key_file.parent.parent,
        env=os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (pasted.returncode, pasted.stderr) == (0, "")
    assert pasted.stdout.split(f"{_BETWEEN}\n") == [expected for _, expected in blocks]


def test_the_loop_follows(served_openly: Served) -> None:
    [loop] = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    command = [sys.executable, "-u", "-c", f"api = {served_openly.url!r}\n{loop}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as following:
        assert following.stdout
        told = following.stdout.readline()
        following.kill()
    assert told.startswith("1 create ")
