"""Lists of events in the order of relevance."""

import base64
from math import log
from typing import Any

import orjson
import psycopg
import pytest
from flask.testing import FlaskClient

from tests.factories import create_event
from tests.service.conftest import make_key, running


def search(client: FlaskClient, q: str, **parameters: Any) -> dict[str, Any]:
    """Return the page of a search."""
    answer = client.get("/v1/events", query_string={"q": q} | parameters)
    assert answer.status_code == 200, answer.text
    return dict(answer.get_json())


def ranked(client: FlaskClient, q: str, **parameters: Any) -> list[str]:
    """Return the titles of the events that are found, the best first."""
    return [item["title"] for item in search(client, q, **parameters)["items"]]


def bare(client: FlaskClient, title: str, **content: Any) -> dict[str, Any]:
    """Create an event with few words beside those of its test."""
    who = [{"id": "p", "name": "of", "role": "party"}]
    return create_event(client, title=title, lang="en", participants=who, **content)


def spelled(number: int) -> str:
    """Return letters for the digits of a number, since letters before digits are a word of their own."""
    return str(number).translate(str.maketrans("0123456789", "abcdefghij"))


def test_a_score_is_bm25(client: FlaskClient) -> None:
    texts = ["lithium lithium battery", "battery storage plant safety", "lithium mine"]
    for number, text in enumerate(texts):
        bare(client, f"number{spelled(number)}", description=text)
    page = search(client, "lithium battery")
    # A title counts four times, so every text is longer by that, and saturation comes later by as much.
    words = [len(text.split()) + 1 for text in texts]
    lengths = [len(text.split()) + 4 for text in texts]
    usual = sum(lengths) / 3
    saturation = 1.2 * usual / (sum(words) / 3)

    def worth(term: str, text: str, length: int) -> float:
        having = sum(term in other.split() for other in texts)
        times = text.split().count(term)
        idf = log(1 + (3 - having + 0.5) / (having + 0.5))
        norm = saturation * (0.4 + 0.6 * length / usual)
        return idf * (saturation + 1) * times / (times + norm) if times else 0.0

    expected = {
        f"number{spelled(number)}": worth("lithium", text, lengths[number]) + worth("battery", text, lengths[number])
        for number, text in enumerate(texts)
    }
    expected["numbera"] += 0.5 * log(1 + 1.5 / 2.5)  # the words stand beside each other there
    scores = {item["title"]: match["score"] for item, match in zip(page["items"], page["matches"], strict=True)}
    assert scores == pytest.approx(expected)


def test_a_word_counts_most_in_a_title_then_in_a_summary_then_in_the_body(client: FlaskClient) -> None:
    bare(client, "Body plan one", summary="alpha beta", description="gamma lithium")
    bare(client, "Summary plan one", summary="alpha lithium", description="gamma beta")
    bare(client, "Lithium plan one", summary="alpha beta", description="gamma delta")
    assert ranked(client, "lithium") == ["Lithium plan one", "Summary plan one", "Body plan one"]


def test_rare_words_count_more(client: FlaskClient) -> None:
    for number in range(8):
        bare(client, f"Battery{number}", description="battery storage")
    bare(client, "Rare", description="perovskite storage")
    assert ranked(client, "battery perovskite")[0] == "Rare"


def test_events_with_all_words_precede_those_with_some(client: FlaskClient) -> None:
    bare(client, "Lithium lithium lithium")
    bare(client, "Long", description="lithium " + "filler " * 60 + "battery")
    bare(client, "Battery")
    bare(client, "Neither")
    page = search(client, "lithium battery")
    assert page["items"][0]["title"] == "Long"
    assert {item["title"] for item in page["items"][1:]} == {"Lithium lithium lithium", "Battery"}
    assert page["ranking"] == {
        "scored": 1,
        "of": 1,
        "kind": "exact",
        "capped": False,
        "partial": True,
        "partial_matches": {"scored": 2, "of": 2, "kind": "exact"},
        "unmatched": [],
        "ignored": 0,
    }


def test_every_answer_has_the_number_of_events_with_all_words(client: FlaskClient) -> None:
    for title in ("Battery recycling", "Recycling of batteries", "Battery", "Recycling", "Battery mine"):
        bare(client, title)
    page = search(client, "battery recycling", count="exact")
    assert len(page["items"]) == 5
    assert page["count"] == {"value": 2, "kind": "exact"}
    assert (page["ranking"]["of"], page["ranking"]["partial_matches"]["of"]) == (2, 3)
    assert search(client, "battery recycling", count="estimate")["count"]["value"] == 2
    assert search(client, "battery recycling", sort="-date", count="exact")["count"]["value"] == 2
    facets = client.get("/v1/facets?q=battery+recycling").get_json()
    assert facets["count"] == page["count"]
    assert len(client.get("/v1/events.ndjson?q=battery+recycling").text.splitlines()) == 2


