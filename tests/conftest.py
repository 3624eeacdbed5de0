"""What every test may ask for: a server for the session, and a migrated database of one's own for a test."""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import hypothesis
import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from service.db.embedded_postgres import Server, start
from service.db.migrations import migrate

ROOT = Path(__file__).parent.parent

# The same examples every time. How long they take to make says how busy the machine is, not whether a promise holds.
hypothesis.settings.register_profile(
    "steady", derandomize=True, deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("steady")

#: Nothing here outlives the session, so nothing needs to reach a disk.
OPTIONS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "200"}

#: Where the cluster lives if there is room (a container may have 64 MB): a copy takes 8 ms here, 40 to 450 ms on disk.
MEMORY = Path("/dev/shm")  # noqa: S108 (mkdtemp makes the folder in it)

#: Bytes that a session's cluster may come to, its write-ahead log included.
ROOM = 2 * 1024**3

#: Stops the servers in a folder and removes it when the pipe to it closes, however the session ends.
UNDERTAKER = """
import shutil, sys
from pathlib import Path
from service.db.embedded_postgres import Server

sys.stdin.read()
for lock in Path(sys.argv[1]).rglob("postmaster.pid"):
    Server(lock.parent.parent, pid=0).stop("immediate")
shutil.rmtree(sys.argv[1])
"""

_numbers = count(1)


@pytest.fixture(scope="session")
def scratch() -> Iterator[Path]:
    """A folder with a short path for clusters, in memory if there is room. A server left running in it is stopped."""
    has_room = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM
    directory = tempfile.mkdtemp(prefix="policytrail-test-", dir=MEMORY if has_room else None)
    command = [sys.executable, "-c", UNDERTAKER, directory]
    # Its own session, so that Ctrl-C does not reach it; no output, so that who reads ours does not wait for it.
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, start_new_session=True):
        yield Path(directory)


@pytest.fixture(scope="session")
def cluster(scratch: Path) -> Server:
    """A PostgreSQL server with an empty cluster; one for each pytest-xdist worker."""
    return start(scratch / "cluster", options=OPTIONS)


@pytest.fixture(scope="session")
def admin(cluster: Server) -> Iterator[psycopg.Connection]:
    """A connection, in autocommit, to make and drop databases with."""
    with psycopg.connect(cluster.dsn(), autocommit=True) as conn:
        yield conn


@pytest.fixture(scope="session")
def template_database(cluster: Server, admin: psycopg.Connection) -> str:
    """The name of a database with all of migrations/ applied, to be copied: nobody may stay connected to it."""
    name = "policytrail_template"
    admin.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
    with psycopg.connect(cluster.dsn(name)) as conn:
        migrate(conn, ROOT / "migrations")
    return name


@pytest.fixture
def database(cluster: Server, admin: psycopg.Connection, template_database: str) -> Iterator[str]:
    """The URL of a migrated database that is this test's alone."""
    name = f"policytrail_{next(_numbers)}"
    # FILE_COPY took 8 ms, WAL_LOG 11 ms, with 30 tables in memory; on disk there was no difference.
    create = SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY")
    admin.execute(create.format(Identifier(name), Identifier(template_database)))
    yield cluster.dsn(name)
    admin.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))


@pytest.fixture
def conn(database: str) -> Iterator[psycopg.Connection]:
    """A connection to `database`, not in autocommit; what a test leaves uncommitted is rolled back."""
    connection = psycopg.connect(database)
    yield connection
    connection.close()
