"""Every order of the list is that of an index, so that a page costs the same however many events there are."""

from typing import Any

import psycopg
import pytest

from service.search.filters.parser import filter_of_text
from service.search.filters.sql import filter_condition
from service.store.events.listing import ListShape, foremost_query, matching_query, monthly_query, plain_query
from service.store.events.ordering import SORTS, Order

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
def many(conn: psycopg.Connection) -> psycopg.Connection:
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


def test_what_is_rare_is_found_by_its_label_and_sorted(many: psycopg.Connection) -> None:
    for text in FOUND_BY_LABEL:
        condition = filter_condition(filter_of_text(text))
        values = {"since": condition.since, "until": condition.until, **condition.parameters()}
        shape = first_page(condition.render(), DESCENDING, bounded=condition.until is not None)
        for query in (matching_query(shape), monthly_query(shape)):
            planned = plan(many, query, **values)
            assert "Bitmap Index Scan on event_by_label" in planned, text
            assert "Seq Scan" not in planned, text
        assert condition.labelled


def test_what_has_a_date_is_found_by_it(many: psycopg.Connection) -> None:
    condition = filter_condition(filter_of_text("date=2004-04"))
    planned = plan(many, matching_query(first_page(condition.render(), DESCENDING)), **condition.parameters())
    assert "Index Scan on event_by_main_date" in planned
