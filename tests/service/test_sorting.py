"""Every order of the list is that of an index, so that a page costs the same however many events there are."""

import psycopg
import pytest

from service.store.listing import SORTS, Order, _page_query


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("name", SORTS)
def test_a_page_is_read_from_an_index_in_order(conn: psycopg.Connection, name: str, *, descending: bool) -> None:
    conn.execute("SET enable_seqscan = off")
    conn.execute("SET enable_sort = off")
    query = _page_query((), (Order(name, descending),), behind=False, past=False)
    plan = "\n".join(line for (line,) in conn.execute(b"EXPLAIN " + query, {"limit": 21}))
    assert "Index Scan" in plan
    assert "Sort" not in plan


def test_a_page_of_the_past_in_the_usual_order_is_read_from_an_index(conn: psycopg.Connection) -> None:
    conn.execute("SET enable_seqscan = off")
    conn.execute("SET enable_sort = off")
    query = _page_query((), (Order("date", descending=True),), behind=False, past=True)
    plan = "\n".join(line for (line,) in conn.execute(b"EXPLAIN " + query, {"limit": 21, "as_of": "2025-07-01Z"}))
    assert "event_revision_by_date_descending" in plan
    assert "Sort" not in plan
