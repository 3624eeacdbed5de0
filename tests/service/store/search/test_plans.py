"""Suggestions and corrections find their rows by indexes."""

import psycopg
import pytest
from flask.testing import FlaskClient

from schemas.facets import SUGGESTED
from service.search.filter import All, Is, Words
from service.search.filters.expand import compile_filter
from service.search.filters.sql import pushdown
from service.search.ranking import statistics
from service.search.suggest.did_you_mean import better_spelling
from service.search.suggest.suggestions import suggest
from service.store.events import ordering
from service.store.search.plans import indexes_only
from tests.factories import create_event, create_topic
from tests.service.search.suggestion_index import party, update_suggestions

#: Tables of a few rows, one without an index.
_SMALL = {"search_language", "topic"}


@pytest.fixture
def world(
    client: FlaskClient, database: str, conn: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> psycopg.Connection:
    """A connection to a database with some events, whose statistics are computed: that reads all events of so few."""
    create_topic(client, "trade", labels={"en": "Trade"})
    for number in range(20):
        create_event(
            client,
            title=f"Tariffs on steel {number % 4}",
            tags=["steel tariffs"],
            topics=[{"id": "trade"}],
            participants=[party("Ministry of Trade")],
        )
    update_suggestions(database)
    monkeypatch.setattr(statistics, "FRESH_IF_SMALL", float("inf"))
    with psycopg.connect(database) as other:
        statistics.statistics_of(other, now=lambda: float("inf"))
    # The statistics of a transaction are its own until it ends.
    conn.execute("SELECT pg_current_xact_id()")
    return conn


def scanned(conn: psycopg.Connection) -> set[str]:
    """Return the tables that the transaction read from end to end."""
    rows = conn.execute("SELECT relname FROM pg_stat_xact_user_tables WHERE seq_scan > 0").fetchall()
    return {name for (name,) in rows} - _SMALL


@pytest.mark.parametrize("typed", ["maam", "m", "tariffs st", "trade", "tarifs", "tariffson", "zz zz zz", "電", "2024"])
def test_suggestions_read_no_table_from_end_to_end(world: psycopg.Connection, typed: str) -> None:
    suggest(world, typed, SUGGESTED, 10)
    assert scanned(world) == set()


@pytest.mark.parametrize("text", ["tarifs", "tariffson steal", "stee l", "maam", '"of on" tarifs'])
def test_a_correction_reads_no_table_from_end_to_end(world: psycopg.Connection, text: str) -> None:
    better_spelling(world, Words(text), 0)
    better_spelling(world, All((Words(text), Is("tag", ("x",)))), 0)
    assert scanned(world) == set()


def test_a_table_that_is_read_from_end_to_end_is_seen(world: psycopg.Connection) -> None:
    with indexes_only(world):
        world.execute("SELECT count(*) FROM event_search WHERE length > 3")
    assert scanned(world) == {"event_search"}


def test_a_count_reads_so_many_rows_of_the_index_at_most(
    world: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    steel = pushdown(compile_filter(world, Words("steel")))
    assert ordering.count_up_to(world, steel, 100) == 20
    assert ordering.count_up_to(world, steel, 10) == 10
    monkeypatch.setattr(ordering, "_MOST_READ", 5)
    assert ordering.count_up_to(world, steel, 100) == 5
