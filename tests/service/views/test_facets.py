"""How many events have what: each facet as it would narrow the list, exact or estimated, whatever is asked."""

from typing import Any
from urllib.parse import urlencode

import pytest
from flask.testing import FlaskClient

from schemas.facets import FACETS
from tests.factories import create_event, create_topic
from tests.service.conftest import make_key, running
from tests.service.problems import details, problem_of

#: By what a value of a facet is chosen.
FILTERS = {name: name for name in FACETS} | {"year": "date", "month": "date"}


def who(*roles: str) -> list[dict[str, str]]:
    """Participants, each from a role and a jurisdiction: `party JP`."""
    pairs = [role.split() for role in roles]
    return [{"name": jurisdiction, "role": role, "jurisdiction": jurisdiction} for role, jurisdiction in pairs]


def launched(edtf: str) -> list[dict[str, str]]:
    """One date on which it was launched."""
    return [{"kind": "launched", "edtf": edtf, "modality": "actual"}]


def record_five(client: FlaskClient) -> None:
    """Events A to E, which differ in all that is counted."""
    for id_, broader in (("materials", []), ("batteries", ["materials"]), ("magnets", ["materials"]), ("trade", [])):
        create_topic(client, id_, broader=broader, labels={"en": id_.title(), "de": f"{id_} (de)"})
    source = {"type": "news_article", "publisher": "NIKKEI, Tokyo"}
    said: dict[str, dict[str, Any]] = {
        "A": {
            "event_type": "dialogue",
            "status": "planned",
            "participants": who("party JP", "party EU"),
            "topics": [{"id": "batteries"}, {"id": "magnets"}],
            "tags": ["x"],
            "dates": launched("2024-03-05"),
            "lang": "zh-Hant",
            "instruments": ["grant", "loan"],
        },
        "B": {
            "event_type": "dialogue",
            "status": "launched",
            "participants": who("party EU", "affected CN"),
            "topics": [{"id": "trade"}],
            "tags": ["x", "y & z/é"],
            "dates": launched("2023-11/2024-02"),
            "figures": [{"measure": "investment", "value": "5", "currency": "EUR"}],
            "sources": [source],
        },
        "C": {"event_type": "subsidy", "status": "planned", "topics": [{"id": "batteries"}], "dates": launched("2024")},
        "D": {"event_type": "tariff", "participants": who("party US"), "lang": "en", "sources": [source, source]},
        "E": {"event_type": "tariff", "participants": who("party US"), "dates": launched("2025-01-01/..")},
    }
    for title, rest in said.items():
        create_event(client, title=title, **rest)


def counted(client: FlaskClient, query: str = "") -> dict[str, dict[str, int]]:
    """Each facet's values and their numbers."""
    answer = client.get(f"/v1/facets?{query}")
    assert answer.status_code == 200, answer.text
    return {
        facet["field"]: {one["value"]: one["count"] for one in facet["values"]} for facet in answer.get_json()["facets"]
    }


def test_every_facet_tells_how_many_events_have_what(client: FlaskClient) -> None:
    record_five(client)
    answer = client.get("/v1/facets")
    body = answer.get_json()
    assert (answer.status_code, body["count"]) == (200, {"value": 5, "kind": "exact"})
    assert [facet["field"] for facet in body["facets"]] == list(FACETS)
    assert {(facet["kind"], facet["left_out"]) for facet in body["facets"]} == {("exact", 0)}
    assert counted(client) == {
        "topic": {"materials": 2, "batteries": 2, "magnets": 1, "trade": 1},
        "jurisdiction": {"EU": 2, "JP": 2, "US": 2, "CN": 1},
        "party": {"EU": 2, "JP": 2, "US": 2},
        "affected": {"CN": 1},
        "event_type": {"dialogue": 2, "tariff": 2, "subsidy": 1},
        "status": {"planned": 2, "launched": 1},
        "verification": {"single_source": 4, "corroborated": 1},
        "year": {"2024": 3, "2023": 1, "2025": 1},
        "month": {"2024-01": 2, "2024-02": 2, "2024-03": 2, "2023-11": 1, "2023-12": 1, "2025-01": 1}
        | {f"2024-{month:02}": 1 for month in range(4, 13)},
        "source_publisher": {"NIKKEI, Tokyo": 2},
        "figure_currency": {"EUR": 1},
        "tag": {"x": 2, "y & z/é": 1},
        "lang": {"en": 1, "zh": 1, "zh-hant": 1},
        "instrument": {"grant": 1, "loan": 1},
    }
    assert {facet["field"]: facet["without"] for facet in body["facets"]} == {
        "topic": 2,
        "jurisdiction": 0,
        "party": 0,
        "affected": 4,
        "event_type": 0,
        "status": 2,
        "verification": 0,
        "year": 1,
        "month": 1,
        "source_publisher": 3,
        "figure_currency": 4,
        "tag": 3,
        "lang": 3,
        "instrument": 4,
    }


