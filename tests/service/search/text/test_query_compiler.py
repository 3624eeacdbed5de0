"""The events that compiled searches match, in every language."""

import json
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.factories import create_event


def titles(client: FlaskClient, q: str, **parameters: Any) -> list[str]:
    """Return the titles of the events that are found, in order."""
    answer = client.get("/v1/events", query_string={"q": q, "fields": "title"} | parameters)
    assert answer.status_code == 200, answer.text
    return [item["title"] for item in answer.get_json()["items"]]


def strictly(client: FlaskClient, q: str) -> set[str]:
    """Return the titles of the events that have all words."""
    return set(titles(client, q, sort="title"))


@pytest.mark.parametrize(
    ("lang", "title", "found_by", "not_by"),
    [
        ("en", "Batteries are regulated", ["battery", "regulating", "BATTERIES", "are battery"], ["battle"]),
        ("de", "Die Übergabe der Batterien", ["Batterie", "übergaben", "uebergabe", "Ubergabe"], ["Batzen"]),
        ("fr", "Les réglementations de l\u2019énergie", ["réglementation", "reglementation", "énergies"], ["rejet"]),
        ("es", "Las acciones climáticas", ["acción", "accion", "climatica"], ["activo"]),
        ("ja", "次世代電池の開発", ["電池", "次世代", "池", "開発", '"次世代電池"'], ["池電", "次代"]),
        ("zh", "新能源汽车补贴", ["汽车", "新能源", "补贴", "能"], ["源新"]),
        ("ko", "배터리를 규제한다", ["배터리", "규제", "리"], ["터배"]),
        ("ru", "Законы о батареях", ["закон", "батарея"], ["бар"]),  # noqa: RUF001 (Cyrillic is meant)
        ("pl", "Rozporządzenie o bateriach", ["rozporzadzenie", "bateriach"], ["rozum"]),
    ],
)
def test_words_are_found_in_their_language(
    client: FlaskClient, lang: str, title: str, found_by: list[str], not_by: list[str]
) -> None:
    create_event(client, title=title, lang=lang)
    create_event(client, title="Something else", lang="en")
    for q in found_by:
        assert strictly(client, q) == {title}, q
    for q in not_by:
        assert strictly(client, q) == set(), q


def test_texts_of_one_record_are_each_of_their_own_language(client: FlaskClient) -> None:
    names = [{"value": "Batterieverordnungen", "lang": "de"}, {"value": "電池規則", "lang": "ja"}]
    create_event(client, title="Battery regulations", lang="en", names=names)
    for q in ("battery regulation", "batterieverordnung", "電池", "regulation 電池"):
        assert strictly(client, q) == {"Battery regulations"}, q


def test_a_language_that_a_record_does_not_name_is_guessed(client: FlaskClient) -> None:
    create_event(client, title="Die Verordnung über Batterien und Altbatterien")
    assert strictly(client, "Batterie Verordnungen") != set()


def test_characters_apart_from_each_other_are_no_word(client: FlaskClient) -> None:
    create_event(client, title="電気の池", lang="ja")
    assert strictly(client, "電池") == set()


def test_hyphens_are_spaces_in_texts_and_searches(client: FlaskClient) -> None:
    create_event(client, title="Sodium-ion")
    create_event(client, title="Sodium ion")
    create_event(client, title="Ion of sodium")
    assert strictly(client, "sodium-ion") == {"Sodium-ion", "Sodium ion"}
    assert strictly(client, "sodium ion") == {"Sodium-ion", "Sodium ion", "Ion of sodium"}


def test_codes_are_found_whole_and_split(client: FlaskClient) -> None:
    create_event(client, title="COM(2023)160", summary="Regulation (EU) 2024/1252 of the U.S. on ASP.NET")
    create_event(client, title="Other", summary="COM 2023 and 160, 1252 of 2024, net asp, u and s")
    for q in ("COM(2023)160", "2024/1252", "U.S.", "u.s. regulation", "asp.net", "US", '"EU 2024/1252"'):
        assert strictly(client, q) == {"COM(2023)160"}, q
    for q in ("160", "1252", "asp", "net asp"):
        assert strictly(client, q) == {"COM(2023)160", "Other"}, q


def test_every_text_of_a_record_can_be_found(client: FlaskClient) -> None:
    create_event(
        client,
        title="Title",
        summary="Alpha",
        description="Beta",
        names=[{"value": "Gamma"}],
        tags=["delta"],
        participants=[{"id": "p", "name": "Epsilon", "role": "party", "position": "Zeta", "as_reported": "Eta"}],
        statements=[{"speaker": "p", "text": "Theta", "kind": "factual"}],
        figures=[{"measure": "budget", "value": "1", "label": "Iota", "as_reported": "Kappa"}],
        sources=[{"id": "s", "type": "report", "title": "Lambda", "publisher": "Mu", "author": "Nu"}],
        citations=[
            {
                "fact": "title",
                "source": "s",
                "stance": "supports",
                "quote": {"exact": "Omicron", "prefix": "Pi", "suffix": "Rho"},
            }
        ],
        external_ids=[{"scheme": "celex", "value": "32023R1542"}],
    )
    words = "title alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu omicron pi rho 32023r1542"
    assert strictly(client, words) == {"Title"}


