"""`make run`: started, used, stopped, killed and started again."""

import json
import os
import re
import signal
import socket
import stat
import time
from collections.abc import Callable, Iterator
from email.message import Message
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest

from tests.factories import an_event
from tests.faults.clients import DROPPED, Answer, at_once, send_request, wait_until, wire
from tests.faults.processes import Process, family, kill, server_in
from tests.faults.runs import STOP_TIMEOUT, Run, paste, started
from tests.receivers import run_receiver

#: Seconds within which a part is back: it pauses for a second at first, and a worker's lease lasts 30.
RESTART_TIMEOUT = 120.0


@pytest.fixture
def directory(scratch: Path) -> Iterator[Path]:
    """A folder for the data that does not exist yet."""
    with TemporaryDirectory(prefix="policytrail-", dir=scratch) as name:
        yield Path(name) / "data"


@pytest.mark.parametrize("name", ["data", "Zoë's data $HOME"])
def test_a_first_run_prints_three_commands_that_work_when_pasted(directory: Path, name: str) -> None:
    with started(directory.with_name(name)) as run:
        events, topics, created = [paste(line) for line in run.greeting()]

        assert len(events["items"]) == 1
        assert len(topics["items"]) == 5
        assert created == send_request(run.port, "GET", f"/v1/events/{created['id']}").json()


def test_the_admin_key_is_printed_and_readable_by_its_owner_alone(directory: Path) -> None:
    with started(directory) as run:
        run.greeting()

        assert run.key() in run.terminal()
        assert stat.S_IMODE((directory / "admin.key").stat().st_mode) == 0o600
        assert stat.S_IMODE(directory.stat().st_mode) == 0o700
        assert (
            send_request(run.port, "DELETE", first_event(run)[0], key=run.key(), headers={"If-Match": '"1"'}).status
            == 204
        )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_all_processes_and_a_second_run_has_the_data_and_the_key(directory: Path, number: int) -> None:
    with started(directory) as run:
        created = paste(run.greeting()[-1])
        key = run.key()
        assert len(run.running()) > 5
        assert run.stop(number) == 0

    with started(directory) as again:
        again.greeting()
        assert send_request(again.port, "GET", f"/v1/events/{created['id']}").json() == created
        assert again.key() == key
        assert key in again.terminal()