def test_values_stand_by_their_number_and_then_by_themselves(client: FlaskClient) -> None:
    record_five(client)
    [facet] = client.get("/v1/facets?fields=jurisdiction&limit=3").get_json()["facets"]
    assert [(one["value"], one["count"], one["label"]) for one in facet["values"]] == [
        ("EU", 2, "European Union"),
        ("JP", 2, "Japan"),
        ("US", 2, "United States"),
    ]
    assert facet["left_out"] == 1


@pytest.mark.parametrize(
    ("accepted", "label"),
    [
        ("", "Batteries"),
        ("de-AT, en;q=0.5", "batteries (de)"),
        ("en, de", "Batteries"),
        ("fr", "Batteries"),
        ("*", "Batteries"),
        ("de;q=0", "Batteries"),
    ],
)
def test_a_topic_is_labelled_in_the_callers_language(client: FlaskClient, accepted: str, label: str) -> None:
    record_five(client)
    answer = client.get("/v1/facets?fields=topic&status=planned", headers={"Accept-Language": accepted})
    labels = {one["value"]: one["label"] for one in answer.get_json()["facets"][0]["values"]}
    assert labels["batteries"] == label
    assert "Accept-Language" in answer.headers["Vary"]


def test_a_facet_is_counted_without_its_own_filter_and_with_all_others(client: FlaskClient) -> None:
    record_five(client)
    found = counted(client, "fields=event_type,status,party&event_type=dialogue&status=planned")
    assert found == {
        "event_type": {"dialogue": 1, "subsidy": 1},
        "status": {"planned": 1, "launched": 1},
        "party": {"EU": 1, "JP": 1},
    }


def test_years_and_months_are_counted_without_the_date_but_for_its_kind(client: FlaskClient) -> None:
    record_five(client)
    create_event(client, title="F", dates=[{"kind": "signed", "edtf": "2020", "modality": "actual"}])
    assert counted(client, "fields=year,event_type&date=2025") == {
        "year": {"2024": 3, "2020": 1, "2023": 1, "2025": 1},
        "event_type": {"tariff": 1},
    }
    assert counted(client, "fields=year&date=2025&date_kind=signed") == {"year": {"2020": 1}}


def test_a_currency_is_counted_without_its_filter_but_with_the_rest_of_the_figure(client: FlaskClient) -> None:
    for currency, value in (("EUR", "5"), ("JPY", "5"), ("USD", "50")):
        create_event(client, figures=[{"measure": "investment", "value": value, "currency": currency}])
    assert counted(client, "fields=figure_currency&figure_currency=EUR&figure_max=9") == {
        "figure_currency": {"EUR": 1, "JPY": 1}
    }


def test_what_is_to_be_left_out_is_left_out_of_every_facet(client: FlaskClient) -> None:
    record_five(client)
    assert counted(client, "fields=event_type&not_event_type=tariff&event_type=subsidy") == {
        "event_type": {"dialogue": 2, "subsidy": 1}
    }


def test_a_topic_counts_the_events_of_its_narrower_ones_once(client: FlaskClient) -> None:
    record_five(client)
    assert counted(client, "fields=topic&status=planned") == {"topic": {"batteries": 2, "materials": 2, "magnets": 1}}
    assert counted(client, "fields=tag&topic=materials") == {"tag": {"x": 1}}


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"party": "EU,US"},
        {"topic": "materials"},
        {"not_tag": "x"},
        {"date": "2024"},
        {"date_from": "2023-12", "date_match": "certainly"},
        {"figure_min": "1"},
        {"q": "dialogue"},
        {"q": "dialogue", "party": "JP", "created_from": "2020"},
    ],
)
def test_a_number_is_that_of_the_list_which_the_value_would_leave(client: FlaskClient, query: dict[str, str]) -> None:
    record_five(client)
    create_event(client, title="The dialogue", summary="Another dialogue", tags=["z"])
    for name, values in counted(client, urlencode(query)).items():
        narrows = FILTERS[name]
        others = {one: value for one, value in query.items() if not one.startswith(narrows)}
        for value, number in values.items():
            picked = {narrows: value.replace(",", "\\,"), "count": "exact"}
            found = client.get("/v1/events", query_string=others | picked)
            assert (name, value, found.get_json()["count"]["value"]) == (name, value, number)


