"""docs/import.md is true: its lines answer what stands beneath them."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.serving import free_port, running

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "import.md").read_text()

#: Printed between two answers.
_BETWEEN = "-- next --"


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What the page's lines print, pasted in their order into one shell."""
    data, port = tmp_path_factory.mktemp("data"), free_port()
    script = f"\necho '{_BETWEEN}'\n".join(re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL))
    script = script.replace("127.0.0.1:8000", f"127.0.0.1:{port}").replace(".policytrail/", f"{data}/")
    with running(data, port):
        pasted = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script], cwd=data, capture_output=True, text=True, check=False
        )
    assert (pasted.returncode, pasted.stderr) == (0, ""), pasted.stdout
    return pasted.stdout.split(f"{_BETWEEN}\n")


def test_every_line_answers_what_the_page_says(answers: list[str]) -> None:
    assert answers == re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL)
