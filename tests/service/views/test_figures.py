"""/v1/figures: figures across events."""

import base64
import csv
import io
import json
from typing import Any

import orjson
import psycopg
import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings

from service.cursors import encode_cursor
from service.exports.table_columns import FIGURES
from tests import strategies
from tests.answers import body
from tests.factories import create_event
from tests.records import a_date
from tests.service.problems import problem_of


def a_figure(id: str, value: str, **said: Any) -> dict[str, Any]:
    """What a client sends for a figure, in euros of 2020 unless it says otherwise."""
    usual = {"measure": "investment", "currency": "EUR", "period": "2020", "value_type": "actual", "subject": "jp"}
    return {"id": id, "value": value} | usual | said


@pytest.fixture
def events(client: FlaskClient) -> list[dict[str, Any]]:
    """Two events with figures, the newer one first in a list, and one between them without."""
    first = [a_figure("a", "19.8"), a_figure("b", "3", currency=None, unit="GWh")]
    share = a_figure("d", "75", measure="market_share", currency=None, unit="%")
    last = [a_figure("c", "0.2"), share, a_figure("e", "5")]
    return [
        create_event(client, title="First", figures=first, dates=[a_date("2024-04")], status="planned"),
        create_event(client, title="None", dates=[a_date("2024-05")]),
        create_event(client, title="Last", figures=last, status="adopted", dates=[a_date("2024-06")]),
    ]


def ids(answer: Any) -> list[str]:
    return [figure["figure_id"] for figure in body(answer)["items"]]


def test_the_figures_of_the_newest_event_come_first(client: FlaskClient, events: list[dict[str, Any]]) -> None:
    page = body(client.get("/v1/figures"))
    assert [figure["figure_id"] for figure in page["items"]] == ["c", "d", "e", "a", "b"]
    names = ("event_id", "event_title", "event_date_latest", "subject_name")
    assert {name: page["items"][3][name] for name in names} == {
        "event_id": events[0]["id"],
        "event_title": "First",
        "event_date_latest": "2024-04-30",
        "subject_name": "Japan",
    }
    assert (page["next"], page["sums"]) == (None, None)


@pytest.mark.usefixtures("events")
@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("figure_currency=EUR", ["c", "e", "a"]),
        ("figure_unit=GWh", ["b"]),
        ("figure_measure=market_share", ["d"]),
        ("figure_min=5&figure_max=20", ["e", "a"]),
        ("status=planned", ["a", "b"]),
        ("status=planned&figure_currency=EUR", ["a"]),
        ("not_figure_unit=GWh", ["c", "d", "e"]),
        ("party=FR", []),
        ("figure_min=76", []),
    ],
)
def test_filters_select_events_and_those_of_figures_the_figures(
    client: FlaskClient, asked: str, expected: list[str]
) -> None:
    assert ids(client.get(f"/v1/figures?{asked}")) == expected
    exported = csv.DictReader(io.StringIO(client.get(f"/v1/figures.csv?{asked}").text, newline=""))
    assert sorted(row["figure_id"] for row in exported) == sorted(expected)


@pytest.mark.usefixtures("events")
@pytest.mark.parametrize("limit", [1, 2, 3, 4, 5])
def test_pages_hold_every_figure_once(client: FlaskClient, limit: int) -> None:
    address, seen = f"/v1/figures?limit={limit}", []
    while address:
        page = body(client.get(address))
        assert 0 < len(page["items"]) <= limit
        seen += [figure["figure_id"] for figure in page["items"]]
        address = page["next"]
    assert seen == ["c", "d", "e", "a", "b"]


@pytest.mark.usefixtures("events")
def test_sums_are_of_all_matching_figures_on_every_page(client: FlaskClient) -> None:
    sums = body(client.get("/v1/figures?sums=true&limit=1"))["sums"]
    assert sums["complete"] is True
    assert [(one["measure"], one["currency"], one["unit"], one["count"], one["sum"]) for one in sums["groups"]] == [
        ("investment", "EUR", None, 3, "25"),
        ("investment", None, "GWh", 1, "3"),
        ("market_share", None, "%", 1, None),
    ]
    some = body(client.get("/v1/figures?sums=true&figure_min=5&figure_currency=EUR"))["sums"]["groups"]
    assert [(one["count"], one["sum"], one["least"], one["greatest"]) for one in some] == [(2, "24.8", "5", "19.8")]


