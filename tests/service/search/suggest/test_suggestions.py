"""Suggestions of titles, topics and participants: by prefixes, and with corrections."""

from typing import Any
from urllib.parse import parse_qs

import psycopg
import pytest
from flask.testing import FlaskClient

from service.feed.sequencer import catch_up
from service.search.suggest.indexer import index_names_once
from service.search.suggest.spelling import fold_name, name_words, prefix_query, spelled_words
from service.search.suggest.suggestions import in_titles
from service.store.search.tsquery import Lexeme, TsQuery
from tests.factories import create_event, create_topic
from tests.service.problems import problem_of
from tests.service.search.suggestion_index import update_suggestions


def party(name: str, jurisdiction: str = "JP") -> dict[str, Any]:
    """Return a participant."""
    return {"name": name, "role": "party", "jurisdiction": jurisdiction}


def record_some(client: FlaskClient) -> None:
    """Create some events, topics and participants."""
    create_topic(client, "advanced-materials", labels={"en": "Advanced materials", "ja": "先端材料"})
    create_topic(client, "batteries", labels={"en": "Batteries"}, alt_labels={"en": ["Accumulators"], "de": ["Akkus"]})
    commission = party("European Commission", "EU")
    contents = {
        "EU-Japan Dialogue on Advanced Materials": [commission, party("Ministère de l'Économie")],
        "Advance of the tariffs": [party("Advisory Board"), commission],
        "Strategy for the battery industry": [party("経済産業省")],
        "Élan vital": [party('The "Group"')],
    }
    for title, participants in contents.items():
        create_event(client, title=title, participants=participants)


def offered(client: FlaskClient, typed: str, **more: Any) -> list[tuple[str, str]]:
    """Return kind and text of the suggestions."""
    answer = client.get("/v1/suggest", query_string={"q": typed} | more)
    assert answer.status_code == 200, answer.text
    return [(one["type"], one["text"]) for one in answer.get_json()["items"]]


@pytest.mark.parametrize(
    ("typed", "texts"),
    [
        (
            "adv",
            [
                "Advanced materials",
                "Advisory Board",
                "Advance of the tariffs",
                "EU-Japan Dialogue on Advanced Materials",
            ],
        ),
        ("ADVANCED MAT", ["Advanced materials", "EU-Japan Dialogue on Advanced Materials"]),
        ("materials adv", ["Advanced materials", "EU-Japan Dialogue on Advanced Materials"]),
        ("eu-japan d", ["EU-Japan Dialogue on Advanced Materials"]),
        ("eu-japan dial", ["EU-Japan Dialogue on Advanced Materials"]),
        ("commis", ["European Commission"]),
        ("european c", ["European Commission"]),
        ("economie", ["Ministère de l'Économie"]),
        ("akk", ["Akkus"]),
        ("accum", ["Accumulators"]),
        ("経済", ["経済産業省"]),
        ("産業", ["経済産業省"]),
        ("材料", ["先端材料"]),
        ("the group", ['The "Group"']),
        ("élan", ["Élan vital"]),
        ("nothing of the kind", []),
        ("!?", []),
    ],
)
def test_names_with_the_prefix_are_suggested(client: FlaskClient, database: str, typed: str, texts: list[str]) -> None:
    record_some(client)
    update_suggestions(database)
    assert [text for _, text in offered(client, typed)] == texts


def test_the_filter_of_a_suggestion_finds_its_events(client: FlaskClient, database: str) -> None:
    record_some(client)
    create_event(client, title="Cells", topics=[{"id": "batteries"}])
    update_suggestions(database)
    [topic] = client.get("/v1/suggest?q=batteries&type=topic").get_json()["items"]
    assert topic == {"type": "topic", "text": "Batteries", "id": "batteries", "filter": "topic=batteries"}
    assert [one["title"] for one in client.get(f"/v1/events?{topic['filter']}").get_json()["items"]] == ["Cells"]
    [group] = client.get("/v1/suggest?q=the+group").get_json()["items"]
    assert (group["type"], group["id"], parse_qs(group["filter"])) == ("participant", None, {"q": ['"The  Group "']})
    assert [one["title"] for one in client.get(f"/v1/events?{group['filter']}").get_json()["items"]] == ["Élan vital"]
    [title] = client.get("/v1/suggest?q=elan&type=title").get_json()["items"]
    assert title["filter"] is None
    assert client.get(f"/v1/events/{title['id']}").get_json()["title"] == "Élan vital"


def test_kinds_alternate_and_can_be_chosen(client: FlaskClient, database: str) -> None:
    create_topic(client, "a1", labels={"en": "Alpha one"})
    create_topic(client, "a2", labels={"en": "Alpha two"})
    for title in ("Alpha three", "Alpha four", "Alpha five"):
        create_event(client, title=title, participants=[party("Alpha six")])
    update_suggestions(database)
    assert offered(client, "alpha", limit=4) == [
        ("topic", "Alpha one"),
        ("participant", "Alpha six"),
        ("title", "Alpha five"),
        ("topic", "Alpha two"),
    ]
    assert offered(client, "alpha", type="title,participant", limit=2) == [
        ("participant", "Alpha six"),
        ("title", "Alpha five"),
    ]
    assert len(offered(client, "alpha", limit=99)) == 6


def test_the_most_used_name_comes_first(client: FlaskClient, database: str) -> None:
    for name, times in (("Agency B", 2), ("Agency A", 1), ("Agency C", 3)):
        for _ in range(times):
            create_event(client, participants=[party(name), party(name, "EU")])
    update_suggestions(database)
    assert [text for _, text in offered(client, "agency")] == ["Agency C", "Agency B", "Agency A"]


