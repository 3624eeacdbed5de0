"""Exports that do not come to their end: a reader sees that, and nothing of them stays behind."""

import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID

import psycopg
import pytest

from schemas.events import NewEventSchema
from service.db.embedded_postgres import Server
from service.events.write import record_event
from tests.copies import multiply
from tests.factories import EARLIER, an_event
from tests.faults.clients import PATIENCE, wait_until
from tests.faults.conftest import make_database
from tests.serving import Served, serving

#: Events, of 3 kB each: more than the sockets between two processes hold.
MANY = 20_000

#: Seconds for which a reader may not read, in these tests.
PATIENT = "1.5"

#: What a whole answer in chunks ends with.
END = b"0\r\n\r\n"


@pytest.fixture(scope="module")
def database(cluster: Server) -> str:
    """The URL of a database with many events."""
    url = make_database(cluster)
    content = NewEventSchema().load(an_event(description="x" * 2_000))
    with psycopg.connect(url) as conn:
        record_event(conn, content, id=UUID(EARLIER), now=datetime.now(UTC), key_id=None)
        multiply(conn, MANY)
    return url


@pytest.fixture(scope="module")
def served(database: str) -> Iterator[Served]:
    """The API, which gives a reader up soon."""
    with serving(database, POLICYTRAIL_CLIENT_TIMEOUT=PATIENT, POLICYTRAIL_WORKERS="1") as served:
        yield served


@pytest.fixture
def watch(database: str) -> Iterator[psycopg.Connection]:
    """A connection, in autocommit, that sees what the API's do."""
    with psycopg.connect(database, autocommit=True) as conn:
        yield conn


def begun(served: Served, version: str = "1.1", path: str = "/v1/events.ndjson", accept: str = "") -> socket.socket:
    """An export of which the first bytes have come, by a reader with little room."""
    reader = socket.socket()
    reader.settimeout(PATIENCE)
    reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
    reader.connect(("127.0.0.1", served.port))
    reader.sendall(f"GET {path} HTTP/{version}\r\nHost: localhost\r\nAccept-Encoding: {accept}\r\n\r\n".encode())
    assert reader.recv(15).startswith(f"HTTP/{version} 200".encode())
    return reader


def exporting(watch: psycopg.Connection) -> int:
    """Transactions that the API has open."""
    [(count,)] = watch.execute(
        """
        SELECT count(*) FROM pg_stat_activity
         WHERE datname = current_database() AND application_name = 'policytrail' AND state <> 'idle'
        """
    )
    return int(count)


def cut(watch: psycopg.Connection) -> None:
    """End the API's transactions from outside, as a failing database would."""
    assert watch.execute(
        """
        SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND application_name = 'policytrail' AND state <> 'idle'
        """
    ).fetchall()


def read_on(reader: socket.socket) -> bytes:
    """What still comes, until the connection ends in whatever way."""
    came = b""
    try:
        while piece := reader.recv(1 << 20):
            came = (came + piece)[-1_000_000:]
    except ConnectionResetError:
        return came + b"RESET"
    return came + b"ENDED"


@pytest.mark.parametrize("version", ["1.1", "1.0"])
@pytest.mark.parametrize("path", ["/v1/events.ndjson", "/v1/events.csv"])
def test_an_aborted_export_resets_the_connection(
    served: Served, watch: psycopg.Connection, version: str, path: str
) -> None:
    with begun(served, version, path) as reader:
        cut(watch)
        came = read_on(reader)
    assert came.endswith(b"RESET")
    assert not came.removesuffix(b"RESET").endswith(END)
    wait_until(lambda: exporting(watch) == 0)


def test_a_complete_export_ends_regularly(served: Served) -> None:
    with begun(served, path="/v1/events.csv?limit=2000") as reader:
        reader.shutdown(socket.SHUT_WR)
        assert read_on(reader).endswith(END + b"ENDED")


@pytest.mark.parametrize("accept", ["identity", "gzip"])
def test_a_client_that_disconnects_ends_the_transaction(served: Served, watch: psycopg.Connection, accept: str) -> None:
    with begun(served, accept=accept):
        assert exporting(watch) == 1
    wait_until(lambda: exporting(watch) == 0)


def test_a_client_that_stalls_is_dropped(served: Served, watch: psycopg.Connection) -> None:
    with begun(served):
        assert exporting(watch) == 1
        wait_until(lambda: exporting(watch) == 0)
    with begun(served) as reader, reader.makefile("rb") as answer:
        assert len(answer.read(1_000)) == 1_000
