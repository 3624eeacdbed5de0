"""Imports that are cut, killed or left without their database: whole rows only, a true report, and it can go on."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pytest

from service import store
from service.config import Settings
from service.db.embedded_postgres import Server, start
from service.db.pool import Database
from service.imports import batch_writer
from service.imports.options import ImportOptions
from service.imports.readers import read_rows
from service.imports.run import Import, begin_import
from service.strict_json import JsonLimits
from tests.faults.clients import DROPPED, Answer, Wire, at_once, request_bytes, send_request, wait_until, wire
from tests.faults.conftest import OPTIONS, make_database
from tests.faults.processes import family, kill
from tests.imports import NDJSON, counts, ndjson, row
from tests.servers import ROOT, Served, serving
from tests.service.conftest import make_key

#: Rows of a file, and those of them that are sent before something happens: several batches, and a piece of a row.
ROWS, SENT = 2_000, 1_200

LINES = ndjson(*map(row, range(ROWS))).splitlines(keepends=True)
BODY, FIRST, REST, REVERSED = (b"".join(lines) for lines in (LINES, LINES[:SENT], LINES[SENT:], LINES[::-1]))
PIECE, REST_OF_PIECE = FIRST + REST[:20], REST[20:]

NDJSON_OF_100_BYTES = {"Content-Type": NDJSON, "Content-Length": "100"}
CHUNKED = {"Content-Length": "", "Transfer-Encoding": "chunked", "Content-Type": NDJSON}


@pytest.fixture
def empty(cluster: Server) -> str:
    """The URL of a migrated database of the test's own."""
    return make_database(cluster)


@pytest.fixture
def writer(empty: str) -> str:
    """A key for it."""
    return make_key(empty, "events:write")


def whole(database: str) -> int:
    """Return the number of events. Each must have all of its rows in other tables, and no such row lacks its event."""
    with psycopg.connect(database) as conn:
        assert conn.execute(UNWHOLE).fetchall() == []
        [[number]] = conn.execute("SELECT count(*) FROM event").fetchall()
    return int(number)


UNWHOLE = """
SELECT event.id, revision.id, external.event_id, search.event_id, mark.event_id, noted.event_id
  FROM event
  FULL JOIN event_revision AS revision USING (id)
  FULL JOIN event_external_id AS external ON external.event_id = event.id
  FULL JOIN event_search AS search ON search.event_id = event.id
  FULL JOIN import_mark AS mark ON mark.event_id = event.id
  FULL JOIN (SELECT event_id FROM outbox UNION ALL SELECT event_id FROM feed) AS noted ON noted.event_id = event.id
 WHERE (event.version = 1
        AND revision.version = 1
        AND revision.document = event.document
        AND mark.version = 1
        AND search.event_id = noted.event_id
        AND convert_from(event.document, 'UTF8')::jsonb #>> '{external_ids,0,value}' = external.value)
       IS NOT TRUE
"""


def last_import(served: Served, key: str) -> dict[str, Any]:
    """Return the summary of the newest import."""
    [first, *_] = send_request(served.port, "GET", "/v1/imports", key=key).json()["items"]
    return dict(first)


def imported_again(served: Served, key: str, before: int) -> None:
    """Send all of the file, of which `before` rows are there: it goes on with the others."""
    report = whole_file_sent(served, key, BODY).json()
    assert (report["state"], report["rows"]) == ("done", counts(created=ROWS - before, unchanged=before))


@contextmanager
def half_sent(served: Served, key: str, database: str) -> Iterator[Wire]:
    """A connection on which more than half of the file has been sent, and some of it is taken."""
    with wire(served.port) as line:
        line.send(request_bytes("POST", "/v1/imports", key=key, headers=CHUNKED))
        line.send(b"%x\r\n%s\r\n" % (len(PIECE), PIECE))
        wait_until(lambda: rows_taken(database) > 0)
        yield line


def rows_taken(database: str) -> int:
    with psycopg.connect(database) as conn:
        [[number]] = conn.execute("SELECT coalesce(sum(created), 0) FROM import").fetchall()
    return int(number)


