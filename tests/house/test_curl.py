"""docs/questions.md is run: each of its lines answers what stands beneath it."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.serving import free_port, running

ROOT = Path(__file__).resolve().parents[2]
QUESTIONS = (ROOT / "docs" / "questions.md").read_text()

#: Printed between two answers.
_BETWEEN = "-- next --"


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What the questions' lines print, pasted in their order into one shell."""
    data, port = tmp_path_factory.mktemp("data"), free_port()
    script = f"\necho '{_BETWEEN}'\n".join(re.findall(r"```sh\n(.*?)```", QUESTIONS, re.DOTALL))
    script = script.replace("127.0.0.1:8000", f"127.0.0.1:{port}").replace(".policytrail/", f"{data}/")
    with running(data, port):
        pasted = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script], cwd=ROOT, capture_output=True, text=True, check=False
        )
    assert (pasted.returncode, pasted.stderr) == (0, "")
    return pasted.stdout.split(f"{_BETWEEN}\n")[1:]


def test_there_are_twenty_questions_each_with_its_line_and_its_answer() -> None:
    each = re.findall(r"^## (\d+)\. [^\n]+\n\n```sh\n[^`]*curl -s[^`]*```\n```text\n[^`]+```$", QUESTIONS, re.MULTILINE)
    assert each == [str(number) for number in range(1, 21)]


def test_every_line_answers_what_the_page_says(answers: list[str]) -> None:
    assert answers == re.findall(r"```text\n(.*?)```", QUESTIONS, re.DOTALL)
