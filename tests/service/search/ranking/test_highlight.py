"""Highlights: fragments of plain text, and the ranges of matching words, in every language."""

from itertools import pairwise

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from service.search.ranking.fragments import LENGTH
from service.search.ranking.highlight import tokens_of
from tests.factories import a_full_event, create_event, create_topic
from tests.service.problems import problem_of


def highlights(client: FlaskClient, q: str, **more: str) -> list[tuple[str, list[str]]]:
    """Return the fields of the first event's fragments, each with the words in its ranges."""
    answer = client.get("/v1/events", query_string={"q": q, "highlight": "true"} | more)
    assert answer.status_code == 200, answer.text
    [match, *_] = answer.get_json()["matches"]
    return [(one["field"], [one["text"][a:b] for a, b in one["ranges"]]) for one in match["highlights"]]


@pytest.mark.parametrize(
    ("lang", "title", "q", "words"),
    [
        ("en", "Batteries for all", "battery", ["Batteries"]),
        ("en", "Sodium-ion cells, sodium ion cells", "sodium-ion", ["Sodium-ion", "sodium ion"]),
        ("en", "Sodium-ion cells", "ion sodium", ["Sodium", "ion"]),
        ("en", "The battery act of the union", '"battery act"', ["battery act"]),
        ("en", "The battery act and another battery", '"battery act"', ["battery act"]),
        ("en", "A new battery act", '"the battery act"', ["battery act"]),
        ("en", "The law for sodium, the law sodium", '"law of sodium"', ["law for sodium"]),
        ("en", "Battery recycling", "batter*", ["Battery"]),
        ("en", "The act", "the act", ["act"]),
        ("en", "To be or not", "to be", ["To", "be"]),
        ("en", "COM(2023)160 of May", "COM(2023)160", ["COM(2023)160"]),
        ("en", "Trade between the U.S. and Japan", "u.s.", ["U.S"]),
        ("en", "\uff26\uff35\uff2c\uff2c width", "full", ["\uff26\uff35\uff2c\uff2c"]),
        ("en", "Caf\u00e9 and cafe\u0301", "café", ["Café", "cafe\u0301"]),
        ("en", "🌍 batteries 👩\u200d👩\u200d👧", "batteries", ["batteries"]),
        (
            "de",
            "Batterien und Förderungen der Straße",
            "forderung strasse batterie",
            ["Batterien", "Förderungen", "Straße"],
        ),
        ("de", "Die Verordnung über Batterien", "verordnungen", ["Verordnung"]),
        ("fr", "L'accord sur les énergies renouvelables", "energie renouvelable", ["énergies", "renouvelables"]),
        ("es", "Regulación de las baterías", "regulacion bateria", ["Regulación", "baterías"]),
        ("ja", "次世代電池の研究開発", "電池", ["電池"]),
        ("ja", "電気と池と電池", "電池", ["電池"]),
        ("ja", "電池 電池", "池", ["池", "池"]),
        ("ja", "バッテリーの規制", "バッテリー 規制", ["バッテリー", "規制"]),
        ("zh", "关于新能源汽车电池的规定", "新能源", ["新能源"]),
        ("ko", "배터리 규정과 배터리산업", "배터리", ["배터리", "배터리"]),
        ("ja", "EUの電池 EU", "eu 電池", ["EU", "電池", "EU"]),
        ("ru", "Закон батареях", "батарея", ["батареях"]),
        (None, "Battery rules", "battery -tariff", ["Battery"]),
        (None, "One two", "two OR three", ["two"]),
    ],
)
def test_the_words_that_the_search_matched_are_highlighted(
    client: FlaskClient, lang: str | None, title: str, q: str, words: list[str]
) -> None:
    create_event(client, title=title, lang=lang)
    assert highlights(client, q) == [("title", words)]


def test_every_searched_text_is_highlighted(client: FlaskClient, earlier: object) -> None:
    assert earlier
    create_topic(client, "trade")
    create_event(client, **a_full_event())
    searches = ("policy", "short", "length", "minister", "press", "launched", "materials")
    fragments = {q: list(dict.fromkeys(field for field, _ in highlights(client, q))) for q in searches}
    assert fragments == {
        "policy": ["title", "names/short"],
        "short": ["summary"],
        "length": ["description"],
        "minister": ["participants/minister"],
        "press": ["sources/report"],
        "launched": ["citations"],
        "materials": ["tags"],
    }


