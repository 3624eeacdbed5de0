"""Aborted exports: the client notices, and the service releases their transactions."""

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
from tests.faults.clients import TIMEOUT, wait_until
from tests.faults.conftest import make_database
from tests.servers import Served, serving

#: Events of 3 kB each: more than the buffers of two sockets.
MANY = 20_000

#: Seconds without a read after which these tests drop a client.
PATIENT = "1.5"

#: The end of a complete chunked response.
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
    """The API with a short write timeout."""
    with serving(database, POLICYTRAIL_CLIENT_TIMEOUT=PATIENT, POLICYTRAIL_WORKERS="1") as served:
        yield served


@pytest.fixture
def watch(database: str) -> Iterator[psycopg.Connection]:
    """A connection in autocommit that observes those of the API."""
    with psycopg.connect(database, autocommit=True) as conn:
        yield conn


def open_export(
    served: Served, version: str = "1.1", path: str = "/v1/events.ndjson", accept: str = ""
) -> socket.socket:
    """Yield an export after its first bytes, with a client whose buffer is small."""
    reader = socket.socket()
    reader.settimeout(TIMEOUT)
    reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
    reader.connect(("127.0.0.1", served.port))
    reader.sendall(f"GET {path} HTTP/{version}\r\nHost: localhost\r\nAccept-Encoding: {accept}\r\n\r\n".encode())
    assert reader.recv(15).startswith(f"HTTP/{version} 200".encode())
    return reader


def open_transactions(watch: psycopg.Connection) -> int:
    """Return the number of the API's open transactions."""
    [(count,)] = watch.execute(
        """
        SELECT count(*) FROM pg_stat_activity
         WHERE datname = current_database() AND application_name = 'policytrail' AND state <> 'idle'
        """
    )
    return int(count)


def terminate_transactions(watch: psycopg.Connection) -> None:
    """End the API's transactions from outside, as a failing database would."""
    assert watch.execute(
        """
        SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND application_name = 'policytrail' AND state <> 'idle'
        """
    ).fetchall()


def read_rest(reader: socket.socket) -> bytes:
    """Return the rest of the response, until the connection ends or breaks."""
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
    with open_export(served, version, path) as reader:
        terminate_transactions(watch)
        came = read_rest(reader)
    assert came.endswith(b"RESET")
    assert not came.removesuffix(b"RESET").endswith(END)
    wait_until(lambda: open_transactions(watch) == 0)


def test_a_complete_export_ends_regularly(served: Served) -> None:
    with open_export(served, path="/v1/events.csv?limit=2000") as reader:
        reader.shutdown(socket.SHUT_WR)
        assert read_rest(reader).endswith(END + b"ENDED")


@pytest.mark.parametrize("accept", ["identity", "gzip"])
def test_a_client_that_disconnects_ends_the_transaction(served: Served, watch: psycopg.Connection, accept: str) -> None:
    with open_export(served, accept=accept):
        assert open_transactions(watch) == 1
    wait_until(lambda: open_transactions(watch) == 0)


def test_a_client_that_stalls_is_dropped(served: Served, watch: psycopg.Connection) -> None:
    with open_export(served):
        assert open_transactions(watch) == 1
        wait_until(lambda: open_transactions(watch) == 0)
    with open_export(served) as reader, reader.makefile("rb") as answer:
        assert len(answer.read(1_000)) == 1_000
