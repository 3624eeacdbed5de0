"""A page is the same in whatever way it is found, and an index finds it."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from schemas.events import NewEventSchema
from service.events.write import record_event
from service.ids import uuid7
from service.search.filters.parser import filter_of_text
from service.search.filters.sql import filter_condition
from service.store.condition import Condition
from service.store.events import listing
from service.store.events.listing import (
    ListShape,
    foremost_query,
    matching_query,
    monthly_query,
    page_events,
    plain_query,
)
from service.store.events.ordering import SORTS, Order, matching, ordering
from tests.factories import an_event

EDTF = [
    *("2023", "2023-12", "2023-12-31", "2024-01-01", "2024-01/2026", "2024-06~", "2024-33"),
    *("2026-01", "2024/..", "../2024", "0001", "9999-12-31", None),
]

FILTERS = [
    "tag=a",
    "tag=a,b&status=agreed",
    "not_tag=a",
    "date=2024",
    "date_from=2025&tag=b",
    "date_to=2023-12&not_status=agreed",
    "date=2024&date_match=certainly&tag=a",
    "date=0001,2023-12,9999",
    "date_kind=signed&date=2024",
    "date_kind=signed&tag=a,b",
    "status=denied",
    "created_from=2026-01-05T00:00:00Z&tag=b",
]

ORDERS = [(Order(name, down),) for name in SORTS for down in (False, True)] + [
    (Order("date", descending=True), Order("title", descending=False))
]

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.fixture
def many(conn: psycopg.Connection) -> psycopg.Connection:
    """A connection to a database with events that tie in many ways."""
    chance = random.Random(4)  # noqa: S311 (nothing secret)
    for number in range(60):
        edtf, kind = chance.choice(EDTF), chance.choice(["launched", "signed"])
        content = an_event(
            title=chance.choice("ABC"),
            status=chance.choice(["agreed", "planned", None]),
            tags=chance.sample(["a", "b", "c"], chance.randrange(3)),
            dates=[{"kind": kind, "edtf": edtf, "modality": "actual"}] if edtf else [],
        )
        now = NOON + timedelta(hours=number // 2)
        record_event(conn, NewEventSchema().load(content), id=uuid7(), now=now, key_id=None)
    return conn


def walk(conn: psycopg.Connection, condition: Condition, order: tuple[Order, ...]) -> list[bytes]:
    """All pages, one after the other."""
    page = page_events(conn, condition, order, None, 7)
    found = page.documents
    while page.end is not None:
        page = page_events(conn, condition, order, page.end, 7)
        found += page.documents
    return found


@pytest.fixture(params=["the foremost first", "all at once", "month by month"])
def _way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let pages be found in one way wherever it can find them."""
    limits = {"FOREMOST": 0, "FOREMOST_EACH": 0, "FOREMOST_UNLABELLED": 0, "FOREMOST_OTHERWISE": 0, "FEW": 10**9}
    if request.param == "the foremost first":
        limits |= {"FOREMOST": 10**6, "FOREMOST_UNLABELLED": 10**6}
    elif request.param == "month by month":
        limits["FEW"] = -1
    for name, value in limits.items():
        monkeypatch.setattr(listing, name, value)


@pytest.mark.usefixtures("_way")
@pytest.mark.parametrize(
    "order", ORDERS, ids=lambda order: ",".join(f"{'-' * one.descending}{one.name}" for one in order)
)
def test_all_ways_to_find_a_page_find_the_same(many: psycopg.Connection, order: tuple[Order, ...]) -> None:
    for text in FILTERS:
        condition = filter_condition(filter_of_text(text))
        query = f"SELECT document {matching(condition.render(), past=False)} ORDER BY {ordering(order)}"
        expected = [row[0] for row in many.execute(query, condition.parameters(), binary=True)]
        assert walk(many, condition, order) == expected, text


DESCENDING = (Order("date", descending=True),)

each_order = pytest.mark.parametrize(
    "order", [(Order(name, down),) for name in SORTS for down in (False, True)], ids=lambda order: str(order[0])
)