def test_html_in_a_text_is_returned_as_text(client: FlaskClient) -> None:
    summary = '<script>alert("battery")</script> & <b>battery</b> &lt;i&gt; \u202ebattery'
    create_event(client, title="<img src=x onerror=alert(1)>", summary=summary)
    answer = client.get("/v1/events?q=battery&highlight=true")
    assert answer.content_type == "application/json"
    [fragment] = answer.get_json()["matches"][0]["highlights"]
    assert (fragment["field"], fragment["text"]) == ("summary", summary)
    assert [summary[a:b] for a, b in fragment["ranges"]] == ["battery"] * 3


def test_a_long_text_has_three_fragments_at_most(client: FlaskClient) -> None:
    words = [f"filler{number}" for number in range(2_000)]
    for place in (100, 700, 705, 1_300, 1_900):
        words[place] = "batteries"
    words[1_310] = "recycling"
    create_event(client, description=" ".join(words))
    answer = client.get("/v1/events?q=battery+recycling&highlight=true")
    fragments = answer.get_json()["matches"][0]["highlights"]
    assert len(fragments) == 3
    assert all(len(one["text"]) <= LENGTH and one["field"] == "description" for one in fragments)
    assert [[one["text"][a:b] for a, b in one["ranges"]] for one in fragments] == [
        ["batteries"],
        ["batteries", "batteries"],
        ["batteries", "recycling"],
    ]


def test_a_list_in_another_order_has_highlights_as_well(client: FlaskClient) -> None:
    create_event(client, title="B battery")
    create_event(client, title="A battery")
    answer = client.get("/v1/events?q=battery&highlight=true&sort=title").get_json()
    assert [match["id"] for match in answer["matches"]] == [event["id"] for event in answer["items"]]
    assert [(match["score"], match["highlights"][0]["text"]) for match in answer["matches"]] == [
        (None, "A battery"),
        (None, "B battery"),
    ]
    posted = client.post("/v1/search", json={"any": [{"q": "battery"}, {"q": "x"}], "highlight": True}).get_json()
    assert {match["highlights"][0]["ranges"][0][0] for match in posted["matches"]} == {2}


def test_without_the_parameter_there_are_no_highlights(client: FlaskClient) -> None:
    create_event(client, title="A battery")
    [match] = client.get("/v1/events?q=battery").get_json()["matches"]
    assert (match["highlights"], match["explanation"]) == (None, None)
    listed = client.get("/v1/events?q=battery&sort=title").get_json()
    assert (listed["matches"], listed["ranking"], listed["did_you_mean"]) == (None, None, None)


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("highlight=true", "highlight"),
        ("highlight=true&tag=x", "highlight"),
        ("explain=true", "explain"),
        ("explain=true&q=x&sort=title", "explain"),
        ("highlight=yes&q=x", "highlight"),
    ],
)
def test_highlights_without_words_are_refused(anyone: FlaskClient, query: str, parameter: str) -> None:
    assert problem_of(anyone.get(f"/v1/events?{query}")) == (422, "invalid", [parameter])


@pytest.mark.parametrize(
    "q",
    ["'", '"', "\\", "& | !", ":*", "a" * 10_000, "x " * 4_000, "-", "%s", "((((", "🌍", "\u202ex", "a OR b " * 900],
)
def test_any_search_can_be_highlighted(client: FlaskClient, q: str) -> None:
    create_event(client, title="x a b the policy 電")
    answer = client.get("/v1/events", query_string={"q": q, "highlight": "true", "explain": "true"})
    assert answer.status_code == 200, answer.text


TEXTS = st.text(st.sampled_from("aB é\u0301ßﬁ電池バﾊﾞ가-_.'\u2019\n\u202e🌍İ"), max_size=60)


@given(TEXTS)
def test_tokens_are_slices_of_the_text_in_order(text: str) -> None:
    tokens = list(tokens_of(text))
    assert all(0 <= token.start < token.end <= len(text) for token in tokens)
    assert all(one.end <= other.start for one, other in pairwise(tokens))
