"""`policytrail mirror` ends equal to the service, wherever it is cut, and whatever becomes of the feed meanwhile."""

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path
from random import Random
from threading import Thread

import psycopg
import pytest

from service import store
from service.cli import mirror_client
from service.cli.mirror_client import Mirror, MirrorError, follow
from service.feed.sequencer import catch_up
from tests.random_writer import Writer, matching_events
from tests.servers import ROOT, Served, serving

#: Times that the mirror is cut short.
CUT = 40


@pytest.fixture(scope="module")
def writer(database: str) -> Iterator[Writer]:
    """Someone who writes at random, and nobody else does."""
    with psycopg.connect(database, autocommit=True) as conn:
        yield Writer(conn, seed=1)


@pytest.mark.parametrize("query", ["", "tag=a"])
def test_a_mirror_killed_at_any_moment_ends_equal_to_the_service(
    served: Served, writer: Writer, tmp_path: Path, query: str
) -> None:
    file, random = tmp_path / "copy.ndjson", Random(2)  # noqa: S311 (the same every time is wanted)
    writer.write(60)
    for turn in range(CUT):
        with mirroring_until_killed(served.url, file, query):
            writer.write(random.randrange(6))
            time.sleep(0.08 * random.random())
        assert is_whole(file)
        if turn == CUT // 2:
            forget(writer.conn)
    finish(served.url, file, query)

    assert documents(file) == events(writer.conn, query)
    with closing(sqlite3.connect(f"{file}.state")) as copy:
        assert [json.loads(one) for (one,) in copy.execute("SELECT document FROM event ORDER BY id")] == documents(file)


def test_a_mirror_with_connections_cut_at_any_byte_ends_equal_to_the_service(
    served: Served, writer: Writer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mirror_client, "FIRST_DELAY", 0.001)
    monkeypatch.setattr(mirror_client, "MAX_DELAY", 0.002)
    file = tmp_path / "copy.ndjson"
    with cutting(served.port, seed=3) as port:
        for _ in range(8):
            writer.write(25)
            finish(f"http://127.0.0.1:{port}", file, "")
    assert documents(file) == events(writer.conn, "")


def test_a_mirror_follows_a_service_back_to_an_earlier_state(served: Served, writer: Writer, tmp_path: Path) -> None:
    file = tmp_path / "copy.sqlite"
    writer.write(30)
    finish(served.url, file, "")
    with writer.conn.transaction():
        writer.conn.execute("TRUNCATE event CASCADE")
        store.feed.begin_generation(writer.conn)
    writer.events.clear()
    writer.write(5)
    finish(served.url, file, "")
    with closing(sqlite3.connect(file)) as copy:
        assert [one for (one,) in copy.execute("SELECT id FROM event ORDER BY id")] == sorted(
            matching_events(writer.conn, "")
        )


def test_the_command_follows_changes_until_it_is_stopped(served: Served, writer: Writer, tmp_path: Path) -> None:
    file = tmp_path / "copy.ndjson"
    writer.write(10)
    command = [str(Path(sys.executable).parent / "policytrail"), "mirror", served.url, str(file)]
    with subprocess.Popen(command, cwd=ROOT) as process:
        try:
            for _ in range(3):
                writer.write(5)
                deadline = time.monotonic() + 20
                while not file.exists() or documents(file) != events(writer.conn, ""):
                    assert time.monotonic() < deadline
                    time.sleep(0.02)
        finally:
            process.terminate()


def test_a_service_under_a_path_of_its_host_is_mirrored(database: str, writer: Writer, tmp_path: Path) -> None:
    file = tmp_path / "copy.ndjson"
    writer.write(10)
    with serving(database, wait="/policies/readyz", SCRIPT_NAME="/policies") as served:
        finish(f"{served.url}/policies", file, "")
    assert documents(file) == events(writer.conn, "")


def test_a_permanent_error_is_reported(served: Served, tmp_path: Path) -> None:
    with pytest.raises(MirrorError, match="422"):
        finish(served.url, tmp_path / "copy.sqlite", "status=planed")
    finish(served.url, tmp_path / "other.sqlite", "status=planned")
    with pytest.raises(MirrorError, match="is a copy of"):
        finish(served.url, tmp_path / "other.sqlite", "status=launched")


def mirror(url: str, file: Path, query: str, *, once: bool) -> None:
    lines = file if file.suffix == ".ndjson" else None
    follow(Mirror(url, Path(f"{file}.state") if lines else file, query=query), lines, once=once)


def finish(url: str, file: Path, query: str) -> None:
    """Mirror until the copy is up to date."""
    mirror(url, file, query, once=True)


@contextmanager
def mirroring_until_killed(url: str, file: Path, query: str) -> Iterator[None]:
    """A process that mirrors while the block runs, and is then killed where it is."""
    child = get_context("fork").Process(target=mirror, args=(url, file, query), kwargs={"once": False}, daemon=True)
    child.start()
    assert child.pid
    try:
        yield
    finally:
        os.kill(child.pid, signal.SIGKILL)
        child.join()


def forget(conn: psycopg.Connection) -> None:
    """Let the feed keep nothing of what it has told."""
    catch_up(conn)
    conn.execute("UPDATE feed_cursor SET seq = (SELECT seq FROM feed_head)")
    store.feed.trim(conn, datetime.now(UTC) + timedelta(days=1))


def is_whole(file: Path) -> bool:
    return not file.exists() or (not (text := file.read_text()) or text.endswith("}\n"))


def documents(file: Path) -> list[object]:
    """Return the documents of a copy."""
    return [json.loads(line) for line in file.read_text().splitlines()]


def events(conn: psycopg.Connection, query: str) -> list[object]:
    """Return the documents of the service."""
    return [json.loads(document) for _, document in sorted(matching_events(conn, query).items())]


@contextmanager
def cutting(port: int, seed: int) -> Iterator[int]:
    """A port at which connections to `port` are cut now and then, after so many bytes of the answer."""
    random = Random(seed)  # noqa: S311 (as above)

    def pass_on(client: socket.socket) -> None:
        limit = random.randrange(1, 60_000) if random.random() < 0.5 else 10**9
        with client, socket.create_connection(("127.0.0.1", port)) as server, suppress(OSError):
            server.sendall(client.recv(65_536))
            while limit > 0 and (piece := server.recv(min(limit, 16_384))):
                client.sendall(piece)
                limit -= len(piece)

    def listen() -> None:
        with suppress(OSError):
            while True:
                pass_on(listener.accept()[0])

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = Thread(target=listen, daemon=True)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()
