"""Forms of words that find each other: compounds and their parts, and the characters of Chinese and Japanese."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.factories import create_event

GERMAN = [
    "Ausfuhr von Halbleitererzeugnissen",
    "Klimaschutzgesetz",
    "Gesetze zum Schutz von Klima und Umwelt",
    "Deutschland und seine Nachbarn",
]
CHINESE = ["气候变化应对法", "氣候變化應對法", "再生可能エネルギーの発電", "可再生能源發電"]


def titles(client: FlaskClient, **query: Any) -> set[str]:
    """Return the titles of the events that a search finds."""
    answer = client.get("/v1/events", query_string={"sort": "-date"} | query)
    assert answer.status_code == 200, answer.text
    return {event["title"] for event in answer.get_json()["items"]}


@pytest.fixture
def german(client: FlaskClient) -> None:
    """Record events in German, and one in English with a German word."""
    for title in GERMAN:
        create_event(client, title=title, lang="de")
    create_event(client, title="The German Klimaschutzgesetz", lang="en")


@pytest.mark.usefixtures("german")
@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("Halbleiter", {GERMAN[0]}),
        ("erzeugnisse", {GERMAN[0]}),
        ("Halbleitererzeugnis", {GERMAN[0]}),
        ("klima gesetz", {GERMAN[1], GERMAN[2]}),
        ("Klimaschutz", {GERMAN[1]}),
        ("klimaschutzgesetz", {GERMAN[1], "The German Klimaschutzgesetz"}),
        ("land", set()),
        ('"Klimaschutz Gesetz"', set()),
    ],
)
def test_a_compound_is_found_by_its_parts_in_texts_of_its_language(
    client: FlaskClient, query: str, found: set[str]
) -> None:
    assert titles(client, q=query) == found


@pytest.mark.usefixtures("german")
def test_a_compound_is_highlighted_as_a_whole(client: FlaskClient) -> None:
    page = client.get("/v1/events?q=klima+schutz&highlight=true").get_json()
    ranges = {
        event["title"]: match["highlights"][0]["ranges"]
        for event, match in zip(page["items"], page["matches"], strict=True)
    }
    assert ranges == {GERMAN[1]: [[0, 17]], GERMAN[2]: [[12, 18], [23, 28]]}


@pytest.mark.usefixtures("german")
def test_parts_of_compounds_do_not_make_a_text_longer(client: FlaskClient) -> None:
    create_event(client, title="Klima", lang="de")
    page = client.get("/v1/events?q=klima&explain=true").get_json()
    lengths = {
        event["title"]: match["explanation"]["length"]
        for event, match in zip(page["items"], page["matches"], strict=True)
    }
    assert lengths["Klima"] == lengths["Klimaschutzgesetz"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("气候", set(CHINESE[:2])),
        ("氣候", set(CHINESE[:2])),
        ('"氣候變化應對法"', set(CHINESE[:2])),
        ("発電", set(CHINESE[2:])),
        ("發電", set(CHINESE[2:])),
        ("发电", set(CHINESE[2:])),
        ("發", set(CHINESE[2:])),
    ],
)
def test_simplified_traditional_and_japanese_characters_find_each_other(
    client: FlaskClient, query: str, found: set[str]
) -> None:
    for title, lang in zip(CHINESE, ("zh-Hans", "zh-Hant", "ja", "zh-Hant"), strict=True):
        create_event(client, title=title, lang=lang)
    assert titles(client, q=query) == found
    assert titles(client, q=query, highlight="true") == found


def test_highlights_keep_the_characters_of_the_text(client: FlaskClient) -> None:
    create_event(client, title="氣候變化應對法", lang="zh-Hant")
    [match] = client.get("/v1/events?q=气候变化&highlight=true").get_json()["matches"]
    assert match["highlights"] == [{"field": "title", "text": "氣候變化應對法", "ranges": [[0, 4]]}]