def test_if_enough_events_have_all_words_no_partial_matches_follow(client: FlaskClient) -> None:
    for number in range(20):
        bare(client, f"Lithium battery {number}")
    bare(client, "Lithium mine")
    page = search(client, "lithium battery", limit=50, count="exact")
    assert (len(page["items"]), page["ranking"]["partial"], page["count"]["value"]) == (20, False, 20)


def test_partial_matches_keep_quotes_and_exclusions(client: FlaskClient) -> None:
    bare(client, "Lithium battery law")
    bare(client, "Battery lithium law")
    bare(client, "Lithium battery peace")
    assert set(ranked(client, '"lithium battery" law')) == {"Lithium battery law", "Lithium battery peace"}
    assert ranked(client, "lithium mine -peace -law") == []


def test_neighbouring_words_precede_words_apart(client: FlaskClient) -> None:
    bare(client, "Apart", description="storage alpha beta gamma delta epsilon battery zeta eta theta")
    bare(client, "Near", description="battery alpha storage gamma delta epsilon beta zeta eta theta")
    bare(client, "Beside", description="battery storage alpha gamma delta epsilon beta zeta eta theta")
    assert ranked(client, "battery storage") == ["Beside", "Near", "Apart"]


def test_words_with_several_stems_count_each_occurrence_once(client: FlaskClient) -> None:
    bare(client, "One", description="regulation alpha beta gamma")
    bare(client, "Two", description="regulation regulations alpha beta")
    create_event(client, title="Drei", description="Regulation, Regulationen, Regulationen alpha", lang="de")
    scores = [match["score"] for match in search(client, "regulations")["matches"]]
    assert len(set(scores)) == 3


def test_words_can_be_sorted_by_date_and_relevance_needs_words(client: FlaskClient) -> None:
    date = {"id": "d", "kind": "adopted", "modality": "actual"}
    bare(client, "Battery battery", dates=[date | {"edtf": "2020"}])
    bare(client, "Battery law", summary="and more of that", dates=[date | {"edtf": "2024"}])
    assert ranked(client, "battery", sort="-date") == ["Battery law", "Battery battery"]
    assert (
        ranked(client, "battery", sort="relevance") == ranked(client, "battery") == ["Battery battery", "Battery law"]
    )
    page = search(client, "battery", sort="-date")
    assert (page["ranking"], page["matches"]) == (None, None)
    for parameters in (
        {"sort": "relevance"},
        {"q": "a b", "sort": "relevance,-date"},
        {"q": "a b", "sort": "-relevance"},
    ):
        answer = client.get("/v1/events", query_string=parameters)
        assert answer.status_code == 422
        assert [error["parameter"] for error in answer.get_json()["errors"]] == ["sort"]


def test_words_are_searched_in_current_events_only(client: FlaskClient) -> None:
    answer = client.get("/v1/events?q=battery&as_of=2020-01-01T00:00:00Z")
    assert answer.status_code == 422


def test_a_page_without_words_has_no_ranking(client: FlaskClient) -> None:
    page = client.get("/v1/events").get_json()
    assert {name: page[name] for name in ("ranking", "matches", "did_you_mean")} == dict.fromkeys(
        ("ranking", "matches", "did_you_mean")
    )


def test_a_hundred_words_fit_into_a_cursor(client: FlaskClient) -> None:
    for _ in range(3):
        bare(client, "word1 word2")
    page = search(client, " ".join(f"word{number}" for number in range(120)), limit=1)
    assert page["ranking"]["ignored"] == 20
    following = client.get(page["next"])
    assert (following.status_code, len(following.get_json()["items"])) == (200, 1)


def test_a_query_of_many_words_is_read_by_the_rarest_that_occur(client: FlaskClient) -> None:
    common = " ".join(f"common{spelled(number)}" for number in range(110))
    bare(client, "Rare", description="perovskite")
    for number in range(3):
        bare(client, f"Common {number}", description=common)
    unknown = " ".join(f"unknown{spelled(number)}" for number in range(90))
    page = search(client, f"{unknown} {common} perovskite", limit=1, highlight="true")
    assert page["ranking"]["ignored"] == 101
    titles, highlights = [], []
    while True:
        titles += [item["title"] for item in page["items"]]
        highlights += [match["highlights"][0]["text"] for match in page["matches"]]
        if not page["next"]:
            break
        page = client.get(page["next"]).get_json()
    assert sorted(titles) == ["Common 0", "Common 1", "Common 2", "Rare"]
    assert highlights[titles.index("Rare")] == "perovskite"
    facets = client.get(
        "/v1/facets", query_string={"q": " OR ".join([*unknown.split(), *common.split(), "perovskite"])}
    )
    assert facets.get_json()["count"] == {"value": 4, "kind": "exact"}


def _forged(cursor: str, **changed: Any) -> str:
    """Return a cursor with some of its numbers replaced."""
    names = (
        "languages",
        "words",
        "figures",
        "phrases",
        "least",
        "region",
        "near",
        "snapshot",
        "related",
        "matches",
        "partial",
        "where",
    )
    bound, text = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    parts = dict(zip(names, orjson.loads(text), strict=True)) | changed
    inner = orjson.dumps([parts[name] for name in names]).decode()
    return base64.urlsafe_b64encode(orjson.dumps([bound, inner])).decode().rstrip("=")


