"""How a score came about, and what was meant where little is found; and what is like an event."""

import pytest
from flask.testing import FlaskClient

from service.search.suggest.spelling import nearest, slips
from service.store.search.words import VocabularyWord
from tests.factories import create_event, create_topic
from tests.service.conftest import make_key, running
from tests.service.problems import problem_of
from tests.service.search.suggest.test_suggestions import keep_names

UNKNOWN = "01980000-0000-7000-8000-000000000000"


def record_three(client: FlaskClient) -> list[str]:
    """Three events about batteries, and others; the ids of the three, by how well `battery recycling` fits them."""
    said = [
        {"title": "Battery recycling", "summary": "Recycling of every battery."},
        {"title": "Battery passport", "description": "It says how recycling works."},
        {"title": "Tariffs on cars", "description": "Batteries are exempt."},
    ]
    ids = [create_event(client, lang="en", **one)["id"] for one in said]
    for number in range(5):
        create_event(client, title=f"Something else {number}", lang="en")
    return ids


def test_a_score_is_the_sum_of_what_is_explained(client: FlaskClient) -> None:
    record_three(client)
    answer = client.get("/v1/events?q=battery+recycling+recycling&explain=true").get_json()
    assert len(answer["matches"]) == 3
    for match in answer["matches"]:
        explained = match["explanation"]
        parts = sum(term["contribution"] for term in explained["terms"]) + explained["neighbours"]
        assert match["score"] == pytest.approx(parts, abs=1e-5)
    assert [match["explanation"]["every_word"] for match in answer["matches"]] == [True, True, False]


def test_an_explanation_says_how_rare_each_word_is_how_often_it_stands_and_where(client: FlaskClient) -> None:
    ids = record_three(client)
    [best, *_, last] = client.get("/v1/events?q=battery+recycling&explain=true").get_json()["matches"]
    assert (best["id"], last["id"]) == (ids[0], ids[2])
    [battery, recycling] = best["explanation"]["terms"]
    assert (battery["term"], battery["times"], battery["events"]) == ("battery", 1, 3)
    assert battery["fields"] == recycling["fields"] == {"title": 1, "summary": 1, "body": 0, "sources": 0}
    assert recycling["idf"] > battery["idf"] > 0
    assert best["explanation"]["neighbours"] > 0
    [battery, recycling] = last["explanation"]["terms"]
    assert (battery["fields"]["body"], battery["frequency"]) == (1, 1)
    assert (recycling["frequency"], recycling["contribution"]) == (0, 0.0)
    assert last["explanation"]["neighbours"] == 0


def test_a_beginning_and_a_quoted_word_are_explained_as_any_other(client: FlaskClient) -> None:
    record_three(client)
    for q in ("batter*", '"battery recycling"', "it's", "o'clock \\"):
        for match in client.get("/v1/events", query_string={"q": q, "explain": "true"}).get_json()["matches"]:
            explained = match["explanation"]
            parts = sum(term["contribution"] for term in explained["terms"]) + explained["neighbours"]
            assert match["score"] == pytest.approx(parts, abs=1e-5)


