"""How much is looked at to count facets, when a part stands for all, and in which years and months an event counts."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient

from schemas.edtf import bounds
from schemas.events import NewEventSchema
from schemas.facets import FACETS
from service import store
from service.events.write import record_event
from service.search.facet_counts import Effort, buckets_for, count_facets
from service.search.filters.parser import filter_of_json
from service.search.index import facet_keys
from service.search.index.facet_keys import MOST_MONTHS, MOST_YEARS, months_of, years_of
from service.store.condition import TRUE, Condition
from service.store.search.conditions import SearchFilter
from service.store.search.facets import BUCKETS, COUNTED_ONLY, count_keys_within
from tests.factories import an_event


def let_few_stand_for_all(app: Flask) -> None:
    """Count one by one up to 20 matches, and let 10 stand for more."""
    served = app.extensions["policytrail"]
    settings = replace(served.settings, facet_exact=20, facet_sample=10)
    app.extensions["policytrail"] = replace(served, settings=settings)


def record_many(database: str, number: int) -> None:
    """So many events, every other one a tariff, with ids that fall into one bucket after the other."""
    with psycopg.connect(database) as conn:
        for place in range(number):
            content = an_event(title=f"Policy {place}", event_type="tariff" if place % 2 else "subsidy")
            id_ = UUID(f"01900000-0000-7000-8000-{place // 2:012x}") if place % 2 else UUID(int=(7 << 76) + place // 2)
            record_event(conn, NewEventSchema().load(content), id=id_, now=datetime.now(UTC), key_id=None)


def test_of_many_matches_a_sample_is_counted_and_the_numbers_are_estimates(
    app: Flask, database: str, anyone: FlaskClient
) -> None:
    record_many(database, 256)
    let_few_stand_for_all(app)
    body = anyone.get("/v1/facets?fields=event_type,status&event_type=tariff").get_json()
    assert body["count"] == {"value": 128, "kind": "estimate"}
    [types, statuses] = body["facets"]
    assert (types["kind"], statuses["kind"], statuses["without"]) == ("estimate", "estimate", 128)
    assert {one["value"]: one["count"] for one in types["values"]} == {"tariff": 128, "subsidy": 128}
    few = anyone.get("/v1/facets?fields=status,event_type&q=7&event_type=tariff").get_json()
    assert few["count"] == {"value": 1, "kind": "exact"}
    assert [facet["kind"] for facet in few["facets"]] == ["exact", "exact"]


def test_numbers_that_take_too_long_to_count_are_estimated(
    app: Flask, database: str, anyone: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    record_many(database, 128)
    monkeypatch.setattr(store.search.facets, "count_keys_within", lambda *_: None)
    assert app
    body = anyone.get("/v1/facets?fields=event_type").get_json()
    assert body["count"] == {"value": 128, "kind": "estimate"}


def test_counting_ends_when_its_time_is_over(database: str) -> None:
    record_many(database, 2)
    slow = SearchFilter(TRUE, TRUE, Condition("pg_sleep(0.1) IS NOT NULL"), TRUE)
    with psycopg.connect(database, autocommit=True) as conn:
        assert count_keys_within(conn, slow, ["type"], 0.01) is None
        assert sorted(count_keys_within(conn, slow, ["type"], 5.0) or ()) == [("type:subsidy", 1), ("type:tariff", 1)]
        assert conn.execute("SHOW statement_timeout").fetchone() == ("0",)


def test_all_facets_together_have_one_time_limit(database: str) -> None:
    query = filter_of_json({"event_type": ["subsidy", "tariff"], "jurisdiction": "JP"})
    record_many(database, 6)
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute("ALTER TABLE event_search RENAME TO kept")
        conn.execute(
            """
            CREATE VIEW event_search AS
            SELECT kept.* FROM kept CROSS JOIN LATERAL (SELECT pg_sleep(0.15) WHERE bucket > 0 OFFSET 0) AS slow
             UNION ALL
            SELECT * FROM kept WHERE bucket = 0
            """
        )
        result = count_facets(
            conn, query, ["status", "event_type", "jurisdiction"], 10, Effort(1_000, 1_000, patience=1.0)
        )
    assert {facet.name: facet.kind for facet in result.facets} == {
        "status": "exact",
        "event_type": "estimate",
        "jurisdiction": "estimate",
    }


@pytest.mark.parametrize(
    ("matched", "looked_at", "buckets"),
    [
        (0, 0, BUCKETS),
        (1, 0, BUCKETS),
        (1_600, 0, 6),
        (9_600, 0, 1),
        (150_000, 0, 1),
        (400, 1_900, 10),
        (400, 15_600, 1),
        (0, 100, BUCKETS),
    ],
)
def test_as_many_buckets_are_counted_as_give_a_sample_or_can_be_read(
    matched: int, looked_at: int, buckets: int
) -> None:
    assert buckets_for(matched, looked_at, 10_000) == buckets


def test_the_facets_of_the_schema_are_those_of_the_index() -> None:
    assert tuple(facet_keys.FACETS) == FACETS
    assert {
        facet_keys.FACETS["year"],
        facet_keys.FACETS["month"],
        facet_keys.TOPIC_SET,
        facet_keys.WITHOUT,
    } == COUNTED_ONLY


@pytest.mark.parametrize(
    ("edtf", "years", "months"),
    [
        ("2024-04-01", ["2024"], ["2024-04"]),
        ("2024-04~", ["2024"], ["2024-04"]),
        ("2024-33", ["2024"], ["2024-01", "2024-02", "2024-03"]),
        ("2023-12/2024-01", ["2023", "2024"], ["2023-12", "2024-01"]),
        ("2024-04/..", ["2024"], ["2024-04"]),
        ("../2024-04", ["2024"], ["2024-04"]),
        ("0099-12", ["0099"], ["0099-12"]),
        ("9999-12-31", ["9999"], ["9999-12"]),
    ],
)
def test_a_date_counts_in_every_year_and_month_that_it_overlaps(edtf: str, years: list[str], months: list[str]) -> None:
    assert (years_of(bounds(edtf)), months_of(bounds(edtf))) == (years, months)


def test_a_long_period_counts_in_its_first_years_and_months() -> None:
    years, months = years_of(bounds("1900/2100")), months_of(bounds("1900/2100"))
    assert (len(years), years[0], len(months), months[-1]) == (MOST_YEARS, "1900", MOST_MONTHS, "1901-12")