def test_an_open_connection_does_not_delay_the_shutdown(directory: Path) -> None:
    with started(directory) as run:
        run.greeting()
        with wire(run.port) as line:
            line.send(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert line.answer().status == 200
            assert run.stop(signal.SIGTERM) == 0


def test_a_new_run_recovers_the_data_after_all_processes_were_killed(directory: Path) -> None:
    with started(directory) as run:
        created = paste(run.greeting()[-1])
        kill(run.running())
        wait_until(lambda: not run.running())
        assert run.process.wait() == -signal.SIGKILL

    with started(directory, port=run.port) as again:
        again.greeting()
        assert send_request(again.port, "GET", f"/v1/events/{created['id']}").json() == created
        assert again.stop(signal.SIGTERM) == 0


def test_the_api_stops_when_the_supervisor_is_killed_and_a_new_run_works(directory: Path) -> None:
    with started(directory) as run:
        created = paste(run.greeting()[-1])
        api = api_of(run)
        assert len(api) == 3
        run.process.kill()
        run.process.wait()
        wait_until(lambda: not any(process.is_alive for process in api), STOP_TIMEOUT)

        # PostgreSQL is still running and is used again.
        with started(directory, port=run.port) as again:
            again.greeting()
            assert send_request(again.port, "GET", f"/v1/events/{created['id']}").json() == created
            assert again.stop(signal.SIGTERM) == 0


PARTS: dict[str, Callable[[Run], set[Process]]] = {
    "PostgreSQL": lambda run: {one for one in server_in(run.directory / "postgres") if "postgres -D" in one.command},
    "the processes of PostgreSQL": lambda run: server_in(run.directory / "postgres"),
    "a connection of PostgreSQL": lambda run: set(sorted(backends_of(run), key=lambda one: one.pid)[:1]),
    "the API": lambda run: set(api_of(run)),
    "gunicorn's master": lambda run: set(sorted(api_of(run), key=lambda one: one.pid)[:1]),
    "a worker of gunicorn": lambda run: set(sorted(api_of(run), key=lambda one: one.pid)[1:2]),
    "the webhook worker": lambda run: {one for one in family(run.process.pid) if one.command.endswith("service work ")},
    "everything": lambda run: run.running() - {one for one in run.running() if one.pid == run.process.pid},
}


@pytest.mark.parametrize("part", PARTS)
def test_a_killed_part_comes_back_by_itself_and_everything_works_again(directory: Path, part: str) -> None:
    with run_receiver() as receiver, started(directory) as run:
        run.greeting()
        webhook = {"url": receiver.url}
        assert send_request(run.port, "POST", "/v1/webhooks", key=run.key(), json=webhook).status == 201
        victims = PARTS[part](run)
        assert victims
        kill(victims)
        wait_until(lambda: not any(one.is_alive for one in victims))
        wait_until(lambda: statuses(run, "GET", "/v1/events") == {200}, RESTART_TIMEOUT)
        # Through the API, PostgreSQL and the worker.
        created = send_request(run.port, "POST", "/v1/events", key=run.key(), json=an_event()).json()
        wait_until(
            lambda: created["id"] in {one.json()["data"]["event_id"] for one in receiver.requests}, RESTART_TIMEOUT
        )
        assert run.process.poll() is None
        assert run.stop(signal.SIGTERM) == 0


def test_a_postgresql_that_cannot_start_is_tried_again_until_it_can(directory: Path) -> None:
    with started(directory) as run:
        run.greeting()
        # As on a full disk: the server has ended, and the next ones end at once.
        control, aside = (directory / "postgres" / "data" / "global" / name for name in ("pg_control", "aside"))
        control.rename(aside)
        kill(server_in(directory / "postgres"))
        wait_until(lambda: run.terminal().count("PostgreSQL could not be started") >= 2, RESTART_TIMEOUT)
        assert statuses(run, "GET", "/v1/events") == {503}
        aside.rename(control)
        wait_until(lambda: "PostgreSQL was started again." in run.terminal(), RESTART_TIMEOUT)
        wait_until(lambda: statuses(run, "GET", "/v1/events") == {200})
        assert re.findall(r"PostgreSQL has ended \(see .*log\); starting it again in 1 s", run.terminal())
        assert run.stop(signal.SIGTERM) == 0


def test_a_part_that_ends_during_the_start_ends_the_run(directory: Path) -> None:
    with started(directory, POLICYTRAIL_WEBHOOK_LEASE="1") as run:
        wait_until(lambda: run.process.poll() is not None, RESTART_TIMEOUT)

        assert run.process.returncode == 1
        assert "The webhook worker has ended during the start (exit status 1)" in run.terminal()
        assert "POLICYTRAIL_WEBHOOK_LEASE is too short" in run.terminal()
        assert server_in(directory / "postgres") == set()


def test_a_second_run_with_the_same_data_is_refused_and_leaves_the_first_alone(directory: Path) -> None:
    with started(directory) as first:
        first.greeting()
        processes = first.running()
        second = directory.parent / "another name"
        second.symlink_to(directory)
        with started(second) as refused:
            wait_until(lambda: refused.process.poll() is not None)
            assert (refused.process.returncode, refused.terminal()) == (
                1,
                f"Error: Policytrail is already running with {second}.\n",
            )
            second.unlink()

        assert all(process.is_alive for process in processes)
        assert send_request(first.port, "GET", "/readyz").status == 200


def test_a_port_in_use_is_reported_and_leaves_no_process(directory: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with started(directory, port=port) as run:
            wait_until(lambda: run.process.poll() is not None)

            assert run.process.returncode == 1
            assert run.terminal().startswith(f"Error: Port {port} is in use")
            assert server_in(directory / "postgres") == set()


def test_a_run_with_a_database_url_starts_no_server(directory: Path, own_database: str) -> None:
    with started(directory, DATABASE_URL=own_database) as run:
        created = paste(run.greeting()[-1])
        assert run.stop(signal.SIGTERM) == 0

    assert [path.name for path in sorted(directory.iterdir())] == ["admin.key", "lock"]
    with psycopg.connect(own_database) as conn:
        rows = conn.execute("SELECT convert_from(document, 'UTF8') FROM event WHERE id = %s", [created["id"]])
        assert [json.loads(document) for [document] in rows] == [created]


@pytest.mark.parametrize("moment", ["soon", "PostgreSQL starts", "the API starts", "a worker of the API starts"])
def test_a_signal_during_the_start_stops_all_processes(directory: Path, moment: str) -> None:
    with started(directory) as run:
        if moment == "soon":
            time.sleep(0.3)
        elif moment == "PostgreSQL starts":
            wait_until(lambda: server_in(directory / "postgres"))
        else:
            expected = 2 if moment.startswith("a worker") else 1
            wait_until(lambda: len(api_of(run)) >= expected)
        # A command that has not installed its handlers yet is killed by the signal itself.
        assert run.stop(signal.SIGTERM) in {0, -signal.SIGTERM}
        assert not server_in(directory / "postgres")


def test_stopping_make_stops_all_processes(directory: Path) -> None:
    # Without this, make could reinstall the environment of this test.
    with started(directory, command=["make", "--assume-old=.venv/local", "run"]) as run:
        run.greeting()
        assert len(run.running()) > 6
        assert run.stop(signal.SIGTERM) in {0, 2, -signal.SIGTERM}


def test_ctrl_c_in_the_terminal_of_make_stops_all_processes(directory: Path) -> None:
    with started(directory, command=["make", "--assume-old=.venv/local", "run"]) as run:
        run.greeting()
        processes = run.running()
        os.killpg(run.process.pid, signal.SIGINT)
        wait_until(lambda: run.process.poll() is not None, STOP_TIMEOUT)
        assert not any(process.is_alive for process in processes)


def first_event(run: Run) -> tuple[str, int]:
    """Return the path and the version of the first event."""
    [event] = send_request(run.port, "GET", "/v1/events").json()["items"]
    return f"/v1/events/{event['id']}", event["version"]


def api_of(run: Run) -> list[Process]:
    """Return the processes of gunicorn."""
    return [process for process in family(run.process.pid) if "gunicorn" in process.command]


def backends_of(run: Run) -> set[Process]:
    """Return the processes of PostgreSQL that serve the connections of the run."""
    return {one for one in server_in(run.directory / "postgres") if "policytrail [local]" in one.command}


def statuses(run: Run, method: str, path: str) -> set[int]:
    """Return the statuses of some requests at the same time; 0 for one without an answer."""

    def send() -> Answer:
        try:
            return send_request(run.port, method, path)
        except DROPPED:
            return Answer(0, Message(), b"")

    return {answer.status for answer in at_once(*[send] * 6)}
