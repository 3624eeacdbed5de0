"""However a page is found, it is the same page."""

import random
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from schemas.events import NewEventSchema
from service.events.write import record_event
from service.ids import uuid7
from service.search.filters.parser import filter_of_text
from service.search.filters.sql import filter_condition
from service.store.condition import Condition
from service.store.events import listing
from service.store.events.listing import page_events
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
def test_a_page_is_the_same_however_it_is_found(many: psycopg.Connection, order: tuple[Order, ...]) -> None:
    for text in FILTERS:
        condition = filter_condition(filter_of_text(text))
        query = f"SELECT document {matching(condition.render(), past=False)} ORDER BY {ordering(order)}"
        expected = [row[0] for row in many.execute(query, condition.parameters(), binary=True)]
        assert walk(many, condition, order) == expected, text
