"""The README is run: its commands against a real `policytrail run`, its table against the settings."""

import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest

from service.config import Settings, environment_name
from tests.serving import free_port, running

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()


@pytest.fixture(scope="module")
def transcript(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What README's shell lines print when they are pasted in their order."""
    data, port = tmp_path_factory.mktemp("data"), free_port()
    with running(data, port):
        script = "\n".join(re.findall(r"```sh\n(.*?)```", README, re.DOTALL))
        script = script.replace("127.0.0.1:8000", f"127.0.0.1:{port}").replace(".policytrail/", f"{data}/")
        # A blank line after each command, so that bodies without a last newline stay apart.
        pasted = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script.replace("\n\n", "\necho\n")],
            cwd=ROOT,
            env=os.environ | {"PORT": str(port)},
            capture_output=True,
            text=True,
            check=False,
        )
    assert (pasted.returncode, pasted.stderr) == (0, "")
    return pasted.stdout


def _lines(text: str) -> Iterator[str]:
    return (line for line in text.splitlines() if line.strip())


def test_the_shell_lines_answer_what_the_readme_says(transcript: str) -> None:
    answers = list(_lines(transcript))
    told = [
        '"highlights":[{"field":',
        '{"items":[{"id":',
        '{"field":"jurisdiction","kind":"exact"',
        '"overdue":{"items":[{"event_id":',
        '"sums":{"complete":true',
        '{"event_type":',
        'Did you mean \\"planned\\"?',
        '"status":"launched"',
        '"status":"planned"',
        "HTTP/1.1 201",
        '"title":"Battery regulation"',
        '"status":409',
        "HTTP/1.1 304",
        '"status":412',
        '"rows":{"created":1,"updated":0,"unchanged":0,"refused":0}',
        '"kind":"create"',
        " event.update #",
        '"last_outcome":"accepted"',
        '"outcome":"accepted","status":204',
    ]
    place = 0
    for expected in told:
        while place < len(answers) and expected not in answers[place]:
            place += 1
        assert place < len(answers), f"{expected} is not told, or not in its turn"
        place += 1


def test_the_patched_event_is_official_and_the_first_version_single_source(transcript: str) -> None:
    assert re.findall(r'"verification":"(\w+)"', transcript)[-3:] == ["official", "single_source", "official"]


def test_the_table_of_settings_is_the_list_of_settings() -> None:
    expected = [
        (f"`{environment_name(setting.name)}`", _shown(setting.default), setting.metadata["sentence"])
        for setting in fields(Settings)
    ]
    rows = re.findall(r"^\| (`[A-Z_]+`) \| (.*?) \| (.*) \|$", README, re.MULTILINE)
    assert rows == expected


def _shown(default: object) -> str:
    text = str(default).lower() if isinstance(default, bool) else str(default)
    return f"`{text}`" if text else ""
