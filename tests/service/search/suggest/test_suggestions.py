"""Suggestions of titles, topics and participants: by prefixes, and with corrections."""

from urllib.parse import parse_qs

import pytest
from flask.testing import FlaskClient

from service.search.suggest.suggestions import in_titles
from service.store.search.tsquery import Lexeme, TsQuery
from tests.factories import create_event, create_topic
from tests.service.problems import problem_of
from tests.service.search.suggestion_index import offered, party, update_suggestions


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
    assert topic == {"type": "topic", "text": "Batteries", "id": "batteries", "filter": "topic=batteries", "count": 1}
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


def test_a_query_can_be_limited_to_titles() -> None:
    query = TsQuery((TsQuery(any_of=(Lexeme("a'b"), Lexeme("c", begins=True))), Lexeme("\ua78fenglish")))
    assert in_titles(query).render() == "(('a''b':A | 'c':*A) & '\ua78fenglish')"
