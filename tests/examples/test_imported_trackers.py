"""The three trackers in one database: imported by the command, and searched as their users search."""

from collections.abc import Iterator
from typing import Any

import orjson
import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from benchmarks.databases import make_key
from benchmarks.search.cases import report
from benchmarks.search.cases.answers import Search, has_wanted, searcher, try_kind
from benchmarks.search.cases.queries import read_kinds
from benchmarks.search.cases.titles import find_titles, read_titles
from benchmarks.search.client import Client
from service.db.embedded_postgres import Server
from service.mappings import UnmappedRows
from tests.commands import command
from tests.mappings import MAPPINGS, tracker
from tests.reports import write_report
from tests.servers import serving
from tests.service.search.suggestion_index import update_suggestions
from tests.trackers import FILES, tracker_records, tracker_results

#: One title of so many is typed, which takes some seconds.
STEP = 240

#: The least share of titles that come first.
FIRST = 0.97


@pytest.fixture(scope="module")
def database(cluster: Server, admin: psycopg.Connection, template_database: str) -> Iterator[str]:
    """The URL of a database with the three trackers."""
    create = SQL("CREATE DATABASE trackers TEMPLATE {} STRATEGY FILE_COPY")
    admin.execute(create.format(Identifier(template_database)))
    url = cluster.dsn("trackers")
    for name in FILES:
        assert _is_summary(import_tracker(name, url), name, created=len(tracker_records(name)))
    update_suggestions(url)
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute("VACUUM (ANALYZE)")
    yield url
    admin.execute("DROP DATABASE trackers WITH (FORCE)")


@pytest.fixture(scope="module")
def search(database: str) -> Iterator[Search]:
    """The search of the trackers over HTTP."""
    with serving(database) as served, Client(served.url, make_key(database)) as client:
        yield searcher(client)


def import_tracker(name: str, database: str) -> str:
    """Import the file of a tracker, and return the output of the command."""
    file, mapping = tracker(FILES[name]), MAPPINGS / f"{name}.toml"
    return command(database, "import", "--mapping", mapping, "--jobs", "1", file).output


def _is_summary(output: str, name: str, *, created: int = 0, unchanged: int = 0) -> bool:
    refused = sum(isinstance(result, UnmappedRows) for result in tracker_results(name))
    return f"{created:,} created, 0 updated, {unchanged:,} unchanged, {refused:,} refused. done." in output


def restrict(document: Any, record: Any) -> Any:
    """Return the values of `document` at the fields of `record`, down to the fields of its parts."""
    if isinstance(record, dict):
        return {name: restrict(document[name], value) for name, value in record.items()}
    if isinstance(record, list):
        assert len(document) == len(record)
        return [restrict(one, other) for one, other in zip(document, record, strict=True)]
    return document


@pytest.mark.parametrize("name", FILES)
def test_importing_a_tracker_twice_changes_nothing_the_second_time(name: str, database: str) -> None:
    records = {_external_id(record): record for record in tracker_records(name)}
    # The second import maps nothing but the refused rows. That the mapping gives the same records again is shown by
    # `records`, which are those of another run.
    assert _is_summary(import_tracker(name, database), name, unchanged=len(records))
    with psycopg.connect(database) as conn:
        documents = conn.execute("SELECT document FROM event", binary=True).fetchall()
    events = {_external_id(event): event for event in (orjson.loads(document) for (document,) in documents)}
    assert len(documents) == sum(len(tracker_records(one)) for one in FILES)
    assert {id_: restrict(events[id_], record) for id_, record in records.items()} == records
    assert {event["version"] for event in events.values()} == {1}


def _external_id(record: dict[str, Any]) -> tuple[str, str]:
    first = record["external_ids"][0]
    return first["scheme"], first["value"]


def test_the_trackers_have_each_wanted_answer() -> None:
    records = [record for name in FILES for record in tracker_records(name)]
    assert [query.q for kind in read_kinds() for query in kind.queries if not has_wanted(records, query)] == []


def test_queries_get_the_wanted_answer(search: Search) -> None:
    results = [try_kind(kind, search) for kind in read_kinds()]
    write_report("queries", report.kinds(results))
    below = [result for result in results if result.held < result.kind.floor]
    assert not below, "\n".join(report.faults(below))


def test_a_title_typed_whole_comes_first(database: str, search: Search) -> None:
    titles = {name: find_titles(all_[::STEP], search) for name, all_ in read_titles(database).items()}
    write_report("titles", report.titles(titles))
    first, number = sum(one.first for one in titles.values()), sum(one.titles for one in titles.values())
    assert first >= FIRST * number, "\n".join(title for one in titles.values() for title in one.missed)
