"""SIGHUP to gunicorn: workers are replaced one after the other, and nobody is left without an answer."""

import os
import shutil
import signal
from pathlib import Path

import pytest

from tests.faults.clients import send_request, wait_until
from tests.faults.load import load
from tests.faults.processes import Process, family
from tests.servers import ROOT, Served, serving

#: Seconds for a reload on a busy machine.
PATIENCE = 120.0


def test_every_request_is_answered_by_old_workers_until_new_ones_accept(database: str) -> None:
    with serving(database) as served:
        old = workers_of(served)
        assert len(old) == 2
        served.process.send_signal(signal.SIGHUP)
        for left in (2, 1):
            # The new worker stands still, as one that loads for ever.
            [new] = wait_for_new(served, old, 3 - left)
            os.kill(new.pid, signal.SIGSTOP)
            answers = [send_request(served.port, "GET", "/v1/events") for _ in range(40)]
            assert {answer.status for answer in answers} == {200}
            assert sum(worker.is_alive for worker in old) >= left
            os.kill(new.pid, signal.SIGCONT)
            wait_until(lambda left=left: sum(worker.is_alive for worker in old) < left, PATIENCE)  # type: ignore[misc]
        assert len(workers_of(served) - old) == 2
        assert send_request(served.port, "GET", "/readyz").status == 200


def test_no_request_of_a_steady_load_is_refused_or_dropped_by_reloads(database: str, key: str) -> None:
    with serving(database) as served, load(served, key) as exchanges:
        for _ in range(2):
            old = workers_of(served)
            served.process.send_signal(signal.SIGHUP)
            wait_until(lambda old=old: not any(worker.is_alive for worker in old), PATIENCE)  # type: ignore[misc]
            wait_until(lambda: len(workers_of(served)) == 2, PATIENCE)
            count = len(exchanges)
            wait_until(lambda count=count: len(exchanges) > count + 20)  # type: ignore[misc]

    assert {exchange.status for exchange in exchanges} == {200, 201}


def test_a_new_worker_that_dies_leaves_the_old_ones_and_the_next_reload_works(database: str, tmp_path: Path) -> None:
    log = tmp_path / "log"
    with log.open("wb") as stderr, serving(database, stderr=stderr) as served:
        old = workers_of(served)
        served.process.send_signal(signal.SIGHUP)
        [new] = wait_for_new(served, old, 1)
        new.kill()
        wait_until(lambda: "The reload has failed; former workers go on: a new worker has ended" in log.read_text())
        assert workers_of(served) == old
        assert send_request(served.port, "GET", "/v1/events").status == 200

        served.process.send_signal(signal.SIGHUP)
        wait_until(lambda: not any(worker.is_alive for worker in old), PATIENCE)
        assert send_request(served.port, "GET", "/v1/events").status == 200


@pytest.mark.parametrize("file", ["gunicorn.conf.py", "service/config.py", "service/views/health.py"])
def test_a_broken_version_leaves_the_old_workers_and_the_mended_one_is_loaded_whole(
    database: str, tmp_path: Path, file: str
) -> None:
    source, log = tmp_path / "source", tmp_path / "log"
    for name in ("service", "schemas", "migrations"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "gunicorn.conf.py", source)
    edited = source / file
    text = edited.read_text()
    with log.open("wb") as stderr, serving(database, stderr=stderr, directory=source) as served:
        old = workers_of(served)
        edited.write_text(f"{text}\nraise RuntimeError('a broken version')\n")
        served.process.send_signal(signal.SIGHUP)
        wait_until(lambda: "The reload has failed" in log.read_text(), PATIENCE)
        assert workers_of(served) == old
        assert send_request(served.port, "GET", "/v1/events").status == 200

        # A module that the master has loaded too, and one that only workers load.
        edited.write_text(text)
        config, health = source / "service/config.py", source / "service/views/health.py"
        config.write_text(config.read_text() + "\nNEW = 'of the new version'\n")
        health.write_text(
            health.read_text()
            .replace("from service.config import ", "from service.config import NEW, ")
            .replace("_report({})", "_report({NEW: 'pass'})")
        )
        served.process.send_signal(signal.SIGHUP)
        wait_until(lambda: not any(worker.is_alive for worker in old), PATIENCE)
        assert send_request(served.port, "GET", "/livez").json()["checks"] == {"of the new version": "pass"}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGQUIT])
def test_a_signal_ends_the_server_during_a_reload(database: str, number: int) -> None:
    with serving(database) as served:
        old = workers_of(served)
        served.process.send_signal(signal.SIGHUP)
        [new] = wait_for_new(served, old, 1)
        os.kill(new.pid, signal.SIGSTOP)
        served.process.send_signal(number)
        wait_until(lambda: not any(worker.is_alive for worker in old), PATIENCE)
        os.kill(new.pid, signal.SIGCONT)
        wait_until(lambda: served.process.poll() is not None, PATIENCE)
        assert not new.is_alive


def workers_of(served: Served) -> set[Process]:
    """Return the workers of gunicorn."""
    return {process for process in family(served.process.pid) if process.pid != served.process.pid}


def wait_for_new(served: Served, old: set[Process], number: int) -> list[Process]:
    """Return the latest of the new workers once there have been so many."""
    seen: set[Process] = set()

    def is_there() -> bool:
        seen.update(workers_of(served) - old)
        return len(seen) >= number

    wait_until(is_there, PATIENCE)
    return sorted(seen, key=lambda worker: (worker.began, worker.pid))[number - 1 :]