def test_a_closed_connection_leaves_complete_rows_and_a_report_of_the_progress(empty: str, writer: str) -> None:
    with serving(empty) as served:
        with half_sent(served, writer, empty):
            pass
        wait_until(lambda: last_import(served, writer)["state"] != "running")
        report = last_import(served, writer)
        number = whole(empty)
        assert (report["state"], report["reason"]) == ("interrupted", "The connection was closed.")
        assert (report["rows"], report["line"]) == (counts(created=number), number)
        assert 0 < number <= SENT
        imported_again(served, writer, number)
        assert whole(empty) == ROWS


def test_a_body_shorter_than_announced_is_interrupted(empty: str, writer: str) -> None:
    with serving(empty) as served:
        with wire(served.port) as line:
            headers = {"Content-Type": NDJSON, "Content-Length": str(len(BODY))}
            line.send(request_bytes("POST", "/v1/imports", PIECE, key=writer, headers=headers))
            wait_until(lambda: rows_taken(empty) > 0)
        wait_until(lambda: last_import(served, writer)["state"] == "interrupted")
        assert last_import(served, writer)["rows"] == counts(created=whole(empty))


@pytest.mark.parametrize("piece", [b"", b"{", b'{"ti', b"\x1f\x8b"])
def test_a_body_that_ends_in_its_first_row_is_malformed_and_begins_no_import(
    empty: str, writer: str, piece: bytes
) -> None:
    with serving(empty) as served, wire(served.port) as line:
        line.send(request_bytes("POST", "/v1/imports", piece, key=writer, headers=NDJSON_OF_100_BYTES))
        line.sock.shutdown(socket.SHUT_WR)
        assert line.answer("POST").problem() == 400
        assert send_request(served.port, "GET", "/v1/imports", key=writer).json()["items"] == []


def test_a_killed_api_leaves_complete_rows_and_a_report_of_the_progress(
    empty: str, writer: str, tmp_path: Path
) -> None:
    with serving(empty, TMPDIR=str(tmp_path)) as served, half_sent(served, writer, empty) as line:
        served.kill()
        with pytest.raises(DROPPED):
            line.answer("POST")
    wait_until(lambda: connections(empty) == 0)
    number = whole(empty)
    with serving(empty, TMPDIR=str(tmp_path)) as served:
        report = last_import(served, writer)
        assert (report["state"], report["rows"], report["line"]) == ("running", counts(created=number), number)
        let_time_pass(empty)
        report = last_import(served, writer)
        assert (report["state"], report["reason"]) == ("interrupted", "The import ended unexpectedly.")
        assert report["finished_at"] is not None
        imported_again(served, writer, number)
        assert [
            one["state"] for one in send_request(served.port, "GET", "/v1/imports", key=writer).json()["items"]
        ] == [
            "done",
            "interrupted",
        ]
    assert whole(empty) == ROWS


def test_an_importing_process_answers_other_requests(empty: str, writer: str) -> None:
    with serving(empty, POLICYTRAIL_WORKERS="1") as served, half_sent(served, writer, empty) as line:
        assert [send_request(served.port, "GET", path).status for path in ("/livez", "/v1/events", "/readyz")] == [
            200
        ] * 3
        assert last_import(served, writer)["state"] == "running"
        line.send(b"%x\r\n%s\r\n0\r\n\r\n" % (len(REST_OF_PIECE), REST_OF_PIECE))
        assert line.answer("POST").body.splitlines()[-1].startswith(b'{"id":"')
        assert last_import(served, writer)["rows"] == counts(created=ROWS)


def connections(database: str) -> int:
    """Of the API or the command."""
    with psycopg.connect(database) as conn:
        [[number]] = conn.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND application_name = 'policytrail'"
        ).fetchall()
    return int(number)


def let_time_pass(database: str) -> None:
    """Let every sign of life be a minute older."""
    with psycopg.connect(database) as conn:
        conn.execute("UPDATE import SET beat_at = beat_at - interval '1 minute'")


