"""Partial matches: what they must have, and the words and quotations that no event has."""

from collections.abc import Sequence
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.factories import create_event

TITLES = ("Solar wind law", "Wind and solar parks", "Steel water", "Water law of the coast")


@pytest.fixture
def stored(client: FlaskClient) -> FlaskClient:
    """Return a client of a database with events of the TITLES."""
    for title in TITLES:
        create_event(client, title=title, lang="en", participants=[{"id": "p", "name": "of", "role": "party"}])
    return client


def search(client: FlaskClient, q: str, **parameters: str) -> tuple[set[str], dict[str, Any]]:
    """Return the titles of the events that are found, and the ranking."""
    page = client.get("/v1/events", query_string={"q": q} | parameters).get_json()
    return {item["title"] for item in page["items"]}, page["ranking"]


@pytest.mark.parametrize(
    ("q", "titles", "unmatched"),
    [
        # All quotations have matches, and are required.
        ('"solar wind" steel', TITLES[:1], []),
        ('"solar wind" -steel peace', TITLES[:1], ["peace"]),
        # A quotation that nothing has is not required, the others are.
        ('"steel wind" water', (TITLES[0], TITLES[1], TITLES[2], TITLES[3]), ['"steel wind"']),
        ('"wind steel"', TITLES[:3], ['"wind steel"']),
        ('"wind steel" "water law"', TITLES[3:], ['"wind steel"']),
        ('"steel peace" law', (TITLES[0], TITLES[2], TITLES[3]), ["peace", '"steel peace"']),
        # Each quotation has matches, but both together have none.
        ('"solar wind" "steel water"', TITLES, ['"solar wind"', '"steel water"']),
        # An unknown word.
        ("steel xyzzy", TITLES[2:3], ["xyzzy"]),
        ("steel xyzz*", TITLES[2:3], ["xyzz*"]),
        ("steel OR xyzzy", TITLES[2:3], ["xyzzy"]),
        ("xyzzy", (), ["xyzzy"]),
        ('"solar xyzzy" -wind -law', (), ["xyzzy", '"solar xyzzy"']),
    ],
)
def test_words_and_quotations_that_no_event_has_leave_partial_matches(
    stored: FlaskClient, q: str, titles: Sequence[str], unmatched: list[str]
) -> None:
    found, ranking = search(stored, q)
    assert found == set(titles)
    assert ranking["unmatched"] == unmatched
    assert ranking["partial"] == (ranking["of"] < len(titles))


def test_later_pages_have_the_same_partial_matches(stored: FlaskClient) -> None:
    page = stored.get("/v1/events", query_string={"q": '"wind steel" water', "limit": 1}).get_json()
    ranking, titles = page["ranking"], []
    while True:
        titles += [item["title"] for item in page["items"]]
        assert page["ranking"] == ranking
        if not page["next"]:
            break
        page = stored.get(page["next"]).get_json()
    assert sorted(titles) == sorted(TITLES)


def test_a_quotation_of_other_events_than_a_filter_passes_is_not_required(stored: FlaskClient) -> None:
    create_event(stored, title="Solar wind and steel", lang="en", event_type="agreement")
    assert search(stored, '"solar wind" water', event_type="agreement")[0] == {"Solar wind and steel"}
    found, ranking = search(stored, '"steel water" wind', event_type="agreement")
    assert found == {"Solar wind and steel"}
    assert ranking["unmatched"] == ['"steel water"']