def first_page(condition: str, order: tuple[Order, ...], *, bounded: bool = False) -> ListShape:
    return ListShape(condition, order, follows=False, bounded=bounded)


def plan(conn: psycopg.Connection, query: str, **values: Any) -> str:
    """How PostgreSQL would answer, were it to read no table and sort nothing where it need not."""
    conn.execute("SET enable_seqscan = off")
    conn.execute("SET enable_sort = off")
    return "\n".join(line for (line,) in conn.execute(f"EXPLAIN {query}", {"limit": 21, **values}))


@each_order
def test_a_page_is_read_from_an_index_in_order(conn: psycopg.Connection, order: tuple[Order, ...]) -> None:
    planned = plan(conn, plain_query(first_page("TRUE", order), past=False))
    assert "Index Scan" in planned
    assert "Sort" not in planned


@each_order
def test_the_foremost_rows_are_read_from_an_index_until_the_page_is_full(
    conn: psycopg.Connection, order: tuple[Order, ...]
) -> None:
    condition = filter_condition(filter_of_text("tag=a&not_status=planned"))
    query = foremost_query(first_page(condition.render(), order))
    planned = plan(conn, query, foremost=300, **condition.parameters())
    assert "Index Scan" in planned
    assert "Sort" not in planned


def test_a_page_of_the_past_in_the_usual_order_is_read_from_an_index(conn: psycopg.Connection) -> None:
    planned = plan(conn, plain_query(first_page("TRUE", DESCENDING), past=True), as_of="2025-07-01Z")
    assert "event_revision_by_date_descending" in planned
    assert "Sort" not in planned


FOUND_BY_LABEL = [
    *("event_type=dialogue", "status=planned", "verification=official", "instrument=grant", "lang=zh", "party=JP"),
    *("affected=JP", "jurisdiction=JP", "topic=a", "tag=a", "source_publisher=a", "source_url=https://a.eu"),
    *("external_id=a:1", "external_id=a:*", "related_to=01980000-0000-7000-8000-000000000000"),
    *("date_kind=due", "date_kind=due&date=2024", "figure_measure=cost", "figure_currency=EUR", "figure_unit=t"),
    *("figure_min=5", "figure_unit=t&figure_max=7", "tag=a&not_topic=b", "tag=a&topic=b&party=JP"),
]


@pytest.fixture
def many_rows(conn: psycopg.Connection) -> psycopg.Connection:
    """A connection to a database with so many events that reading all of them is no good plan."""
    conn.execute(
        """
        INSERT INTO event (id, version, record_state, event_type, parties, affected, jurisdictions, topics, tags,
                           title_key, date_earliest, date_latest, created_at, updated_at, content_changed_at, document)
        SELECT gen_random_uuid(), 1, 'active', 'other', '{}', '{}', '{}', '{}', '{}', '', day, day, day, day, day,
               convert_to(repeat('x', 500), 'UTF8')
          FROM (SELECT date '2000-01-01' + number AS day FROM generate_series(1, 5000) AS number) AS days
        """
    )
    conn.execute("ANALYZE event")
    return conn


def test_rare_matches_are_found_by_their_label_and_sorted(many_rows: psycopg.Connection) -> None:
    for text in FOUND_BY_LABEL:
        condition = filter_condition(filter_of_text(text))
        values = {"since": condition.since, "until": condition.until, **condition.parameters()}
        shape = first_page(condition.render(), DESCENDING, bounded=condition.until is not None)
        for query in (matching_query(shape), monthly_query(shape)):
            planned = plan(many_rows, query, **values)
            assert "Bitmap Index Scan on event_by_label" in planned, text
            assert "Seq Scan" not in planned, text
        assert condition.labelled


def test_matches_of_a_date_are_found_by_its_index(many_rows: psycopg.Connection) -> None:
    condition = filter_condition(filter_of_text("date=2004-04"))
    planned = plan(many_rows, matching_query(first_page(condition.render(), DESCENDING)), **condition.parameters())
    assert "Index Scan on event_by_main_date" in planned