@pytest.mark.parametrize(
    "changed",
    [
        {"languages": "klingon"},
        {"figures": []},
        {"figures": [0, 0.0, 0.0, 0]},
        {"figures": [-5, 1.0, 1.0, -5]},
        {"figures": [3, 1.0, 1.0, 1, 1]},
        {"figures": "abc"},
        {"words": 7},
        {"region": [1]},
        {"region": [2**40, 1]},
        {"snapshot": "1:2"},
        {"snapshot": "'; SELECT 1"},
        {"matches": [3, 1e300, True]},
        {"matches": [3, 3]},
        {"partial": 7},
        {"phrases": ["x"]},
        {"phrases": 7},
        {"least": "x"},
        {"where": [True, 1.0, "x"]},
        {"where": ["someday", "01980000-0000-7000-8000-000000000000"]},
        {"where": 7},
    ],
)
def test_a_forged_cursor_is_refused(client: FlaskClient, changed: dict[str, Any]) -> None:
    for _ in range(3):
        bare(client, "Battery")
    cursor = search(client, "battery", limit=1)["next"].partition("cursor=")[2]
    again = client.get(f"/v1/events?q=battery&limit=1&cursor={_forged(cursor)}")
    assert again.status_code == 200, again.text
    answer = client.get(f"/v1/events?q=battery&limit=1&cursor={_forged(cursor, **changed)}")
    assert answer.status_code == 400, answer.text
    assert answer.get_json()["type"] == "/problems/malformed"


def test_only_the_newest_of_many_events_are_ranked_and_the_others_follow_by_date(database: str) -> None:
    with running(database, ranked_events=10) as app:
        client = app.test_client()
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {make_key(database, 'admin')}"
        for number in range(60):
            day = f"2020-{number % 12 + 1:02}-{number % 28 + 1:02}"
            bare(client, f"Battery {number}", dates=[{"kind": "adopted", "edtf": day, "modality": "actual"}])
        with psycopg.connect(database, autocommit=True) as conn:
            conn.execute("ANALYZE event_search")
        page = search(client, "battery", limit=100)
    days = [item["dates"][0]["edtf"] for item in page["items"]]
    scores = [match["score"] for match in page["matches"]]
    ranked_events = page["ranking"]["scored"]
    assert page["ranking"] == {
        "scored": ranked_events,
        "of": 60,
        "kind": "exact",
        "capped": False,
        "partial": False,
        "partial_matches": None,
        "unmatched": [],
        "ignored": 0,
    } or (ranked_events < 40 and page["ranking"]["capped"])
    assert len(set(days)) == len({item["id"] for item in page["items"]}) == 60
    assert scores[:ranked_events] == sorted(scores[:ranked_events], reverse=True)
    assert scores[ranked_events:] == [None] * (60 - ranked_events)
    assert days[ranked_events:] == sorted(days[ranked_events:], reverse=True)


def test_an_old_event_with_all_words_comes_first_among_many_newer_ones_with_some(database: str) -> None:
    with running(database, ranked_events=10) as app:
        client = app.test_client()
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {make_key(database, 'admin')}"
        bare(client, "Solar wind steel water", dates=[{"kind": "adopted", "edtf": "1999", "modality": "actual"}])
        for number in range(80):
            title = f"{('Solar wind steel', 'Water')[number % 2]} {number}"
            day = f"2020-{number % 12 + 1:02}-{number % 28 + 1:02}"
            bare(client, title, dates=[{"kind": "adopted", "edtf": day, "modality": "actual"}])
        with psycopg.connect(database, autocommit=True) as conn:
            conn.execute("ANALYZE event_search")
        pages = [search(client, "solar wind steel water", limit=30)]
        while path := pages[-1]["next"]:
            pages.append(client.get(path).get_json())
    titles = [item["title"] for page in pages for item in page["items"]]
    assert titles[0] == "Solar wind steel water"
    assert len(titles) == len(set(titles)) == 81


@pytest.mark.parametrize("form", ["csv", "ndjson", "atom", "jsonfeed", "ical"])
def test_files_and_feeds_have_the_events_with_all_words_in_their_own_order(client: FlaskClient, form: str) -> None:
    dates = [{"kind": "adopted", "edtf": "2030-01-01", "modality": "expected"}]
    bare(client, "Lithium battery", dates=dates)
    bare(client, "Lithium mine", dates=dates)
    answer = client.get("/v1/events", query_string={"q": "lithium battery", "format": form})
    assert answer.status_code == 200, answer.text
    assert "Lithium battery" in answer.text
    assert "Lithium mine" not in answer.text
    answer = client.get("/v1/events", query_string={"q": "lithium", "format": form, "sort": "relevance"})
    assert answer.status_code == 422, answer.text
