"""docs/export.md is true: its lines answer what stands beneath them, its tables are those of the code."""

import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from service.exports.columns import COLUMNS, Column
from service.exports.table_columns import AGENDA, FIGURES
from service.http.content_negotiation import FORMATS
from tests.serving import free_port, running

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "export.md").read_text()

#: Printed between two answers.
_BETWEEN = "-- next --"


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What the page's lines print, pasted in their order into one shell."""
    data, port = tmp_path_factory.mktemp("data"), free_port()
    script = f"\necho '{_BETWEEN}'\n".join(re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL))
    with running(data, port):
        pasted = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script.replace("127.0.0.1:8000", f"127.0.0.1:{port}")],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
    assert (pasted.returncode, pasted.stderr) == (0, "")
    return pasted.stdout.split(f"{_BETWEEN}\n")


def test_every_line_answers_what_the_page_says(answers: list[str]) -> None:
    assert answers == re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL)


def _rows(columns: Sequence[Column], *, read: bool) -> list[str]:
    return [
        f"| `{column.name}` | {column.kind.value} | {column.sentence} |"
        + ((" yes |" if column.is_read else " |") if read else "")
        for column in columns
    ]


def test_the_tables_are_the_columns() -> None:
    told = re.findall(r"^\| `\w+` \| (?:text|list|day|instant|integer) \|.*$", PAGE, re.MULTILINE)
    assert told == [*_rows(COLUMNS, read=True), *_rows(FIGURES, read=False), *_rows(AGENDA, read=False)]


def test_every_form_is_told_with_its_names() -> None:
    told = re.findall(r"^\| `(\w+)` \| `\.(\w+)` \| (.*?) \|", PAGE, re.MULTILINE)
    assert told == [(form.name, form.suffix, ", ".join(f"`{name}`" for name in form.media_types)) for form in FORMATS]
