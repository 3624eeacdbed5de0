"""A log that cannot be written: requests are answered, loops go on, and the lost lines are counted."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pytest

from service.db.embedded_postgres import Server, start
from tests.factories import an_event
from tests.faults.clients import at_once, send_request, wait_until, wire
from tests.faults.conftest import OPTIONS
from tests.faults.locks import count_events
from tests.faults.workers import WORK, run_logged_worker, subscribe, wait_for_deliveries, write
from tests.receivers import run_receiver
from tests.servers import ROOT, Served, free_port, serving

#: How a process is started: its `stderr`, and the start of its command line.
Start = dict[str, Any]

#: The start of a command line whose rest runs without a standard error.
WITHOUT_STDERR = ["sh", "-c", 'exec "$@" 2>&-', "-"]


@contextmanager
def a_full_device() -> Iterator[Start]:
    """Every write fails, as on a full disk."""
    with open("/dev/full", "wb") as device:  # noqa: PTH123 (a device, not a path)
        yield {"stderr": device}


@contextmanager
def a_stalled_reader() -> Iterator[Start]:
    """A pipe that nobody reads, with room for a few lines only."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    with open(writer, "wb", buffering=0) as end:  # noqa: PTH123 (a descriptor)
        while end.write(bytes(4096)):
            pass
        os.set_blocking(writer, True)
        os.read(reader, 8192)
        yield {"stderr": end}
    os.close(reader)


@contextmanager
def an_ended_reader() -> Iterator[Start]:
    """A pipe whose reader has ended."""
    reader, writer = os.pipe()
    os.close(reader)
    yield {"stderr": writer}
    os.close(writer)


@contextmanager
def no_stderr() -> Iterator[Start]:
    """A closed standard error."""
    yield {"wrapper": WITHOUT_STDERR}


LOGS = [a_full_device, a_stalled_reader, an_ended_reader, no_stderr]


@pytest.mark.parametrize("log", LOGS)
def test_the_api_answers_every_request_when_its_log_cannot_be_written(
    database: str, key: str, log: Callable[[], AbstractContextManager[Start]]
) -> None:
    with log() as started, serving(database, POLICYTRAIL_LOG_LEVEL="DEBUG", **started) as served:
        created = at_once(*[partial(send_request, served.port, "POST", "/v1/events", key=key, json=an_event())] * 8)
        read = [send_request(served.port, "GET", "/v1/topics?limit=1").status for _ in range(400)]
        refused = [_malformed(served) for _ in range(100)]  # each of which gunicorn itself logs
        healthy = [send_request(served.port, "GET", path).status for path in ("/livez", "/readyz")]

        assert {answer.status for answer in created} == {201}
        assert set(read) == {200}
        assert set(refused) == {400}
        assert healthy == [200, 200]
        if log is not no_stderr:  # whose lines go to /dev/null
            wait_until(lambda: _dropped(served.port) > 100)


@pytest.mark.parametrize("log", LOGS)
def test_the_worker_delivers_on_after_an_outage_that_it_could_not_log(
    own_cluster: Server, own_database: str, log: Callable[[], AbstractContextManager[Start]]
) -> None:
    port = free_port()
    settings = {"POLICYTRAIL_LOG_LEVEL": "DEBUG", "POLICYTRAIL_WORKER_METRICS_PORT": str(port)}
    with (
        run_receiver() as receiver,
        log() as started,
        run_logged_worker(
            own_database, started.get("stderr"), [*started.get("wrapper", ()), *WORK], settings
        ) as process,
    ):
        subscribe(own_database, receiver)
        write(own_database, 3)
        wait_for_deliveries(own_database, 3)
        for _ in range(3):  # each loop logs each outage
            own_cluster.stop("immediate")
            start(own_cluster.directory, options=OPTIONS)
        write(own_database, 3)
        wait_for_deliveries(own_database, 6)

        assert process.poll() is None
        assert set(send_request(port, "GET", "/livez").json()["checks"].values()) == {"pass"}
        assert _dropped(port) >= 0


def test_a_command_ends_well_when_its_terminal_takes_no_lines(
    database: str, conn: psycopg.Connection, tmp_path: Path
) -> None:
    rows = tmp_path / "rows.ndjson"
    rows.write_text("\n".join(json.dumps(an_event(event_type=name)) for name in ("announcement", "no such type")))
    command = [sys.executable, "-m", "service", "import", str(rows)]
    run = partial(subprocess.run, cwd=ROOT, env=os.environ | {"DATABASE_URL": database}, check=False)
    before = count_events(conn)
    with a_full_device() as started:
        outcomes = [run(command, stdout=subprocess.DEVNULL, **started).returncode]
    assert count_events(conn) == before + 1
    outcomes.append(run([*WITHOUT_STDERR, *command], stdout=subprocess.DEVNULL).returncode)
    at_a_terminal = run(command, capture_output=True, text=True)

    assert "line 2" in at_a_terminal.stderr
    assert outcomes == [at_a_terminal.returncode] * 2


def _malformed(served: Served) -> int:
    """Send a request that gunicorn refuses by itself, and return the status."""
    with wire(served.port) as line:
        line.send(b"GET /v1/topics HTTP/1.1\r\nHost: localhost\r\nbad header\r\n\r\n")
        return line.answer().status


def _dropped(port: int) -> float:
    """Return the number of dropped lines in the metrics."""
    text = send_request(port, "GET", "/metrics").body.decode()
    [number] = re.findall(r"^policytrail_log_lines_dropped_total (\S+)$", text, re.MULTILINE)
    return float(number)