def test_quotes_or_exclusions_and_prefixes(client: FlaskClient) -> None:
    create_event(client, title="Lithium battery law", lang="en")
    create_event(client, title="Battery law for sodium", lang="en")
    create_event(client, title="Sustainable mining", lang="en")
    assert strictly(client, '"battery law"') == {"Lithium battery law", "Battery law for sodium"}
    assert strictly(client, '"law battery"') == set()
    assert strictly(client, '"law of sodium"') == {"Battery law for sodium"}  # any word in the place of one left out
    assert strictly(client, "lithium OR mining") == {"Lithium battery law", "Sustainable mining"}
    assert strictly(client, "battery -sodium") == {"Lithium battery law"}
    assert strictly(client, '-"battery law"') == {"Sustainable mining"}
    assert strictly(client, "batt*") == {"Lithium battery law", "Battery law for sodium"}
    assert strictly(client, "sustainab*") == {"Sustainable mining"}
    assert strictly(client, '"sodi*"') == {"Battery law for sodium"}


def test_not_excludes_words_phrases_prefixes_and_brackets(client: FlaskClient) -> None:
    for title in ("Steel of China", "Steel of India", "Hot rolled steel", "Coal of India"):
        create_event(client, title=title, lang="en")
    for q in ("steel NOT china", "NOT china steel", "steel AND NOT china", "steel OR NOT china", "steel NOT chin*"):
        assert strictly(client, q) == {"Steel of India", "Hot rolled steel"}, q
    assert strictly(client, 'steel NOT "hot rolled" NOT') == {"Steel of China", "Steel of India"}
    assert strictly(client, "steel NOT (china OR india)") == {"Hot rolled steel"}
    assert strictly(client, "NOT (steel india)") == {"Steel of China", "Hot rolled steel", "Coal of India"}
    assert strictly(client, "steel NOT NOT china") == strictly(client, "NOT (NOT china)") == {"Steel of China"}


@pytest.mark.parametrize("q", ["NOT", "OR NOT", "NOT OR AND", 'NOT "', "NOT *", "NOT (", "NOT )(", "-NOT NOT-"])
def test_operators_without_words_fail_nowhere(client: FlaskClient, q: str) -> None:
    create_event(client, title="Steel")
    for path in ("/v1/events", "/v1/events.ndjson", "/v1/facets", "/v1/changes", "/v1/suggest"):
        answer = client.get(path, query_string={"q": q} | ({"fields": "year"} if "facets" in path else {}))
        assert answer.status_code == 200, (path, answer.text)


def test_not_is_read_wherever_a_query_is(client: FlaskClient) -> None:
    create_event(client, title="Steel of China")
    india = create_event(client, title="Steel of India")
    q = {"q": "steel NOT china"}
    assert client.get("/v1/events", query_string=q | {"count": "exact"}).get_json()["items"] == [india]
    assert client.post("/v1/search", json=q).get_json()["items"] == [india]
    assert json.loads(client.get("/v1/events.ndjson", query_string=q).data)["id"] == india["id"]
    assert [one["event_id"] for one in client.get("/v1/changes", query_string=q).get_json()["items"]] == [india["id"]]


def test_a_search_for_function_words_only_finds_them_in_titles(client: FlaskClient) -> None:
    create_event(client, title="To be or not", lang="en")
    create_event(client, title="Health", summary="What is to be done", lang="en")
    for q in ("to be", "TO", '"to be"', '"be or not"'):
        assert strictly(client, q) == {"To be or not"}, q
    assert strictly(client, '"be to"') == set()
    assert strictly(client, "to be health") == strictly(client, '"to be" health') == {"Health"}
    assert strictly(client, "-to") == {"Health"}


def test_acronyms_are_no_function_words(client: FlaskClient) -> None:
    create_event(client, title="The WHO and IT", lang="en")
    create_event(client, title="Health", summary="Known as it is", lang="en")
    assert strictly(client, "WHO") == strictly(client, "the who") == {"The WHO and IT"}
    assert strictly(client, "IT") == {"The WHO and IT", "Health"}


def test_a_function_word_of_one_language_is_a_word_in_another(client: FlaskClient) -> None:
    create_event(client, title="Trade war", lang="en")
    create_event(client, title="Trade peace", lang="en")
    create_event(client, title="Es war ein Abkommen", lang="de")
    assert strictly(client, "trade war") == {"Trade war"}
    assert strictly(client, "war") == {"Trade war", "Es war ein Abkommen"}
    assert strictly(client, "das Abkommen") == {"Es war ein Abkommen"}


def test_deleted_changed_and_merged_events_are_found_by_their_current_words(client: FlaskClient) -> None:
    target, gone, changed = (create_event(client, title=title) for title in ("Kept word", "Gone word", "Former word"))
    client.delete(f"/v1/events/{gone['id']}", headers={"If-Match": '"1"'})
    client.patch(
        f"/v1/events/{changed['id']}",
        data='{"title": "New name"}',
        headers={"If-Match": '"1"', "Content-Type": "application/merge-patch+json"},
    )
    assert strictly(client, "word") == {"Kept word"}
    assert strictly(client, "name") == {"New name"}
    merged = client.post(f"/v1/events/{changed['id']}/merge", json={"into": target["id"]}, headers={"If-Match": '"2"'})
    assert merged.status_code == 200, merged.text
    assert strictly(client, "name") == set()


def test_words_and_other_filters_are_combined(client: FlaskClient) -> None:
    create_event(client, title="Battery law", status="planned")
    create_event(client, title="Battery plan", status="adopted")
    assert titles(client, "battery", status="adopted") == ["Battery plan"]
    page = client.post("/v1/search", json={"any": [{"q": "law"}, {"status": "adopted"}]}).get_json()
    assert {item["title"] for item in page["items"]} == {"Battery law", "Battery plan"}
    page = client.post("/v1/search", json={"not": {"q": "law"}}).get_json()
    assert [item["title"] for item in page["items"]] == ["Battery plan"]
