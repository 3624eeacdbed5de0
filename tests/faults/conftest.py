"""The API in processes of its own, on a database of the test's own, on a server that may be stopped."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from service.config import MIGRATIONS
from service.db.embedded_postgres import Server, start
from service.db.migrations import migrate
from tests.servers import Served, serving
from tests.service.conftest import make_key

#: Processes are killed here, machines are not: what was written survives without reaching a disk.
OPTIONS = {"fsync": "off", "shared_buffers": "16MB"}

_numbers = count(1)


@pytest.fixture(scope="module")
def database(cluster: Server) -> str:
    """The URL of a migrated database that the tests of one file share: each looks only at what it wrote."""
    return make_database(cluster)


@pytest.fixture(scope="module")
def served(database: str) -> Iterator[Served]:
    """The API on `database`, which no test stops."""
    with serving(database) as served:
        yield served


@pytest.fixture
def key(database: str) -> str:
    """A key that may do everything on `database`."""
    return make_key(database, "admin")


@pytest.fixture(scope="module")
def own_cluster(scratch: Path) -> Iterator[Server]:
    """A server that no other test uses."""
    with TemporaryDirectory(prefix="policytrail-", dir=scratch) as name:
        yield start(Path(name), options=OPTIONS)
        Server(Path(name), pid=0).stop("immediate")


@pytest.fixture
def own_database(own_cluster: Server) -> str:
    """The URL of a migrated database on `own_cluster`, which is running."""
    return make_database(start(own_cluster.directory, options=OPTIONS))


@pytest.fixture
def own_key(own_database: str) -> str:
    """A key that may do everything on `own_database`."""
    return make_key(own_database, "admin")


def make_database(server: Server) -> str:
    """The URL of a new, migrated database on `server`; it goes with the server."""
    name = f"faults_{next(_numbers)}"
    with psycopg.connect(server.dsn(), autocommit=True) as conn:
        conn.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
    with psycopg.connect(server.dsn(name)) as conn:
        migrate(conn, MIGRATIONS)
    return server.dsn(name)
