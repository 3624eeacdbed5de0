"""Codes that their standards have withdrawn, subdivisions, and codes that a list has dropped since they were stored."""

import json
from typing import Any

import psycopg
import pytest
from flask.testing import FlaskClient

from schemas import fields
from tests.factories import an_event, create_event, create_topic
from tests.imports import CSV, NDJSON, counts, import_report
from tests.service.problems import problem_of

MERGE_PATCH = "application/merge-patch+json"
JSON_PATCH = "application/json-patch+json"
EXTERNAL = {"scheme": "gazette", "value": "7"}


def body(**said: Any) -> dict[str, Any]:
    """An event with a figure in euros, a party from Japan, and texts in English."""
    return an_event(
        external_ids=[EXTERNAL],
        figures=[{"id": "budget", "measure": "budget", "value": "10", "currency": "EUR"}],
        participants=[{"id": "jp", "name": "Japan", "role": "party", "jurisdiction": "JP"}],
        sources=[{"type": "news_article", "url": "https://a.eu/", "lang": "en"}],
        **said,
    )


@pytest.fixture
def event(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """An event, all of whose codes its lists have dropped since."""
    created = create_event(client, **body())
    monkeypatch.setattr(fields, "currency_names", dict)
    monkeypatch.setattr(fields, "jurisdiction_names", dict)
    monkeypatch.setattr(fields, "is_language", lambda _: False)
    monkeypatch.setattr(fields.Link, "error_in", lambda *_: "Must be another URL.")
    return created


def at_version(number: int, media_type: str = "application/json") -> dict[str, str]:
    return {"If-Match": f'"{number}"', "Content-Type": media_type}


@pytest.mark.parametrize(
    ("patch", "media_type"),
    [
        ({"title": "Another title"}, MERGE_PATCH),
        ([{"op": "replace", "path": "/title", "value": "Another title"}], JSON_PATCH),
    ],
)
def test_a_patch_elsewhere_keeps_a_code_that_was_dropped(
    client: FlaskClient, event: dict[str, Any], patch: Any, media_type: str
) -> None:
    answer = client.patch(f"/v1/events/{event['id']}", data=json.dumps(patch), headers=at_version(1, media_type))
    assert (answer.status_code, answer.get_json()["title"]) == (200, "Another title"), answer.text
    assert answer.get_json()["figures"] == event["figures"]


@pytest.mark.parametrize("address", ["/v1/events/{id}", "/v1/events/by/gazette/7"])
def test_an_event_that_was_read_can_be_put_back(client: FlaskClient, event: dict[str, Any], address: str) -> None:
    answer = client.put(address.format(**event), json=event | {"title": "Another title"}, headers=at_version(1))
    assert (answer.status_code, answer.get_json()["title"]) == (200, "Another title"), answer.text


def test_a_dropped_code_is_no_code_of_another_event(client: FlaskClient, event: dict[str, Any]) -> None:
    assert event["version"] == 1
    places = ["#/figures/0/currency", "#/participants/0/jurisdiction", "#/sources/0/lang", "#/sources/0/url"]
    new = client.post("/v1/events", json=body() | {"external_ids": []})
    assert sorted(problem_of(new).places) == places, new.text


def test_two_events_with_dropped_codes_can_be_merged(client: FlaskClient, event: dict[str, Any]) -> None:
    with pytest.MonkeyPatch.context() as before:
        before.setattr(fields, "currency_names", lambda: {"EUR": ""})
        before.setattr(fields, "jurisdiction_names", lambda: {"JP": ""})
        other = create_event(client, title="The same", figures=[{"measure": "cost", "value": "1", "currency": "EUR"}])
    merged = client.post(f"/v1/events/{other['id']}/merge", json={"into": event["id"]}, headers=at_version(1))
    assert merged.status_code == 200, merged.text


@pytest.mark.parametrize(("suffix", "media_type"), [("ndjson", NDJSON), ("csv", CSV)])
def test_an_export_is_imported_again_over_its_event(
    client: FlaskClient, event: dict[str, Any], suffix: str, media_type: str
) -> None:
    rows = client.get(f"/v1/events.{suffix}").data.replace(b"A policy", b"Another title")
    assert event["title"] == "A policy"
    assert import_report(client, rows, kind=media_type)["rows"] == counts(updated=1)


def test_an_export_is_imported_into_an_empty_service(client: FlaskClient, event: dict[str, Any], database: str) -> None:
    rows = client.get("/v1/events.ndjson").data
    with psycopg.connect(database) as conn:
        conn.execute("TRUNCATE event, event_revision, event_external_id, event_source, event_search CASCADE")
    assert import_report(client, rows)["rows"] == counts(created=1)
    assert client.get(f"/v1/events/{event['id']}").get_json()["figures"] == event["figures"]


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
def test_a_topic_keeps_a_language_that_was_dropped(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    topic = create_topic(client, "batteries", labels={"en": "Batteries"})
    monkeypatch.setattr(fields, "is_language", lambda _: False)
    labels = {"labels": {"en": "Battery cells"}}
    sent = topic | labels if method == "PUT" else labels
    answer = client.open("/v1/topics/batteries", method=method, json=sent, headers={"If-Match": '"1"'})
    assert (answer.status_code, answer.get_json()["labels"]) == (200, {"en": "Battery cells"}), answer.text


def ids_of(client: FlaskClient, query: str) -> list[str]:
    return [item["id"] for item in client.get(f"/v1/events?{query}").get_json()["items"]]


def test_a_subdivision_counts_for_its_country(client: FlaskClient) -> None:
    dates = [{"kind": "in_force", "edtf": "2099-05-01", "modality": "expected"}]
    california = create_event(
        client, participants=[{"name": "California", "role": "party", "jurisdiction": "US-CA"}], dates=dates
    )
    texas = create_event(client, participants=[{"name": "Texas", "role": "party", "jurisdiction": "US-TX"}])
    assert sorted(ids_of(client, "party=US")) == sorted([california["id"], texas["id"]])
    assert ids_of(client, "jurisdiction=US-CA") == [california["id"]]
    assert ids_of(client, "not_party=US") == []
    [facet] = client.get("/v1/facets?fields=party").get_json()["facets"]
    assert [(one["value"], one["label"], one["count"]) for one in facet["values"]] == [
        ("US", "United States", 2),
        ("US-CA", "California, United States", 1),
        ("US-TX", "Texas, United States", 1),
    ]
    agenda = client.get("/v1/agenda?party=US").get_json()
    assert [item["event_id"] for item in agenda["later"]["items"]] == [california["id"]]
    csv = client.get("/v1/events.csv?party=US").data
    assert import_report(client, csv.replace(b"A policy", b"Another title"), kind=CSV)["rows"] == counts(updated=2)
    assert client.get(f"/v1/events/{california['id']}").get_json()["participants"][0]["jurisdiction"] == "US-CA"


def test_withdrawn_codes_are_valid_and_flagged(client: FlaskClient) -> None:
    figures = [{"measure": "budget", "value": "1", "currency": code} for code in ("DEM", "HRK", "BGN")]
    codes = ["SU", "CSHH", "YU", "DD"]
    event = create_event(
        client,
        figures=figures,
        participants=[{"name": code, "role": "party", "jurisdiction": code} for code in codes],
        lang="iw",
    )
    assert ids_of(client, "figure_currency=DEM") == ids_of(client, "party=SU") == [event["id"]]
    vocabularies = client.get("/v1/vocabularies").get_json()
    flags = {
        one["word"]: one["withdrawn"] for name in ("jurisdiction", "currency") for one in vocabularies[name]["words"]
    }
    assert {code: flags[code] for code in (*codes, "DEM", "HRK", "BGN", "JP", "EUR")} == dict.fromkeys(
        (*codes, "DEM", "HRK", "BGN"), True
    ) | {"JP": False, "EUR": False}
    [facet] = client.get("/v1/facets?fields=party").get_json()["facets"]
    assert {one["value"]: one["label"] for one in facet["values"]}["DD"] == "German Democratic Republic (former)"
