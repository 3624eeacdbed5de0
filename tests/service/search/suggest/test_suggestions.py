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


def test_a_title_is_suggested_once_with_its_number_and_newest_event(client: FlaskClient, database: str) -> None:
    ids = [create_event(client, title=title)["id"] for title in ("Curfew in Rome", "curfew in rome", "Curfew lifted")]
    long = "Curfew " + "x" * 90
    for ending in ("one", "two", "two"):
        create_event(client, title=f"{long} {ending}")
    create_event(client, title="A new curfew in Rome")
    update_suggestions(database)
    items = client.get("/v1/suggest?q=curfew").get_json()["items"]
    assert [(one["text"].removeprefix(long), one["count"]) for one in items] == [
        ("curfew in rome", 2),
        ("Curfew lifted", 1),
        (" two", 2),
        (" one", 1),
        ("A new curfew in Rome", 1),
    ]
    assert items[0]["id"] == ids[1]
    assert items[1]["filter"] is None
    rome = client.get(f"/v1/events?{items[0]['filter']}").get_json()["items"]
    assert set(ids[:2]) <= {one["id"] for one in rome}


def test_titles_with_the_words_are_suggested_once_too(client: FlaskClient) -> None:
    for title in ("Rome has a curfew", "Rome has a curfew", "No curfew in Rome"):
        create_event(client, title=title)
    items = client.get("/v1/suggest?q=curfew+rome&type=title").get_json()["items"]
    assert [(one["text"], one["count"]) for one in items] == [("No curfew in Rome", 1), ("Rome has a curfew", 2)]


def record_values(client: FlaskClient) -> None:
    """Create two events with a value in each facet that is suggested."""
    create_topic(client, "energy", labels={"en": "Energy"})
    create_topic(client, "renewables", labels={"en": "Renewable energy"}, broader=["energy"])
    germany = party("Germany", "DE")
    create_event(
        client,
        title="Act",
        participants=[germany, party("Bavaria", "DE-BY"), party("China", "CN") | {"role": "affected"}],
        topics=[{"id": "renewables"}],
        tags=["green, new"],
        event_type="export_control",
        instruments=["research_funding"],
        status="in_force",
        sources=[{"type": "news_article", "publisher": "Gazette"}],
    )
    create_event(client, title="Other act", participants=[germany], topics=[{"id": "energy"}])


@pytest.mark.parametrize(
    ("typed", "suggestion", "count"),
    [
        ("germ", ("party", "Germany", "DE"), 2),
        ("deu", ("party", "Germany", "DE"), 2),
        ("bavar", None, 0),
        ("bayer", ("party", "Bayern, Germany", "DE-BY"), 1),
        ("china", ("affected", "China", "CN"), 1),
        ("energ", ("topic", "Energy", "energy"), 2),
        ("renew", ("topic", "Renewable energy", "renewables"), 1),
        ("export", ("event_type", "export control", "export_control"), 1),
        ("research fund", ("instrument", "research funding", "research_funding"), 1),
        ("in force", ("status", "in force", "in_force"), 1),
        ("single", ("verification", "single source", "single_source"), 2),
        ("green", ("tag", "green, new", None), 1),
        ("gazette", ("source_publisher", "Gazette", None), 1),
    ],
)
def test_values_of_facets_are_suggested_with_their_number_and_filter(
    client: FlaskClient, database: str, typed: str, suggestion: tuple[str, str, str | None] | None, count: int
) -> None:
    record_values(client)
    update_suggestions(database)
    items = client.get("/v1/suggest", query_string={"q": typed}).get_json()["items"]
    first = next((one for one in items if one["type"] != "participant"), None)
    assert (first and (first["type"], first["text"], first["id"]), first["count"] if first else 0) == (
        suggestion,
        count,
    )
    if first:
        assert len(client.get(f"/v1/events?{first['filter']}").get_json()["items"]) == count


def test_a_country_with_another_name_comes_before_words_within_names(client: FlaskClient, database: str) -> None:
    create_event(client, title="New UK plan", participants=[party("Ukraine", "UA"), party("Britain", "GB")])
    update_suggestions(database)
    assert offered(client, "uk")[:2] == [("party", "United Kingdom"), ("party", "Ukraine")]


def test_a_country_is_suggested_as_a_party_and_not_as_a_name_too(client: FlaskClient, database: str) -> None:
    record_values(client)
    update_suggestions(database)
    assert offered(client, "germany") == [("party", "Germany"), ("party", "Bayern, Germany")]
    assert offered(client, "germany", type="participant") == [("participant", "Germany")]


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
