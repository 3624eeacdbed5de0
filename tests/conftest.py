"""Fixtures of every test: a server for the session, and a migrated database for one test."""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Generator, Iterator
from functools import cache
from itertools import count
from pathlib import Path
from types import ModuleType
from typing import Any

import hypothesis
import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from service.db.embedded_postgres import Server, start
from service.db.migrations import migrate

ROOT = Path(__file__).parent.parent

# The same examples every time. Their time depends on the load of the machine, so it decides nothing.
hypothesis.settings.register_profile(
    "steady", derandomize=True, deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("steady")

#: No data outlive the session, so none need to reach a disk.
OPTIONS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "200"}

#: The folder of the cluster if there is room (containers may have 64 MB): a copy takes 8 ms here, 40 to 450 ms on disk.
MEMORY = Path("/dev/shm")  # noqa: S108 (mkdtemp makes the folder in it)

#: Bytes of a session's cluster at most, with its write-ahead log.
ROOM = 2 * 1024**3

#: Stops the servers in a folder and removes the folder when its pipe closes, whatever ends the session.
CLEANER = """
import shutil, sys
from pathlib import Path
from service.db.embedded_postgres import Server

sys.stdin.read()
for lock in Path(sys.argv[1]).rglob("postmaster.pid"):
    Server(lock.parent.parent, pid=0).stop("immediate")
shutil.rmtree(sys.argv[1])
"""

_numbers = count(1)

#: Files that take longest, on a machine with two cores; they run first, so that none is left alone at the end.
LONGEST = (
    "tests/house/test_boundary_requests.py",
    "tests/house/test_random_requests.py",
    "tests/faults/test_fresh_clone.py",
    "tests/faults/test_beside_bad_receivers.py",
    "tests/faults/test_run.py",
    "tests/faults/test_killed_worker.py",
    "tests/faults/test_imports_cut.py",
    "tests/faults/test_database_gone.py",
    "tests/benchmarks/test_small_runs.py",
    "tests/house/test_pages.py",
    "tests/examples/test_imported_trackers.py",
    "tests/examples/test_trackers.py",
    "tests/examples/test_trackers_by_hand.py",
    "tests/service/views/test_naughty_strings.py",
    "tests/faults/test_following.py",
    "tests/service/webhooks/test_scheduler_isolation.py",
    "tests/service/store/search/test_tsquery.py",
)

#: Modules that start processes: a test that uses one of them needs a server, Node, a browser or a command.
_STARTERS = ("subprocess", "service.db.embedded_postgres")


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker by which `make test-fast` chooses."""
    config.addinivalue_line("markers", "server: needs PostgreSQL or another process; set by tests/conftest.py")


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark a test that needs a server."""
    if _needs_server(item):
        item.add_marker("server")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files first; other files keep their random order."""
    places = {ROOT / file: place for place, file in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.path, len(places)))


def _needs_server(item: pytest.Item) -> bool:
    return "scratch" in getattr(item, "fixturenames", ()) or _starts_processes(getattr(item, "module", None))


@cache
def _starts_processes(module: ModuleType | None) -> bool:
    """Return whether a module of the tests starts processes, or uses another one that does."""
    if module is None or module.__name__ in _STARTERS:
        return module is not None
    if module.__name__.partition(".")[0] not in {"tests", "benchmarks"}:
        return False
    names = {
        str(getattr(value, "__module__", None) or getattr(value, "__name__", None)) for value in vars(module).values()
    }
    return any(_starts_processes(sys.modules.get(name)) for name in names - {module.__name__})


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Measure no coverage in property tests: their many examples reach the same lines, at twice the time."""
    measured = _coverage() if getattr(getattr(item, "obj", None), "is_hypothesis_test", False) else None
    if measured:
        measured.stop()
    try:
        return (yield)
    finally:
        if measured:
            measured.start()


def _coverage() -> Any:
    """Return the running measurement of this process, if there is one."""
    return sys.modules["coverage"].Coverage.current() if "coverage" in sys.modules else None


@pytest.fixture(scope="session")
def scratch() -> Iterator[Path]:
    """A folder with a short path for clusters, in memory if there is room. Servers in it are stopped at the end."""
    has_room = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM
    directory = tempfile.mkdtemp(prefix="policytrail-test-", dir=MEMORY if has_room else None)
    command = [sys.executable, "-c", CLEANER, directory]
    # A session of its own, so that Ctrl-C does not reach it; no output, so that nobody waits for it to close ours.
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, start_new_session=True):
        yield Path(directory)


@pytest.fixture(scope="session")
def cluster(scratch: Path) -> Server:
    """A PostgreSQL server with an empty cluster; one for each pytest-xdist worker."""
    return start(scratch / "cluster", options=OPTIONS)


@pytest.fixture(scope="session")
def admin(cluster: Server) -> Iterator[psycopg.Connection]:
    """A connection in autocommit that creates and drops databases."""
    with psycopg.connect(cluster.dsn(), autocommit=True) as conn:
        yield conn


@pytest.fixture(scope="session")
def template_database(cluster: Server, admin: psycopg.Connection) -> str:
    """The name of a migrated database to copy; no connection to it may stay open."""
    name = "policytrail_template"
    admin.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
    with psycopg.connect(cluster.dsn(name)) as conn:
        migrate(conn, ROOT / "migrations")
    return name


@pytest.fixture
def database(cluster: Server, admin: psycopg.Connection, template_database: str) -> Iterator[str]:
    """The URL of a migrated database for one test."""
    name = f"policytrail_{next(_numbers)}"
    # FILE_COPY took 8 ms, WAL_LOG 11 ms, with 30 tables in memory; on disk there was no difference.
    create = SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY")
    admin.execute(create.format(Identifier(name), Identifier(template_database)))
    yield cluster.dsn(name)
    admin.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))


@pytest.fixture
def conn(database: str) -> Iterator[psycopg.Connection]:
    """A connection to `database`, not in autocommit; open transactions are rolled back at the end."""
    connection = psycopg.connect(database)
    yield connection
    connection.close()