def test_nothing_is_counted_where_there_is_nothing(anyone: FlaskClient) -> None:
    for query in ("", "?event_type=tariff&fields=event_type,year"):
        body = anyone.get(f"/v1/facets{query}").get_json()
        assert body["count"] == {"value": 0, "kind": "exact"}
        assert {(len(facet["values"]), facet["left_out"], facet["without"]) for facet in body["facets"]} == {(0, 0, 0)}


def test_what_was_deleted_or_changed_is_counted_no_more(client: FlaskClient) -> None:
    event = create_event(client, tags=["a"])
    gone = create_event(client, tags=["a", "b"])
    client.delete(f"/v1/events/{gone['id']}", headers={"If-Match": "*"})
    client.patch(f"/v1/events/{event['id']}", json={"tags": ["c"]}, headers={"If-Match": "*"})
    assert counted(client, "fields=tag") == {"tag": {"c": 1}}


@pytest.mark.parametrize(
    ("query", "parameter", "meant"),
    [
        ("fields=topics", "fields", "topic"),
        ("fields=", "fields", None),
        ("fields=topic,yaer", "fields", "year"),
        ("facets=topic", "facets", None),
        ("limit=0", "limit", None),
        ("statuss=planned", "statuss", "status"),
        ("status=planed", "status", "planned"),
        ("topic=unknown", "topic", None),
        ("cursor=x", "cursor", None),
        ("fields=topic&fields=tag", "fields", None),
    ],
)
def test_what_cannot_be_counted_is_refused(anyone: FlaskClient, query: str, parameter: str, meant: str | None) -> None:
    answer = anyone.get(f"/v1/facets?{query}")
    assert problem_of(answer) == (422, "invalid", [parameter])
    assert meant is None or f'Did you mean "{meant}"?' in details(answer)


def test_a_limit_is_brought_down_to_the_largest(client: FlaskClient) -> None:
    create_event(client, tags=[f"tag {number}" for number in range(100)])
    create_event(client, tags=[f"tag {number}" for number in range(100, 200)])
    create_event(client, tags=["tag 200"])
    [facet] = client.get("/v1/facets?fields=tag&limit=999999999").get_json()["facets"]
    assert (len(facet["values"]), facet["left_out"]) == (200, 1)


def test_values_of_any_letters_are_counted_as_they_are(client: FlaskClient) -> None:
    tags = ["a:b", "a,b", "<b>x</b>", "電池", "a b", "%s", "{}", "'", "\\", "topic:x", "without:tag", "ﬁ", "é", "é"]
    create_event(client, tags=tags)
    assert counted(client, "fields=tag&limit=200") == {"tag": dict.fromkeys(tags, 1)}


@pytest.mark.parametrize(
    "q",
    [
        "'",
        '"',
        "\\",
        "& | ! ( ) <->",
        ":*",
        "the",
        "a" * 10_000,
        "x " * 4_000,
        "-",
        "%",
        "((((",
        "🌍",
        "\u202ex",
        "OR OR",
    ],
)
def test_whatever_is_looked_for_is_counted(client: FlaskClient, q: str) -> None:
    create_event(client, title="The policy")
    answer = client.get("/v1/facets", query_string={"q": q, "fields": "event_type,year"})
    assert answer.status_code == 200, answer.text


def test_counting_needs_the_right_to_read(database: str) -> None:
    with running(database, public_read=False) as app:
        client = app.test_client()
        assert problem_of(client.get("/v1/facets")) == (401, "unauthenticated", [])
        reader = {"Authorization": f"Bearer {make_key(database, 'webhooks')}"}
        assert problem_of(client.get("/v1/facets", headers=reader)) == (403, "forbidden", [])
        reader = {"Authorization": f"Bearer {make_key(database, 'events:read')}"}
        assert client.get("/v1/facets", headers=reader).status_code == 200