@pytest.mark.parametrize(
    ("q", "meant"),
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
def test_what_finds_little_is_corrected_where_that_finds_more(
    client: FlaskClient, database: str, q: str, meant: str | None
) -> None:
    record_three(client)
    keep_names(database)
    assert client.get("/v1/events", query_string={"q": q}).get_json()["did_you_mean"] == meant


def test_a_correction_must_find_more_within_the_filter(client: FlaskClient, database: str) -> None:
    record_three(client)
    create_event(client, title="Agreement", tags=["x"])
    keep_names(database)
    assert client.get("/v1/events?q=batery&tag=x").get_json()["did_you_mean"] is None
    assert client.get("/v1/events?q=agrement&tag=x").get_json()["did_you_mean"] == "agreement"


def test_words_of_what_was_deleted_correct_nothing(client: FlaskClient, database: str) -> None:
    event = create_event(client, title="Perovskite")
    keep_names(database)
    assert client.get("/v1/events?q=perovskit").get_json()["did_you_mean"] in (None, "perovskite")
    assert client.get("/v1/events?q=perowskite").get_json()["did_you_mean"] == "perovskite"
    client.delete(f"/v1/events/{event['id']}", headers={"If-Match": "*"})
    keep_names(database)
    assert client.get("/v1/suggest?q=perowskite").get_json() == {"items": [], "did_you_mean": None}


@pytest.mark.parametrize(
    ("typed", "meant", "number"),
    [("abc", "abc", 0), ("recieve", "receive", 1), ("batery", "battery", 1), ("", "ab", 2), ("ca", "abc", 3)],
)
def test_slips_are_letters_put_in_taken_out_replaced_or_swapped(typed: str, meant: str, number: int) -> None:
    assert slips(typed, meant) == slips(meant, typed) == number


def test_a_word_that_is_known_is_corrected_only_by_one_that_is_far_more_frequent() -> None:
    candidates = [VocabularyWord("battery", "battery", 30), VocabularyWord("batter", "batter", 10)]
    assert nearest("batery", 0, candidates) == "battery"
    assert nearest("batery", 1, candidates) == "battery"
    assert nearest("batery", 2, candidates) is None
    assert nearest("bttr", 0, candidates) is None
    assert nearest("battery", 0, [VocabularyWord("battery", "battery", 30)]) is None


def test_events_are_similar_that_have_the_same_rare_words(client: FlaskClient) -> None:
    ids = record_three(client)
    answer = client.get(f"/v1/events/{ids[0]}/similar?fields=title").get_json()
    assert [event["id"] for event in answer["items"]] == [ids[1], ids[2]]
    assert [match["id"] for match in answer["matches"]] == [ids[1], ids[2]]
    assert answer["matches"][0]["score"] > answer["matches"][1]["score"] > 0
    assert {"batteri", "recycl"} <= set(answer["words"])
    assert set(answer["items"][0]) == {"id", "title"}


def test_similar_events_can_be_narrowed_down_and_cut_off(client: FlaskClient) -> None:
    ids = record_three(client)
    create_topic(client, "cars")
    narrowed = client.patch(f"/v1/events/{ids[2]}", json={"topics": [{"id": "cars"}]}, headers={"If-Match": "*"})
    assert narrowed.status_code == 200
    assert [one["id"] for one in client.get(f"/v1/events/{ids[0]}/similar?topic=cars").get_json()["items"]] == [ids[2]]
    assert [one["id"] for one in client.get(f"/v1/events/{ids[0]}/similar?limit=1").get_json()["items"]] == [ids[1]]
    assert client.get(f"/v1/events/{ids[0]}/similar?q=nothing").get_json()["items"] == []


def test_an_event_by_itself_is_like_no_other(client: FlaskClient) -> None:
    event = create_event(client, title="Unheard-of")
    assert client.get(f"/v1/events/{event['id']}/similar").get_json() == {"items": [], "matches": [], "words": []}


def test_what_is_not_there_is_like_nothing(client: FlaskClient) -> None:
    assert problem_of(client.get(f"/v1/events/{UNKNOWN}/similar")) == (404, "not-found", [])
    event = create_event(client)
    assert problem_of(client.get(f"/v1/events/{event['id']}/similar?cursor=x")) == (422, "invalid", ["cursor"])
    assert problem_of(client.get(f"/v1/events/{event['id']}/similar?limit=0")) == (422, "invalid", ["limit"])
    client.delete(f"/v1/events/{event['id']}", headers={"If-Match": "*"})
    assert problem_of(client.get(f"/v1/events/{event['id']}/similar")) == (410, "gone", [])


def test_asking_for_what_is_similar_needs_the_right_to_read(database: str) -> None:
    with running(database, public_read=False) as app:
        client = app.test_client()
        for address in (f"/v1/events/{UNKNOWN}/similar", "/v1/suggest?q=x"):
            assert problem_of(client.get(address)) == (401, "unauthenticated", [])
            other = {"Authorization": f"Bearer {make_key(database, 'webhooks')}"}
            assert problem_of(client.get(address, headers=other)) == (403, "forbidden", [])
