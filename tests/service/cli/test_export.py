"""`policytrail export`."""

import csv
import gzip
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result
from flask.testing import FlaskClient

from service.cli.main import main
from service.exports import export as exporter
from tests.commands import command
from tests.factories import create_event

Run = Callable[..., Result]


@pytest.fixture
def export(database: str) -> Run:
    def run(*arguments: str | Path) -> Result:
        return command(database, "export", *arguments)

    return run


@pytest.fixture
def three(client: FlaskClient) -> list[dict[str, Any]]:
    return [create_event(client, title=title, status=status) for title, status in _THREE]


_THREE = [("C", "planned"), ("A", "adopted"), ("B", "planned")]


def test_the_command_writes_the_bytes_of_the_api(export: Run, client: FlaskClient, three: list[dict[str, Any]]) -> None:
    for form in ("ndjson", "csv"):
        done = export("--format", form, "status=planned")
        assert (done.exit_code, done.stderr) == (0, "")
        assert done.stdout_bytes == client.get(f"/v1/events.{form}?status=planned").data
    assert [json.loads(line) for line in export().stdout_bytes.splitlines()] == three


@pytest.mark.usefixtures("three")
def test_the_command_takes_the_parameters_of_the_list(export: Run) -> None:
    done = export("sort=-title", "limit=2", "fields=title", "party=JP,EU")
    assert [json.loads(line)["title"] for line in done.stdout.splitlines()] == ["C", "B"]
    assert export("--format", "csv", "bom=true").stdout_bytes.startswith(b"\xef\xbb\xbfid,")


@pytest.mark.usefixtures("three")
def test_the_files_name_decides_on_format_and_compression(export: Run, tmp_path: Path) -> None:
    assert export("--output", tmp_path / "events.csv.gz").exit_code == 0
    text = gzip.decompress((tmp_path / "events.csv.gz").read_bytes()).decode()
    assert [row["title"] for row in csv.DictReader(io.StringIO(text, newline=""))] == ["C", "A", "B"]

    done = export("--output", tmp_path / "events.parquet", "status=planned")
    assert pq.read_table(tmp_path / "events.parquet").column("title").to_pylist() == ["C", "B"]
    assert done.stderr.startswith("2 events in ")

    export("--output", tmp_path / "events.txt", "--format", "ndjson")
    assert len((tmp_path / "events.txt").read_text().splitlines()) == 3


@pytest.mark.usefixtures("three")
def test_a_failed_export_leaves_the_previous_file(export: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "events.ndjson"
    file.write_text("before")

    def broken(*_: Any, **__: Any) -> Any:
        yield [b"{}"]
        raise OSError("no space left on device")

    monkeypatch.setattr(exporter, "stream_documents", broken)
    done = export("--output", file)
    assert (done.exit_code, done.stderr) == (1, f"Error: {file} cannot be written: no space left on device.\n")
    assert (file.read_text(), list(tmp_path.iterdir())) == ("before", [file])


def test_a_file_that_cannot_be_written_is_reported(export: Run, tmp_path: Path) -> None:
    done = export("--output", tmp_path / "nowhere" / "events.csv")
    assert done.exit_code == 1
    assert done.stderr.endswith("events.csv cannot be written: No such file or directory.\n")


@pytest.mark.parametrize(
    ("arguments", "status", "error"),
    [
        (["part=JP"], 1, 'part: Unknown field. Did you mean "party"?'),
        (["limit=many"], 1, "limit: Must be a whole number from 1."),
        (["topic=none"], 1, 'There is no topic "none".'),
        (["party"], 2, "party: give each parameter once, as NAME=VALUE."),
        (["party=JP", "party=EU"], 2, "party=EU: give each parameter once"),
        (["count=exact"], 2, "count: not supported for exports"),
        (["--format", "xls"], 2, "'xls' is not one of"),
    ],
)
def test_an_invalid_parameter_is_reported(export: Run, arguments: list[str], status: int, error: str) -> None:
    done = export(*arguments)
    assert done.exit_code == status
    assert error in done.stderr
    assert done.stdout == ""


def test_a_missing_database_url_is_reported() -> None:
    done = CliRunner().invoke(main, ["export"], env={"DATABASE_URL": ""})
    assert (done.exit_code, done.stderr) == (1, "Error: Set DATABASE_URL to the URL of a PostgreSQL database.\n")


def test_a_missing_pyarrow_is_reported(export: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyarrow.parquet", None)
    done = export("--format", "parquet")
    assert (done.exit_code, "needs the extra `parquet`" in done.stderr) == (1, True)
