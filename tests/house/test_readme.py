"""The README is run beside a real `policytrail run`, its links lead somewhere, and it stays short."""

import os
import re
import subprocess

import pytest

from tests.house.pages import ADDRESS, steps_of
from tests.servers import ROOT, free_port, running

README = ROOT / "README.md"


@pytest.fixture(scope="module")
def transcript(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The output of the README's shell commands, pasted in their order."""
    data, port = tmp_path_factory.mktemp("data"), free_port()
    with running(data, port):
        script = "\n".join(step.commands for step in steps_of(README))
        script = script.replace(ADDRESS, f"http://127.0.0.1:{port}").replace(".policytrail/", f"{data}/")
        # A blank line after each command, so that bodies without a last newline stay apart.
        script = f"trap 'kill $(jobs -p) 2> /dev/null || true' EXIT\n{script}".replace("\n\n", "\necho\n")
        shell = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=ROOT,
            env=os.environ | {"PORT": str(port)},
            capture_output=True,
            text=True,
            check=False,
        )
    assert (shell.returncode, shell.stderr) == (0, ""), shell.stdout
    return shell.stdout


def test_the_shell_commands_print_what_the_readme_promises(transcript: str) -> None:
    promised = [
        '"highlights":[{"field":',
        '{"field":"topic","kind":"exact"',
        '"overdue":{"items":[{"event_id":',
        '"sums":{"complete":true',
        "HTTP/1.1 201",
        '"title":"Battery regulation"',
        '"status":"adopted"',
        '"kind":"create"',
        " event.update #",
    ]
    place = 0
    for text in promised:
        place = transcript.find(text, place) + 1
        assert place, f"{text} is not printed, or not in its turn"


def test_nothing_is_left_behind(transcript: str) -> None:
    assert transcript
    written = re.findall(r"(?:-o|>) (\w[\w.]*\.\w+)", README.read_text())
    assert len(written) > 2
    assert [name for name in written if (ROOT / name).exists()] == []


def test_it_is_read_on_one_screen_for_each_reader() -> None:
    assert len(README.read_text().splitlines()) <= 80


@pytest.mark.parametrize("link", re.findall(r"\]\((?!http)([^)#]+)", README.read_text()))
def test_its_links_lead_to_files(link: str) -> None:
    assert (ROOT / link).is_file()
