"""Words that the best events of a search share."""

import orjson
from flask.testing import FlaskClient

from service.store.search.related_words import RelatedWord, related_values, related_words
from tests.factories import create_event


def test_related_words_are_read_as_they_were_written() -> None:
    words = [RelatedWord("fuel", 0.5), RelatedWord('"', 1.25)]
    assert related_words(orjson.dumps([list(word) for word in words]).decode()) == words
    assert related_words(None) == []
    assert related_values(words) == {"related_lexemes": ["fuel", '"'], "related_weights": [0.5, 1.25]}


def test_words_that_the_best_events_share_raise_others_that_have_them(client: FlaskClient) -> None:
    who = [{"id": "p", "name": "of", "role": "party"}]
    texts = {
        "One": "solar wind steel water hydrogen electrolyser",
        "Two": "solar wind steel water hydrogen electrolyser",
        "Others": "solar fish boats nets",
        "Related": "solar hydrogen electrolyser plants",
    }
    for title, description in texts.items():
        create_event(client, title=title, description=description, lang="en", participants=who)
    q = "solar wind steel water unknown"
    page = client.get("/v1/events", query_string={"q": q, "limit": 2}).get_json()
    following = client.get(page["next"]).get_json()
    titles = [item["title"] for item in (*page["items"], *following["items"])]
    assert sorted(titles[:2]) == ["One", "Two"]
    assert titles[2:] == ["Related", "Others"]
    whole = client.get("/v1/events", query_string={"q": q, "explain": "true"}).get_json()
    assert [match["score"] for match in whole["matches"]] == [
        match["score"] for match in (*page["matches"], *following["matches"])
    ]
    # A search of few words means these alone.
    few = client.get("/v1/events", query_string={"q": "solar wind unknown"}).get_json()
    assert few["matches"][2]["score"] == few["matches"][3]["score"]
