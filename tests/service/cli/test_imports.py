"""`policytrail import`: the same as over HTTP, for who stands beside the database."""

import csv
import gzip
import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import psycopg.conninfo
import pytest
from click.testing import Result
from flask.testing import FlaskClient

from service.cli import import_file
from service.imports.progress import Progress
from tests.commands import MAPPING, command
from tests.factories import EARLIER, a_full_event, create_event, create_topic
from tests.imports import count_rows, ndjson, row, titles
from tests.service.conftest import make_key, running

Command = Callable[..., Result]


def run_command(database: str, *arguments: object, stderr: Any = subprocess.PIPE) -> subprocess.CompletedProcess[str]:
    """The command as a process of its own."""
    return subprocess.run(
        [Path(sys.executable).parent / "policytrail", *map(str, arguments)],
        env={"DATABASE_URL": database, "PATH": "/usr/bin:/bin", "COLUMNS": "120", "TERM": "xterm"},
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
        check=False,
    )


def test_files_are_imported_one_after_the_other_in_the_formats_of_their_names(
    database: str, client: FlaskClient, file: Callable[..., Path]
) -> None:
    table = b"external_ids,title,event_type,parties,source_type\ntracker:3,A law,legislation,Japan,report\n"
    files = [file("a.ndjson", ndjson(row(1))), file("b.ndjson.gz", gzip.compress(ndjson(row(2)))), file("c.csv", table)]
    done = command(database, "import", *files)
    assert done.exit_code == 0, done.output
    assert [line.partition(":")[0] for line in done.stdout.splitlines()] == ["a.ndjson", "b.ndjson.gz", "c.csv"]
    assert "1 created, 0 updated, 0 unchanged, 0 refused. done." in done.stdout
    assert titles(client) == ["A law", "Policy 1", "Policy 2"]


@pytest.mark.parametrize(
    "content",
    [
        ndjson(row(1)),
        gzip.compress(ndjson(row(1))),
        b"\xef\xbb\xbfexternal_ids;title;event_type;parties;source_type\ntracker:1;Policy 1;other;Japan;report\n",
    ],
)
def test_the_format_of_the_standard_input_follows_from_its_first_bytes(
    database: str, client: FlaskClient, content: bytes
) -> None:
    done = command(database, "import", "-", content=content)
    assert (done.exit_code, titles(client)) == (0, ["Policy 1"]), done.output


def test_refused_rows_are_reported_and_the_exit_code_is_1(
    database: str, client: FlaskClient, file: Callable[..., Path], tmp_path: Path
) -> None:
    rows = file("rows.ndjson", ndjson(row(1), *[b"{"] * 12, row(2, title="")))
    done = command(database, "import", rows, "--errors", tmp_path / "errors.ndjson")
    assert done.exit_code == 1
    assert "1 created, 0 updated, 0 unchanged, 13 refused" in done.stdout
    assert done.stderr.count("\nline ") == 9
    assert "… and 3 more errors" in done.stderr
    errors = [json.loads(line) for line in (tmp_path / "errors.ndjson").read_text().splitlines()]
    assert [one["line"] for one in errors] == list(range(2, 15))
    assert (errors[-1]["pointer"], titles(client)) == ("#/title", ["Policy 1"])


def test_a_file_that_cannot_be_read_or_written_is_reported_in_one_line(
    database: str, file: Callable[..., Path], tmp_path: Path
) -> None:
    damaged = command(database, "import", file("rows.gz", b"\x1f\x8b\x08 no gzip"))
    assert (damaged.exit_code, "failed. The gzip is damaged." in damaged.stdout) == (1, True), damaged.output
    rows = file("rows.ndjson", ndjson(row(1)))
    unwritten = command(database, "import", rows, "--errors", tmp_path / "nowhere" / "errors")
    assert unwritten.stderr.endswith("errors cannot be written: No such file or directory.\n")
    assert count_rows(database, "event") == {"event": 0}


@pytest.mark.parametrize(
    ("redirection", "line"),
    [
        ("--errors /dev/full rows.ndjson", "/dev/full cannot be written: No space left on device."),
        ("rows.ndjson >/dev/full", "The output cannot be written: No space left on device."),
        ("- <&-", "The standard input is closed; name a file."),
        ("/proc/self/mem", "/proc/self/mem cannot be read: Input/output error."),
    ],
)
def test_a_fault_of_a_file_is_reported_in_one_line(
    database: str, file: Callable[..., Path], redirection: str, line: str
) -> None:
    rows = file("rows.ndjson", ndjson(row(1, title="")))
    shell = f"exec {Path(sys.executable).parent}/policytrail import {redirection}"
    environment = os.environ | {"DATABASE_URL": database}
    done = subprocess.run(
        ["sh", "-c", shell], cwd=rows.parent, env=environment, stderr=subprocess.PIPE, text=True, check=False
    )
    assert (done.returncode, done.stderr.splitlines()[-1]) == (1, f"Error: {line}")
    assert "Traceback" not in done.stderr