def test_a_range_is_found_and_summed_by_both_ends(client: FlaskClient) -> None:
    figures = [
        a_figure("range", "9.5", value_max="15"),
        a_figure("exact", "3"),
        a_figure("cold", "-5", value_max="0.5"),
    ]
    event = create_event(client, figures=figures)
    assert [figure["value_max"] for figure in event["figures"]] == ["15", None, "0.5"]
    for query, expected in {
        "figure_min=15": ["range"],
        "figure_min=15.1": [],
        "figure_min=10&figure_max=11": ["range"],
        "figure_min=4": ["range"],
        "figure_max=-1": ["cold"],
        "figure_min=0&figure_max=0": ["cold"],
        "figure_min=100": [],
    }.items():
        assert ids(client.get(f"/v1/figures?{query}")) == expected, query
        assert len(body(client.get(f"/v1/events?{query}"))["items"]) == bool(expected), query
    [group] = body(client.get("/v1/figures?sums=true"))["sums"]["groups"]
    assert {name: group[name] for name in ("count", "inexact", "sum", "sum_max", "least", "greatest")} == {
        "count": 3,
        "inexact": 2,
        "sum": "7.5",
        "sum_max": "18.5",
        "least": "-5",
        "greatest": "15",
    }
    [some] = body(client.get("/v1/figures?sums=true&figure_min=4"))["sums"]["groups"]
    assert (some["count"], some["sum"], some["sum_max"]) == (1, "9.5", "15")
    rows = list(csv.DictReader(client.get("/v1/figures.csv").text.splitlines()))
    assert [(row["value"], row["value_max"]) for row in rows] == [("9.5", "15"), ("3", ""), ("-5", "0.5")]


def test_figures_of_different_kinds_are_summed_apart(client: FlaskClient) -> None:
    create_event(
        client,
        figures=[
            a_figure("a", "1"),
            a_figure("b", "2", value_type="target"),
            a_figure("c", "4", period="2020-04"),
            a_figure("d", "8", comparator="more_than", period="2021"),
        ],
    )
    groups = body(client.get("/v1/figures?sums"))["sums"]["groups"]
    assert [(one["value_type"], one["period_type"], one["count"], one["inexact"], one["sum"]) for one in groups] == [
        ("actual", "year", 2, 1, "9"),
        ("actual", "month", 1, 0, "4"),
        ("target", "year", 1, 0, "2"),
    ]


def test_where_too_much_matches_the_newest_is_summed(
    client: FlaskClient, events: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    del events
    monkeypatch.setattr("service.store.events.figures.MOST_SUMMED", 1)
    sums = body(client.get("/v1/figures?sums&figure_currency=EUR"))["sums"]
    assert (sums["complete"], sums["groups"][0]["sum"]) == (False, "5.2")


@pytest.mark.usefixtures("events")
def test_every_form_holds_every_figure(client: FlaskClient) -> None:
    listed = body(client.get("/v1/figures"))["items"]
    lines = [json.loads(line) for line in client.get("/v1/figures.ndjson").data.splitlines()]
    assert sorted(lines, key=lambda one: one["figure_id"]) == sorted(listed, key=lambda one: one["figure_id"])
    answer = client.get("/v1/figures?format=csv&bom=true")
    rows = list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"), newline="")))
    assert list(rows[0]) == [column.name for column in FIGURES]
    assert {row["figure_id"]: row["value"] for row in rows} == {"a": "19.8", "b": "3", "c": "0.2", "d": "75", "e": "5"}
    assert client.get("/v1/figures.parquet").data[:4] == b"PAR1"


def test_a_forged_cursor_is_refused(client: FlaskClient, events: list[dict[str, Any]]) -> None:
    first = body(client.get("/v1/figures?limit=1"))["next"]
    assert problem_of(client.get(first.replace("limit=1", "limit=1&party=JP"))).status == 400
    bound_to, *_ = orjson.loads(base64.urlsafe_b64decode(first.partition("cursor=")[2] + "=="))
    no_number, no_id = ["2024-01-01", "", "x"], ["2024-01-01", "x", "1"]
    for forged in (["no day", events[0]["id"], "1"], no_id, no_number, ["", "", "-1"], ["", ""]):
        assert problem_of(client.get(f"/v1/figures?cursor={encode_cursor(bound_to, forged)}")).status == 400
    assert problem_of(client.get("/v1/figures?cursor=x")).status == 400


def test_figures_from_before_the_migration_are_summed_too(
    client: FlaskClient, events: list[dict[str, Any]], conn: psycopg.Connection
) -> None:
    """The column that sums look at holds what they need."""
    del client, events
    found = conn.execute("SELECT figures, convert_from(document, 'UTF8')::jsonb -> 'figures' FROM event").fetchall()
    for kept, said in found:
        names = ("measure", "currency", "unit", "comparator", "period", "value_type")
        assert [{name: one[name] for name in names} for one in kept] == [
            {name: one[name] for name in names} for one in said
        ]


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(strategies.events())
def test_every_event_has_its_figures_listed(client: FlaskClient, earlier: object, event: dict[str, Any]) -> None:
    del earlier
    said = event | {"external_ids": [], "topics": []}
    created = client.post("/v1/events", json=said)
    assert created.status_code == 201, created.text
    recorded = body(created)
    listed = [one for one in body(client.get("/v1/figures?limit=200"))["items"] if one["event_id"] == recorded["id"]]
    assert [one["value"] for one in listed] == [figure["value"] for figure in recorded["figures"]]
