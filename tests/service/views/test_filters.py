"""Every filter by example, over HTTP: what it finds, what its negation leaves, what it refuses."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from schemas.filters import NOT
from service.events.normalize import timestamp
from tests.factories import create_event
from tests.filter_events import figure, on
from tests.service.problems import details, problem_of

FOUND = [
    ("", "ABCDE"),
    ("event_type=dialogue", "AD"),
    ("event_type=dialogue,subsidy", "ACD"),
    ("status=in_force,planned", "ABD"),
    ("status=denied", ""),
    ("verification=unverified", ""),
    ("verification=single_source,official", "ABCDE"),
    ("party=JP", "AD"),
    ("affected=CN", "BC"),
    ("jurisdiction=KR,XK", "D"),
    ("topic=materials", "ABC"),
    ("topic=batteries", "AB"),
    ("topic=sodium,trade", "AB"),
    ("tag=x", "A"),
    ("tag=a\\,b", "A"),
    ("tag=a,b", ""),
    ("tag=y %26 z/é,nothing", "B"),
    ("tag=back\\slash", "B"),
    ("tag=back\\\\slash", "B"),
    ("instrument=grant", "BC"),
    ("instrument=loan,tax", "B"),
    ("lang=en", "A"),
    ("lang=en-gb,ja", "AB"),
    ("lang=en-US", ""),
    ("lang=zh", "C"),
    ("lang=zh-hant", "C"),
    ("source_publisher=NIKKEI", "A"),
    ("source_publisher=Reuters\\, Inc.", "B"),
    ("source_publisher=nikkei", ""),
    ("source_url=http://nikkei.com/article/1%23top", "A"),
    ("source_url=https://example.org/b,https://example.org/c", "B"),
    ("external_id=tracker:1", "A"),
    ("external_id=tracker:a:b\\,c", "B"),
    ("external_id=tracker:*", "AB"),
    ("external_id=celex:1,celex:32024R1252", "B"),
    ("date=2024", "ABD"),
    ("date=2024-04", "A"),
    ("date=2024-04-02", "A"),
    ("date=2024-04-02&date_match=certainly", ""),
    ("date=2024-33/2024-34&date_match=certainly", "AB"),
    ("date=2023,2024-05", "BC"),
    ("date=2025", "D"),
    ("date=2025&date_match=certainly", ""),
    ("date=2024-11/..&date_match=certainly", "D"),
    ("date_from=2024-05", "BD"),
    ("date_to=2024-04-01", "AC"),
    ("date_to=2024-04-01&date_match=certainly", "C"),
    ("date_from=2024-04-30&date_to=2024-05", "AB"),
    ("date=2024&date_to=2024-04", "A"),
    ("date=2023&date_from=2024", ""),
    ("date_kind=review", "A"),
    ("date_kind=review,ends", "AC"),
    ("date_kind=review&date=2026", "A"),
    ("date_kind=review&date=2024", ""),
    ("date_kind=ends,signed&date=2024&date_match=certainly", "BC"),
    ("date_kind=announced&date_from=2030", "D"),
    ("date_match=certainly", "ABCDE"),
    ("figure_measure=budget", "AC"),
    ("figure_currency=EUR", "AC"),
    ("figure_unit=GWh,%25", "BD"),
    ("figure_min=100", "ABC"),
    ("figure_max=0", "CD"),
    ("figure_min=0&figure_max=5.00", "AD"),
    ("figure_min=-0.5&figure_max=-0.1", "C"),
    ("figure_currency=EUR&figure_min=50", "A"),
    ("figure_currency=JPY&figure_min=50", ""),
    ("figure_measure=budget&figure_currency=EUR,USD&figure_min=1000", "C"),
    ("figure_unit=GWh&figure_max=100", "B"),
    ("created_from=2024", "ABCDE"),
    ("created_to=2024", ""),
    ("created_from=2024-01-01T00:00:00+09:00&updated_since=2024-01-01", "ABCDE"),
    ("updated_to=2024", ""),
    ("event_type=dialogue&status=planned", "A"),
    ("event_type=dialogue,agreement&party=EU&not_tag=x", "B"),
    ("not_party=JP&not_affected=CN", "E"),
    ("not_date_kind=launched&not_date=2024-04", "BCDE"),
    ("not_figure_currency=EUR&not_figure_min=50", "BCDE"),
    ("not_date=2024&date=2023", "C"),
]


def titles(client: FlaskClient, query: str) -> str:
    """The titles of the events that are found, in order."""
    answer = client.get(f"/v1/events?sort=title&fields=title&{query}")
    assert answer.status_code == 200, answer.text
    return "".join(event["title"] for event in answer.get_json()["items"])


def test_events_match_any_value_of_a_filter_and_all_filters(recorded: FlaskClient) -> None:
    assert {query: titles(recorded, query) for query, _ in FOUND} == dict(FOUND)


def test_a_negation_excludes_exactly_the_matches_of_the_filter(recorded: FlaskClient) -> None:
    negatable = [
        (query, found)
        for query, found in FOUND
        if query
        and not any(word in query for word in (NOT, "created", "updated"))
        and query != "date_match=certainly"
        # Of several groups each is negated by itself: they are not together the negation of all.
        and len({pair.partition("=")[0].partition("_")[0] for pair in query.split("&")}) == 1
    ]
    assert len(negatable) > 50
    negated = {query: "&".join(NOT + pair for pair in query.split("&")) for query, _ in negatable}
    left = {query: titles(recorded, negated[query]) for query, _ in negatable}
    assert left == {query: "".join(sorted(set("ABCDE") - set(found))) for query, found in negatable}


def test_an_event_is_found_by_the_events_that_it_names(client: FlaskClient) -> None:
    first, other = create_event(client, title="first"), create_event(client, title="other")
    create_event(client, title="x", relations=[{"type": "follows", "event": first["id"]}])
    create_event(client, title="y", relations=[{"type": "cites", "event": other["id"]}])
    assert titles(client, f"related_to={first['id']}") == "x"
    assert titles(client, f"related_to={first['id']},{other['id']}") == "xy"
    assert titles(client, f"not_related_to={first['id']}") == "firstothery"


def test_events_related_to_a_merged_event_are_found_by_its_target(client: FlaskClient) -> None:
    gone, kept = create_event(client, title="gone"), create_event(client, title="kept")
    create_event(client, title="x", relations=[{"type": "follows", "event": gone["id"]}])
    merged = client.post(f"/v1/events/{gone['id']}/merge", json={"into": kept["id"]}, headers={"If-Match": "*"})
    assert merged.status_code == 200
    assert titles(client, f"related_to={kept['id']}") == titles(client, f"related_to={gone['id']}") == "x"


def test_periods_that_meet_are_one(client: FlaskClient) -> None:
    create_event(client, title="x", dates=on("launched 2023-12/2024-02"))
    assert titles(client, "date=2024,2023&date_match=certainly") == "x"
    assert titles(client, "date=2022/2023,2024-01/..&date_match=certainly&date_kind=launched") == "x"
    assert titles(client, "date=2023,2024-02&date_match=certainly") == ""


def test_instants_of_the_record_are_compared_to_the_microsecond(client: FlaskClient) -> None:
    event = create_event(client, title="x")
    at, day = event["created_at"], event["created_at"][:10]
    assert titles(client, f"created_from={at}&created_to={at}&updated_since={at}&updated_to={at}") == "x"
    assert titles(client, f"created_from={day}&created_to={day}") == "x"
    later = timestamp(datetime.fromisoformat(at) + timedelta(microseconds=1))
    assert titles(client, f"created_from={later}") == ""


@pytest.mark.parametrize(
    ("query", "parameter", "meant"),
    [
        ("topics=x", "topics", "topic"),
        ("not_topics=x", "not_topics", "not_topic"),
        ("figure_mim=1", "figure_mim", "figure_min"),
        ("verification=offical", "verification", "official"),
        ("not_status=lauched", "not_status", "launched"),
        ("instrument=grants", "instrument", "grant"),
        ("date_kind=sign", "date_kind", "signed"),
        ("date_match=certain", "date_match", "certainly"),
        ("figure_measure=budgets", "figure_measure", "budget"),
        ("figure_currency=eur", "figure_currency", "EUR"),
        ("topic=battery", "topic", "batteries"),
        ("not_topic=trad", "not_topic", "trade"),
    ],
)
def test_an_error_on_an_unknown_value_names_the_nearest_one(
    recorded: FlaskClient, query: str, parameter: str, meant: str
) -> None:
    answer = recorded.get(f"/v1/events?{query}")
    assert problem_of(answer) == (422, "invalid", [parameter])
    assert f'Did you mean "{meant}"?' in details(answer)


@pytest.mark.parametrize(
    "query",
    [
        "lang=not a language",
        "source_url=example.org",
        "source_url=ftp://example.org",
        "external_id=32024R1252",
        "external_id=CELEX:1",
        "external_id=celex:",
        "related_to=1",
        "date=yesterday",
        "date=2024-13",
        "date=2024,",
        "date_from=../2024",
        "date_to=2024/..",
        "date_to=",
        "figure_min=ten",
        "figure_max=1e5",
        "figure_min=NaN",
        "figure_unit=",
        "created_from=now",
        "created_to=2024-01-01T00:00:00",
        "updated_since=2024-02-30",
        "q=",
        "q=%00",
        "q=" + "x" * 10_001,
        "tag=" + "\\,".join("x" * 51),
        "figure_currency=" + ",".join(f"X{number}" for number in range(51)),
    ],
)
def test_a_value_that_cannot_be_is_refused_at_its_place(anyone: FlaskClient, query: str) -> None:
    parameter = query.partition("=")[0]
    assert problem_of(anyone.get(f"/v1/events?{query}")) == (422, "invalid", [parameter])


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("figure_min=2&figure_max=1.99", "figure_max"),
        ("not_figure_min=2&not_figure_max=1", "not_figure_max"),
        ("date_from=2024-02&date_to=2024-01", "date_to"),
        ("created_from=2024-02&created_to=2024-01", "created_to"),
        ("updated_since=2024-01-01T00:00:00.000001Z&updated_to=2024-01-01T00:00:00Z", "updated_to"),
    ],
)
def test_a_range_that_ends_before_it_begins_is_refused(anyone: FlaskClient, query: str, parameter: str) -> None:
    assert problem_of(anyone.get(f"/v1/events?{query}")) == (422, "invalid", [parameter])


def test_the_past_is_filtered_as_it_was(client: FlaskClient) -> None:
    event = create_event(client, title="x", instruments=["grant"], figures=[figure("budget", "5", currency="EUR")])
    changed: Any = client.patch(
        f"/v1/events/{event['id']}",
        json={"instruments": ["loan"], "figures": [], "external_ids": [{"scheme": "tracker", "value": "1"}]},
        headers={"If-Match": "*"},
    ).json
    queries = ["instrument=grant", "instrument=loan", "figure_min=5", "external_id=tracker:1", "not_instrument=grant"]
    then = {query: titles(client, f"{query}&as_of={event['updated_at']}") for query in queries}
    now = {query: titles(client, f"{query}&as_of={changed['updated_at']}") for query in queries}
    assert then == dict(zip(queries, ["x", "", "x", "", ""], strict=True))
    assert now == dict(zip(queries, ["", "x", "", "x", "x"], strict=True))


def test_filters_are_counted_as_they_are_listed(recorded: FlaskClient) -> None:
    for query, found in FOUND[::5]:
        counted: Any = recorded.get(f"/v1/events?{query}&count=exact").json
        assert counted["count"] == {"value": len(found), "kind": "exact"}, query
