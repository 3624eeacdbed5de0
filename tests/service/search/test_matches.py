"""The matches of a list: explanations of scores."""

import pytest
from flask.testing import FlaskClient

from tests.service.search.battery_events import create_battery_events


def test_a_score_is_the_sum_of_its_explanation(client: FlaskClient) -> None:
    create_battery_events(client)
    answer = client.get("/v1/events?q=battery+recycling+recycling&explain=true").get_json()
    assert len(answer["matches"]) == 3
    for match in answer["matches"]:
        explained = match["explanation"]
        parts = sum(term["contribution"] for term in explained["terms"]) + explained["neighbours"]
        assert match["score"] == pytest.approx(parts, abs=1e-5)
    assert [match["explanation"]["every_word"] for match in answer["matches"]] == [True, True, False]


def test_an_explanation_has_the_rarity_and_the_frequency_of_each_word_by_field(client: FlaskClient) -> None:
    ids = create_battery_events(client)
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


def test_prefixes_and_quoted_words_are_explained_as_any_other(client: FlaskClient) -> None:
    create_battery_events(client)
    for q in ("batter*", '"battery recycling"', "it's", "o'clock \\"):
        for match in client.get("/v1/events", query_string={"q": q, "explain": "true"}).get_json()["matches"]:
            explained = match["explanation"]
            parts = sum(term["contribution"] for term in explained["terms"]) + explained["neighbours"]
            assert match["score"] == pytest.approx(parts, abs=1e-5)