@contextmanager
def importing(database: str, *options: str) -> Iterator[subprocess.Popen[bytes]]:
    """`policytrail import -`, which waits for what it is sent, until the block ends."""
    process = subprocess.Popen(
        [Path(sys.executable).parent / "policytrail", "import", "-", *options],
        cwd=ROOT,
        env={"DATABASE_URL": database, "PATH": "/usr/bin:/bin"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    try:
        yield process
    finally:
        kill(family(process.pid))
        process.communicate()


def feed(process: subprocess.Popen[bytes], content: bytes) -> None:
    assert process.stdin
    process.stdin.write(content)
    process.stdin.flush()


def test_a_killed_command_leaves_no_processes_and_can_be_run_again(empty: str) -> None:
    with importing(empty, "--jobs", "2") as process:
        feed(process, PIECE)
        wait_until(lambda: rows_taken(empty) > 0)
        everyone = family(process.pid)
        assert len(everyone) >= 3
        process.kill()
        wait_until(lambda: not any(one.is_alive for one in everyone))
    wait_until(lambda: connections(empty) == 0)
    number = whole(empty)
    assert rows_taken(empty) == number
    with importing(empty, "--jobs", "2") as process:
        output, _ = process.communicate(BODY)
    assert f"{ROWS - number:,} created, 0 updated, {number:,} unchanged, 0 refused. done." in output.decode()
    assert whole(empty) == ROWS


def test_ctrl_c_marks_the_import_as_interrupted(empty: str) -> None:
    with importing(empty, "--jobs", "1") as process:
        feed(process, PIECE)
        wait_until(lambda: rows_taken(empty) > 0)
        process.send_signal(2)
        process.wait(20)
    with psycopg.connect(empty) as conn:
        assert conn.execute("SELECT state, created FROM import").fetchall() == [("interrupted", whole(empty))]


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_an_import_survives_a_restart_of_the_database(own_cluster: Server, own_database: str, jobs: str) -> None:
    with importing(own_database, "--jobs", jobs) as process:
        feed(process, FIRST)
        wait_until(lambda: rows_taken(own_database) > 0)
        own_cluster.stop("immediate")
        start(own_cluster.directory, options=OPTIONS)
        output, _ = process.communicate(REST)
    assert f"{ROWS:,} created, 0 updated, 0 unchanged, 0 refused. done." in output.decode()
    assert whole(own_database) == ROWS


def test_without_the_database_the_report_has_the_progress_until_then(
    own_cluster: Server, own_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch_writer, "RETRY_DELAYS", (0.1,))

    def until_it_goes() -> Iterator[bytes]:
        yield FIRST
        own_cluster.stop("immediate")
        yield REST

    settings = Settings(database_url=own_database, pool_size=3, pool_wait=0.2)
    with opened(settings) as database:
        job = begin_import(database, settings, ImportOptions(), format="ndjson", mode="partial")
        running = Import(job)
        assert (
            len(
                list(
                    running.run(
                        read_rows(until_it_goes(), "ndjson", JsonLimits(), max_line_bytes=10_000, max_bytes=10**9)
                    )
                )
            )
            > 1
        )
    start(own_cluster.directory, options=OPTIONS)
    let_time_pass(own_database)
    with psycopg.connect(own_database) as conn:
        stored = store.imports.get_import(conn, job.stored.id, datetime.now(UTC))
    assert (stored.state, stored.created) == ("interrupted", whole(own_database))
    assert 0 < stored.created < ROWS


@contextmanager
def opened(settings: Settings) -> Iterator[Database]:
    database = Database(settings)
    database.open()
    try:
        yield database
    finally:
        database.close()


def test_concurrent_imports_of_one_file_create_each_event_once(empty: str, writer: str) -> None:
    """Neither waits for the other for ever, and their rows together are all rows twice."""
    with serving(empty, POLICYTRAIL_MAX_IMPORTS="3") as served:
        answers = at_once(*[partial(whole_file_sent, served, writer, body) for body in (BODY, BODY, REVERSED)])
    reports = [answer.json() for answer in answers]
    assert [(one["state"], one["rows"]["refused"]) for one in reports] == [("done", 0)] * 3
    assert sum(one["rows"]["created"] for one in reports) == ROWS
    assert sum(one["rows"]["unchanged"] for one in reports) == 2 * ROWS
    assert whole(empty) == ROWS


def whole_file_sent(served: Served, key: str, body: bytes) -> Answer:
    """The answer to the import of a file, as JSON."""
    with wire(served.port) as line:
        headers = {"Content-Type": NDJSON, "Accept": "application/json"}
        line.send(request_bytes("POST", "/v1/imports", body, key=key, headers=headers))
        return line.answer("POST")