def test_an_internal_error_is_logged_in_one_line_without_the_content_of_rows(
    database: str, file: Callable[..., Path]
) -> None:
    rows = file("rows.ndjson", ndjson(row(1, title="Hush")))
    with psycopg.connect(database) as conn:
        conn.execute("DROP TABLE event_agenda")
    done = run_command(database, "import", rows)
    assert (done.returncode, "failed. Something went wrong in the service" in done.stdout) == (1, True)
    [line] = done.stderr.splitlines()
    assert json.loads(line)["event"] == "import_failed"
    assert "psycopg.errors.UndefinedTable" in line
    assert "Hush" not in line


def test_a_terminal_shows_a_bar_with_rows_rate_errors_and_time_left(database: str, file: Callable[..., Path]) -> None:
    ours, theirs = pty.openpty()
    with os.fdopen(theirs) as terminal:
        done = run_command(database, "import", file("rows.ndjson", ndjson(row(1), b"{", row(2))), stderr=terminal)
    screen = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", os.read(ours, 100_000).decode())
    os.close(ours)
    assert done.returncode == 1
    assert re.search(r"rows\.ndjson .* 100% 3 rows  [\d,]+/s  1 refused 0:00:0\d left 0:00:00", screen), screen


def test_the_bar_shows_the_imported_share_of_rows_that_were_read_in_advance(
    database: str, file: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = list[float]()

    @contextmanager
    def progress_bar(_: str, size: int, position: Callable[[Progress], float]) -> Iterator[Callable[[Progress], None]]:
        yield lambda progress: parts.append(position(progress) / size)

    monkeypatch.setattr(import_file, "progress_bar", progress_bar)
    rows = "No,Name,State,Adopted\n" + "".join(f"{number},A law,Japan,05.03.2020\n" for number in range(1_500))
    mapping = file("laws.toml", f'group.by = "{{No}}"\n{MAPPING}'.encode())
    words = ("import", "--mapping", mapping, file("laws.csv", rows.encode()), "--jobs", "1")
    assert "1,500 created" in command(database, *words).stdout
    assert [round(part, 2) for part in parts] == [0.33, 0.67, 1.0]
    parts.clear()
    words = (*words[:3], file("laws.csv", rows.replace("A law", "A new law").encode()), "--jobs", "1")
    assert "1,500 updated" in command(database, *words, "--mode", "atomic").stdout
    assert [round(part, 2) for part in parts] == [0.0, 0.33, 0.67, 0.83, 1.0]


def test_an_atomic_import_and_a_dry_run_change_nothing_on_errors(database: str, file: Callable[..., Path]) -> None:
    rows = file("rows.ndjson", ndjson(row(1), row(2)))
    dry = command(database, "import", rows, "--dry-run")
    assert (dry.exit_code, "2 created" in dry.stdout, "nothing is kept" in dry.stdout) == (0, True, True)
    failed = command(database, "import", file("bad.ndjson", ndjson(row(1), b"{")), "--mode", "atomic")
    assert (failed.exit_code, "failed. One row was refused, so nothing was imported." in failed.stdout) == (1, True)
    assert count_rows(database, "event") == {"event": 0}


def test_several_processes_import_the_rows_of_each_event_in_order(
    database: str, file: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_file, "_POOL_MIN_BYTES", 1)
    rows = [row(number % 700, title=f"Policy, version {number // 700 + 1}") for number in range(2_100)]
    done = command(database, "import", file("rows.ndjson", ndjson(*rows, b"{")), "--jobs", "2")
    assert "700 created, 1,400 updated, 0 unchanged, 1 refused" in done.stdout, done.output
    with psycopg.connect(database) as conn:
        versions = conn.execute(
            "SELECT DISTINCT version, title_key, convert_from(document, 'UTF8')::json ->> 'version' FROM event_revision"
        ).fetchall()
    assert sorted(versions) == [(version, f"policy, version {version}", str(version)) for version in (1, 2, 3)]
    again = command(database, "import", file("last.ndjson", ndjson(*rows[1_400:])), "--jobs", "2")
    assert "0 updated, 700 unchanged" in again.stdout


def test_an_export_imported_elsewhere_has_equal_documents(
    database: str, client: FlaskClient, admin: psycopg.Connection, template_database: str
) -> None:
    create_topic(client, "trade")
    create_event(client, title="The one before", external_ids=[{"scheme": "number", "value": "2"}])
    earlier = client.get("/v1/events").get_json()["items"][0]
    full = create_event(client, **a_full_event(relations=[{"type": "follows", "event": earlier["id"]}]))
    change(client, full, tags=["one"])
    change(client, earlier, relations=[{"type": "amends", "event": full["id"]}], tags=["two"])
    exported = command(database, "export").stdout_bytes
    assert len(exported.splitlines()) == 2
    with empty(database, admin, template_database) as other:
        done = command(other, "import", "-", content=exported)
        assert (done.exit_code, "2 created" in done.stdout) == (0, True), done.output
        assert command(other, "export").stdout_bytes == exported
        again = command(other, "import", "-", content=exported)
        assert "0 created, 0 updated, 2 unchanged" in again.stdout
        with running(other) as app:
            topics = app.test_client().get("/v1/topics").get_json()["items"]
            assert [(topic["id"], topic["labels"]) for topic in topics] == [("trade", {"en": "trade"})]


def test_an_export_with_relations_to_merged_or_deleted_events_has_equal_documents(
    database: str, client: FlaskClient, admin: psycopg.Connection, template_database: str
) -> None:
    stays, goes, ends = (create_event(client, title=title) for title in ("Stays", "Goes", "Ends"))
    to = [{"type": "follows", "event": goes["id"]}, {"type": "amends", "event": ends["id"]}]
    states = create_event(client, title="States", relations=to)
    merged = client.post(f"/v1/events/{goes['id']}/merge", json={"into": stays["id"]}, headers={"If-Match": '"1"'})
    deleted = client.delete(f"/v1/events/{ends['id']}", headers={"If-Match": '"1"'})
    assert (merged.status_code, deleted.status_code) == (200, 204)
    exported = command(database, "export").stdout_bytes
    with empty(database, admin, template_database) as other:
        done = command(other, "import", "-", content=exported)
        assert (done.exit_code, "2 created" in done.stdout) == (0, True), done.output
        assert command(other, "export").stdout_bytes == exported
        with running(other) as app:
            there = app.test_client()
            there.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {make_key(other, 'events:read', 'events:write')}"
            relations = there.get(f"/v1/events/{states['id']}/relations").get_json()["items"]
            assert [(one["event"]["id"], one["event"]["record_state"]) for one in relations] == [
                (goes["id"], None),
                (ends["id"], None),
            ]
            change(there, states, tags=["it can still be changed"])
            new = there.patch(
                f"/v1/events/{stays['id']}",
                json={"relations": [{"type": "follows", "event": goes["id"]}]},
                headers={"If-Match": there.get(f"/v1/events/{stays['id']}").headers["ETag"]},
            )
            assert new.status_code == 422
            later = ndjson(row(1, id=goes["id"], title="Comes later"))
            assert "1 created" in command(other, "import", "-", content=later).stdout
            [incoming] = there.get(f"/v1/events/{goes['id']}/relations").get_json()["items"]
            assert incoming["event"]["id"] == states["id"]


def test_importing_an_exported_csv_changes_nothing(database: str, client: FlaskClient) -> None:
    create_topic(client, "trade")
    create_event(client, id=EARLIER)
    earlier = client.get("/v1/events").get_json()["items"][0]
    create_event(client, **a_full_event(relations=[{"type": "follows", "event": earlier["id"]}]))
    table = command(database, "export", "--format", "csv").stdout_bytes
    done = command(database, "import", "-", "--format", "csv", content=table)
    assert "0 created, 0 updated, 2 unchanged, 0 refused" in done.stdout, done.output


def test_an_exported_csv_imported_elsewhere_has_equal_columns(
    database: str, client: FlaskClient, admin: psycopg.Connection, template_database: str
) -> None:
    created = create_event(
        client, title="One", tags=["a; b"], dates=[{"kind": "ends", "edtf": "2030", "modality": "expected"}]
    )
    change(client, created, summary="=1+1")
    table = command(database, "export", "--format", "csv").stdout_bytes
    with empty(database, admin, template_database) as other:
        done = command(other, "import", "-", "--format", "csv", content=table)
        assert (done.exit_code, "1 created" in done.stdout) == (0, True), done.output
        again = command(other, "export", "--format", "csv").stdout
    here, there = (list(csv.DictReader(text.splitlines())) for text in (table.decode(), again))
    own = dict.fromkeys(("version", "created_at", "updated_at", "content_changed_at"))
    assert [one | own for one in there] == [one | own for one in here]
    assert (here[0]["version"], there[0]["version"]) == ("2", "1")


@contextmanager
def empty(database: str, admin: psycopg.Connection, template_database: str) -> Iterator[str]:
    """The URL of another database beside `database`, with nothing in it."""
    ours = psycopg.conninfo.conninfo_to_dict(database)["dbname"]
    name = f"{ours}_other"
    admin.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template_database}"')
    try:
        yield database.replace(f"/{ours}", f"/{name}")
    finally:
        admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def change(client: FlaskClient, event: dict[str, Any], **fields: Any) -> None:
    answer = client.patch(f"/v1/events/{event['id']}", json=fields, headers={"If-Match": f'"{event["version"]}"'})
    assert answer.status_code == 200, answer.text