@pytest.mark.parametrize(
    ("typed", "correction", "texts"),
    [
        ("comission", "commission", ["European Commission"]),
        ("advansed materals", "advanced materials", ["Advanced materials", "EU-Japan Dialogue on Advanced Materials"]),
        ("strategi batery", "strategy battery", ["Strategy for the battery industry"]),
    ],
)
def test_misspelled_words_are_corrected_if_nothing_is_found(
    client: FlaskClient, database: str, typed: str, correction: str | None, texts: list[str]
) -> None:
    record_some(client)
    update_suggestions(database)
    answer = client.get("/v1/suggest", query_string={"q": typed}).get_json()
    assert (answer["did_you_mean"], [one["text"] for one in answer["items"]]) == (correction, texts)


def test_names_follow_the_changes_of_events(client: FlaskClient, database: str) -> None:
    first = create_event(client, participants=[party("Ministry of Trade")])
    second = create_event(client, participants=[party("Ministry of Trade")])
    create_topic(client, "trade", labels={"en": "Ministerial trade"})
    update_suggestions(database)
    assert offered(client, "minist") == [("topic", "Ministerial trade"), ("participant", "Ministry of Trade")]
    headers = {"If-Match": "*"}
    client.patch(f"/v1/events/{first['id']}", json={"participants": [party("Ministry of Food")]}, headers=headers)
    client.patch(f"/v1/events/{first['id']}", json={"tags": ["x"]}, headers=headers)
    client.patch("/v1/topics/trade", json={"labels": {"en": "Commerce"}}, headers=headers)
    update_suggestions(database)
    assert [text for _, text in offered(client, "minist")] == ["Ministry of Food", "Ministry of Trade"]
    client.delete(f"/v1/events/{second['id']}", headers=headers)
    client.delete("/v1/topics/trade", headers=headers)
    update_suggestions(database)
    assert offered(client, "minist") == [("participant", "Ministry of Food")]
    assert offered(client, "commerce") == []


def test_a_merge_moves_the_names_to_the_other_event(client: FlaskClient, database: str) -> None:
    goes = create_event(client, participants=[party("Ministry of Trade")])
    stays = create_event(client, participants=[party("Ministry of Food")])
    client.post(f"/v1/events/{goes['id']}/merge", json={"into": stays["id"]}, headers={"If-Match": "*"})
    update_suggestions(database)
    counts = "SELECT name, uses FROM participant_name ORDER BY name"
    with psycopg.connect(database) as conn:
        names: dict[str, int] = dict(conn.execute(counts).fetchall())
        current = client.get(f"/v1/events/{stays['id']}").get_json()["participants"]
    assert names == dict.fromkeys({who["name"] for who in current}, 1)


def test_one_process_at_a_time_indexes_names_and_no_change_twice(client: FlaskClient, database: str) -> None:
    create_event(client, participants=[party("Ministry of Trade")])
    with psycopg.connect(database, autocommit=True) as one, psycopg.connect(database, autocommit=True) as other:
        catch_up(one)
        with one.transaction():
            assert index_names_once(one) > 0
            with other.transaction():
                assert index_names_once(other) == 0
        with other.transaction():
            assert index_names_once(other) == 0


@pytest.mark.parametrize(
    "typed", ["'", "\\", "a:*b", "& | !", "%", "_", "x" * 200, "🌍", "\u202ex", "é" * 200, "電" * 200, "- -"]
)
def test_any_text_can_have_suggestions(client: FlaskClient, database: str, typed: str) -> None:
    record_some(client)
    update_suggestions(database)
    assert client.get("/v1/suggest", query_string={"q": typed}).status_code == 200


def test_an_empty_database_has_no_suggestions(anyone: FlaskClient) -> None:
    assert anyone.get("/v1/suggest?q=something").get_json() == {"items": [], "did_you_mean": None}


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("", "q"),
        ("q=", "q"),
        ("q=%20", "q"),
        ("q=a%00", "q"),
        (f"q={'x' * 201}", "q"),
        ("q=x&limit=0", "limit"),
        ("q=x&type=titles", "type"),
        ("q=x&topic=y", "topic"),
    ],
)
def test_invalid_parameters_are_refused(anyone: FlaskClient, query: str, parameter: str) -> None:
    assert problem_of(anyone.get(f"/v1/suggest?{query}")) == (422, "invalid", [parameter])


def test_names_are_folded_word_by_word() -> None:
    assert fold_name("  Ministère de l'Économie ") == "ministere de l economie"
    assert name_words("経済産業省 METI") == ["経済産業省", "meti", "済産業省", "産業省", "業省", "省"]
    assert prefix_query("EU\u2013Japan: D'").render() == "('eu':* & 'japan':* & 'd':*)"
    assert prefix_query("!?") == TsQuery()
    assert list(spelled_words("Förderung der E-Mobilität 2024 が 電池電池")) == [
        ("förderung", "forderung"),
        ("mobilität", "mobilitat"),
    ]


def test_a_query_can_be_limited_to_titles() -> None:
    query = TsQuery((TsQuery(any_of=(Lexeme("a'b"), Lexeme("c", begins=True))), Lexeme("\ua78fenglish")))
    assert in_titles(query).render() == "(('a''b':A | 'c':*A) & '\ua78fenglish')"
