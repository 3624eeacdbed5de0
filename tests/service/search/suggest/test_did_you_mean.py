"""Corrections of words that find few events."""

import pytest
from flask.testing import FlaskClient

from tests.factories import create_event
from tests.service.search.battery_events import create_battery_events
from tests.service.search.suggestion_index import update_suggestions


@pytest.mark.parametrize(
    ("q", "correction"),
    [
        ("batery", "battery"),
        ("recyclign", "recycling"),
        ("batery recyclign", "battery recycling"),
        ('"batery recycling" OR tarifs', '"battery recycling" OR tariffs'),
        ("passprt -batery", "passport -batery"),
        ("tarrifs cars", "tariffs cars"),
        ("battery", None),
        ("xyzzyplugh", None),
        ("bat*", None),
        ("電池", None),
        ("!?", None),
    ],
)
def test_a_search_with_few_matches_is_corrected_if_that_finds_more(
    client: FlaskClient, database: str, q: str, correction: str | None
) -> None:
    create_battery_events(client)
    update_suggestions(database)
    assert client.get("/v1/events", query_string={"q": q}).get_json()["did_you_mean"] == correction


def test_a_correction_must_find_more_within_the_filter(client: FlaskClient, database: str) -> None:
    create_battery_events(client)
    create_event(client, title="Agreement", tags=["x"])
    update_suggestions(database)
    assert client.get("/v1/events?q=batery&tag=x").get_json()["did_you_mean"] is None
    assert client.get("/v1/events?q=agrement&tag=x").get_json()["did_you_mean"] == "agreement"


def test_the_words_of_deleted_events_correct_nothing(client: FlaskClient, database: str) -> None:
    event = create_event(client, title="Perovskite")
    update_suggestions(database)
    assert client.get("/v1/events?q=perovskit").get_json()["did_you_mean"] in (None, "perovskite")
    assert client.get("/v1/events?q=perowskite").get_json()["did_you_mean"] == "perovskite"
    client.delete(f"/v1/events/{event['id']}", headers={"If-Match": "*"})
    update_suggestions(database)
    assert client.get("/v1/suggest?q=perowskite").get_json() == {"items": [], "did_you_mean": None}
