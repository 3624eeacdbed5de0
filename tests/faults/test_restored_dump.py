"""A dump that is restored into another cluster: searches walk all events, whatever transactions wrote them there."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest
from flask.testing import FlaskClient

from service.db.embedded_postgres import Server, start
from tests.factories import create_event
from tests.faults.backups import run_program
from tests.faults.conftest import OPTIONS, make_database
from tests.service.conftest import admin_of

#: Events, those that were changed before the dump, and transactions of the first cluster that the second one has not
#: reached by far, or reaches during the test.
EVENTS, CHANGED = 120, 50


@dataclass(frozen=True)
class Dump:
    """The URL of the dumped database, its file, and the ids of its events in the order of a search."""

    database: str
    file: Path
    ids: list[str]


@pytest.fixture(scope="module")
def dump(cluster: Server) -> Dump:
    """A dump of events with former versions, by transactions with high numbers."""
    database = make_database(cluster)
    with psycopg.connect(database, autocommit=True) as conn, admin_of(database) as client:
        for _ in range(10_000):
            conn.execute("SELECT pg_current_xact_id()")
        made = [create_event(client, title=f"Walk {number}", summary="of all events") for number in range(EVENTS)]
        for event in made[:CHANGED]:
            body = {"summary": "of all events, and of a change"}
            client.patch(f"/v1/events/{event['id']}", json=body, headers={"If-Match": "*"})
        ids = walk(client, "/v1/events?q=walk&limit=10")
        assert client.get("/v1/changes?after=now").status_code == 200
    file = cluster.directory / "dump"
    run_program(cluster, "pg_dump", f"--dbname={database}", "--format=custom", f"--file={file}")
    return Dump(database, file, ids)


@pytest.fixture
def restored(dump: Dump, scratch: Path) -> Iterator[str]:
    """The URL of the dump's database in a new cluster."""
    with TemporaryDirectory(prefix="policytrail-", dir=scratch) as name:
        server = start(Path(name), options=OPTIONS)
        with psycopg.connect(server.dsn(), autocommit=True) as conn:
            conn.execute("CREATE DATABASE restored")
        run_program(server, "pg_restore", f"--dbname={server.dsn('restored')}", str(dump.file))
        yield server.dsn("restored")
        server.stop("immediate")


def walk(client: FlaskClient, address: str | None) -> list[str]:
    """Return the ids on the page at `address` and on those that follow it."""
    ids = []
    while address:
        page = client.get(address).get_json()
        ids += [event["id"] for event in page["items"]]
        address = page.get("next")
    return ids


def test_a_search_walks_all_events_of_a_restored_dump(dump: Dump, restored: str) -> None:
    assert len(set(dump.ids)) == EVENTS
    with admin_of(restored) as client:
        assert walk(client, "/v1/events?q=walk&limit=10") == dump.ids


def test_a_walk_sees_its_beginning_while_restored_events_change(dump: Dump, restored: str) -> None:
    with admin_of(restored) as client:
        first = client.get("/v1/events?q=walk&limit=10").get_json()
        for id_ in dump.ids[10::3]:
            client.patch(f"/v1/events/{id_}", json={"title": "Another"}, headers={"If-Match": "*"})
        create_event(client, title="Walk of a new event")
        assert [event["id"] for event in first["items"]] + walk(client, first["next"]) == dump.ids


@pytest.mark.parametrize("distance", [-60, 60, 3_000])
def test_the_other_servers_transactions_may_be_near(dump: Dump, restored: str, distance: int) -> None:
    """The next transaction of this server is `distance` before, or behind, those that wrote the rows elsewhere."""
    with psycopg.connect(restored, autocommit=True) as conn:
        [[latest]] = conn.execute("SELECT max(ended)::text::bigint FROM event_search_past").fetchall()
        [[next_one]] = conn.execute("SELECT pg_current_xact_id()::text::bigint").fetchall()
        for _ in range(latest + distance - next_one):
            conn.execute("SELECT pg_current_xact_id()")
        with admin_of(restored) as client:
            first = client.get("/v1/events?q=walk&limit=10").get_json()
            for _ in range(100):
                conn.execute("SELECT pg_current_xact_id()")
            assert [event["id"] for event in first["items"]] + walk(client, first["next"]) == dump.ids


def test_a_walk_that_began_before_the_dump_continues_after_it(dump: Dump, restored: str) -> None:
    with admin_of(dump.database) as client:
        first = client.get("/v1/events?q=walk&limit=10").get_json()
    with admin_of(restored) as client:
        assert [event["id"] for event in first["items"]] + walk(client, first["next"]) == dump.ids


def test_cursors_of_the_feed_expire_once_the_restored_database_numbers_a_change(dump: Dump, restored: str) -> None:
    with admin_of(dump.database) as client:
        cursor = client.get("/v1/changes?after=now").get_json()["cursor"]
    with admin_of(restored) as client:
        assert client.get(f"/v1/changes?after={cursor}").get_json()["items"] == []
        create_event(client, title="Written after the restore")
        assert client.get(f"/v1/changes?after={cursor}").status_code == 410
