"""Searches by what an event is known by: its title, a name, an external id, an acronym, its country, its sources."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.factories import create_event

TITLE = "Nationally Determined Contribution (NDC) of 1999"


def found(client: FlaskClient, q: str) -> list[str]:
    """Return the titles of the events that are found, the best first."""
    answer = client.get("/v1/events", query_string={"q": q})
    assert answer.status_code == 200, answer.text
    return [event["title"] for event in answer.get_json()["items"]]


def event(client: FlaskClient, title: str, code: str | None = None, **content: Any) -> None:
    """Create an event with a party of the country `code`."""
    who = [{"id": "p", "name": "of", "role": "party", "jurisdiction": code}]
    create_event(client, title=title, **({"lang": "en", "participants": who} | content))


@pytest.fixture
def known(client: FlaskClient) -> FlaskClient:
    """Return a client of a service with one event among others with the same words, which count more in them."""
    event(
        client,
        TITLE,
        names=[{"value": "Beitrag zum Klimaschutz", "lang": "de"}],
        external_ids=[{"scheme": "registry", "value": "374"}],
        description="many other words " * 40,
    )
    words = "nationally determined contribution NDC of 1999, Beitrag zum Klimaschutz, 374"
    for number in range(3):
        event(client, f"{words} {number}", summary=f"{words} {words}")
    return client


@pytest.mark.parametrize(
    "text",
    [
        TITLE,
        "nationally determined contribution ndc of 1999",
        "NATIONALLY DETERMINED CONTRIBUTION OF 1999",
        f'"{TITLE}"',
        "NDC",
        "beitrag zum klimaschutz",
        "374",
    ],
)
def test_the_event_with_the_whole_title_is_first(known: FlaskClient, text: str) -> None:
    assert found(known, text)[0] == TITLE


def test_a_whole_title_matches_no_more_than_its_words(known: FlaskClient) -> None:
    assert TITLE not in found(known, "NDC -contribution")
    page = known.get("/v1/events", query_string={"q": TITLE, "count": "exact"}).get_json()
    assert page["count"]["value"] == len(page["items"]) == 4


@pytest.mark.parametrize("text", ["Kenya climate change act", "climate change act kenya", "Climate Change Act, Kenya"])
def test_title_and_country_are_first_in_either_order(client: FlaskClient, text: str) -> None:
    event(client, "Climate Change Act", "KE", description="many other words " * 40)
    event(client, "Climate Change Act", "UG", description="Kenya")
    event(client, "Act of Kenya on climate change and Kenya", "KE")
    first, *others = client.get("/v1/events", query_string={"q": text}).get_json()["items"]
    assert (first["title"], first["participants"][0]["jurisdiction"]) == ("Climate Change Act", "KE")
    assert len(others) == 2


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Japan energy", "JP"),
        ("Energie Deutschland", "DE"),
        ("UK energy", "GB"),
        ("energy u.s.", "US"),
        ("EU energy", "EU"),
        ("energy T\u00fcrkiye", "TR"),
        ("the Netherlands energy", "NL"),
        ("C\u00f4te d'Ivoire energy", "CI"),
        ("energy Japan OR Korea", "KR"),
    ],
)
def test_countries_are_words_of_their_events(client: FlaskClient, text: str, code: str) -> None:
    event(client, "Energy plan", code, description="Energie")
    event(client, "Energy plan", "FR", description="Energie")
    answer = client.get("/v1/events", query_string={"q": text, "count": "exact"}).get_json()
    assert answer["count"]["value"] == 1
    assert answer["items"][0]["participants"][0]["jurisdiction"] == code


def test_a_quoted_country_is_a_word(client: FlaskClient) -> None:
    event(client, "Energy plan", "JP")
    assert found(client, '"Japan"') == []
    assert found(client, "Energy -Japan") == []


SOURCE = {"type": "data_set", "title": "Climate Policy Database", "publisher": "NewClimate Institute"}


def test_the_name_of_a_source_is_found_but_does_not_count(client: FlaskClient) -> None:
    for number in range(6):
        event(client, f"Plan {number} of railways", sources=[SOURCE])
    event(client, "Plan for the climate", sources=[SOURCE])
    event(client, "Climate", sources=[SOURCE], description="many other words " * 40)
    assert len(found(client, "climate policy")) == 8
    assert len(found(client, '"climate policy database"')) == len(found(client, "newclim*")) == 8
    page = client.get("/v1/events", query_string={"q": "climate plan", "explain": "true"}).get_json()
    assert page["items"][0]["title"] == "Plan for the climate"
    [climate, plan] = page["matches"][0]["explanation"]["terms"]
    assert (climate["events"], plan["events"]) == (2, 7)
    assert page["ranking"]["unmatched"] == []
    assert found(client, "plan -database") == []


def test_a_word_that_only_sources_have_is_no_unknown_word(client: FlaskClient) -> None:
    event(client, "Plan of railways", sources=[SOURCE])
    page = client.get("/v1/events", query_string={"q": "newclimate railways"}).get_json()
    assert (len(page["items"]), page["ranking"]["unmatched"]) == (1, [])
