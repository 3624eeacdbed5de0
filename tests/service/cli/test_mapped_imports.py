"""`policytrail import --mapping`: any table becomes events."""

from collections.abc import Callable
from pathlib import Path

from flask.testing import FlaskClient

from tests.commands import MAPPING, command
from tests.imports import count_rows


def test_a_mapping_imports_events_from_any_table_and_creates_its_topics(
    database: str, client: FlaskClient, file: Callable[..., Path]
) -> None:
    table = b"No,Name,State,Adopted\n1,A law,Japan,05.03.2020\n2,,Japan,05.03.2020\n3,Another,Japan,soon\n"
    words = ("import", "--mapping", file("laws.toml", MAPPING.encode()), file("laws.csv", table))
    dry = command(database, *words, "--dry-run")
    assert "1 created, 0 updated, 0 unchanged, 2 refused" in dry.stdout, dry.output
    assert client.get("/v1/topics").get_json()["items"] == []
    done = command(database, *words)
    assert (done.exit_code, "1 created, 0 updated, 0 unchanged, 2 refused. done." in done.stdout) == (1, True)
    assert "New topics: law." in done.stderr
    assert "line 4: Adopted #/dates: " in done.stderr
    [event] = client.get("/v1/events").get_json()["items"]
    assert (event["title"], event["dates"][0]["edtf"], event["topics"][0]["id"]) == ("A law", "2020-03-05", "law")
    assert "1 unchanged, 2 refused" in command(database, *words).stdout


def test_rows_refused_together_are_reported_with_their_lines(database: str, file: Callable[..., Path]) -> None:
    table = (
        "No,Name,State,Adopted\n" + "1,A law,Japan,05.03.2020\n" * 3 + "2,B,Japan,05.03.2020\n1,C,Japan,05.03.2020\n"
    )
    mapping = file("laws.toml", f'group = {{ by = "{{No}}", alike = true }}\n{MAPPING}'.encode())
    done = command(database, "import", "--mapping", mapping, file("laws.csv", table.encode()))
    assert "line 2: Name: Differs between the rows of the event." in done.stderr
    assert "Also refused, as rows of the same event: lines 3-4, 6." in done.stderr


def test_a_file_that_does_not_fit_the_mapping_creates_no_import_and_no_topics(
    database: str, client: FlaskClient, file: Callable[..., Path]
) -> None:
    words = ("import", "--mapping", file("laws.toml", MAPPING.encode()))
    other = command(database, *words, file("other.csv", b"No,Nome\n1,Una legge\n"))
    assert (other.exit_code, "the file has no column" in other.stderr) == (1, True), other.output
    damaged = command(database, *words, file("laws.csv.gz", b"\x1f\x8b\x08 no gzip"))
    assert (damaged.exit_code, damaged.stderr) == (1, "Error: The gzip is damaged.\n")
    assert count_rows(database, "import", "topic") == {"import": 0, "topic": 0}
    assert client.get("/v1/imports").get_json()["items"] == []
