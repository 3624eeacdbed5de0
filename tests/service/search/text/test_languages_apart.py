"""Languages kept apart: what a search finds among the events of one language does not depend on those of others."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import psycopg
import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.ids import uuid7
from service.search.filter import Words
from service.search.index.document import search_document, words_that_match
from service.search.ranking.highlight import highlight
from service.search.text.query_compiler import compile_query
from service.store.search.documents import SearchDocument, list_languages, upsert_search_documents
from tests.factories import create_event
from tests.records import a_record


def titles(client: FlaskClient, q: str) -> set[str]:
    """Return the titles of the events that have all words."""
    answer = client.get("/v1/events", query_string={"q": q, "fields": "title", "sort": "title"})
    return {item["title"] for item in answer.get_json()["items"]}


@pytest.mark.parametrize(
    ("lang", "title", "searches"),
    [
        ("fr", "Les aides ai eu lieu", {'"EU budget"': set(), '"AI act"': set(), "EU": set(), "eu act": set()}),
        ("hu", "Az akció", {"action": set(), "act": {"Act on paper"}}),
        ("tr", "Veri ve da", {"data": set(), "bank": {"Da Afghanistan Bank"}}),
        ("sr", "Evropa je u", {"EU": set(), "R&D": set(), '"on paper"': {"Act on paper"}}),
        ("fi", "Se on laki", {"on paper": {"Act on paper"}, "law on": {"Budget law"}}),
    ],
)
def test_an_event_in_another_language_changes_no_search(
    client: FlaskClient, lang: str, title: str, searches: dict[str, set[str]]
) -> None:
    for own in ("Budget law", "Act on paper", "Da Afghanistan Bank"):
        create_event(client, title=own, lang="en")
    before = {q: titles(client, q) for q in searches}
    create_event(client, title=title, lang=lang)
    after = {q: titles(client, q) - {title} for q in searches}
    assert before == after == searches


def test_an_acronym_is_no_function_word_of_another_language(client: FlaskClient) -> None:
    create_event(client, title="R&D in the EU", lang="en")
    create_event(client, title="Rapport d'activité", lang="fr")
    create_event(client, title="Reforma d", lang="sr")
    assert titles(client, "R&D") == titles(client, "EU") == titles(client, "r d eu") == {"R&D in the EU"}


def test_a_function_word_needs_the_other_words_in_its_language(client: FlaskClient) -> None:
    create_event(client, title="The budget", lang="en")
    create_event(client, title="Le budget", lang="fr", names=[{"value": "The law", "lang": "en"}])
    assert titles(client, "the budget") == {"The budget"}
    assert titles(client, "le budget") == {"Le budget"}
    assert titles(client, "the law") == {"Le budget"}


#: Words of several languages, among them function words of one that are others' words.
VOCABULARY = {
    "en": "the EU act on budgets data war die action of 2030 sodium-ion",
    "fr": "le budget de l'EU a eu actions 2030 guerre on",
    "de": "die Aktion war im Budget der EU Daten 2030 act",
    "tr": "da data ve bir bütçe action",
    "ja": "電池の規則 EU act 2030",
    "hr": "akcija je na budget the EU",
}
LANGUAGES = list(VOCABULARY)


def texts(lang: str) -> st.SearchStrategy[str]:
    """Texts of one language."""
    return st.lists(st.sampled_from(VOCABULARY[lang].split()), min_size=1, max_size=5).map(" ".join)


@st.composite
def records(draw: st.DrawFn) -> dict[str, Any]:
    """Events with a title, and a name in the same or another language."""
    lang, other = (draw(st.sampled_from(LANGUAGES)) for _ in range(2))
    names = [{"id": "n", "value": draw(texts(other)), "lang": other}] if draw(st.booleans()) else []
    who = [{"id": "p", "name": "7", "role": "party"}]
    record = a_record(id=str(uuid7()), now=datetime(2026, 1, 1, tzinfo=UTC), participants=who, title=draw(texts(lang)))
    return record | {"lang": lang, "names": names, "summary": draw(texts(lang))}


@st.composite
def searches(draw: st.DrawFn) -> str:
    """Words, phrases, prefixes, alternatives and exclusions of all languages."""
    vocabulary = sorted({word for words in VOCABULARY.values() for word in words.split()})
    word = st.sampled_from(vocabulary)
    phrase = st.lists(word, min_size=2, max_size=3).map(lambda words: f'"{" ".join(words)}"')
    prefix = word.map(lambda one: f"{one[:4]}*")
    part = word | word | phrase | prefix
    parts = draw(st.lists(part | part.map(lambda one: f"-{one}"), min_size=1, max_size=3))
    return draw(st.sampled_from([" ", " OR "])).join(parts)


def languages_of(document: SearchDocument) -> frozenset[str]:
    """Return the languages of a document."""
    return frozenset(document.languages)


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(records(), min_size=2, max_size=8), st.lists(searches(), min_size=1, max_size=6))
def test_a_search_among_the_events_of_some_languages_finds_the_same_beside_others(
    conn: psycopg.Connection, several: list[dict[str, Any]], queries: list[str]
) -> None:
    documents = {UUID(record["id"]): search_document(record) for record in several}
    own = languages_of(documents[UUID(several[0]["id"])])
    first = {id_: document for id_, document in documents.items() if languages_of(document) <= own}
    conn.execute("DELETE FROM event_search")
    conn.execute("DELETE FROM search_language")
    upsert_search_documents(conn, first.items())
    before = [found(conn, q) for q in queries]
    upsert_search_documents(conn, documents.items())
    after = [found(conn, q) for q in queries]
    assert [ids & first.keys() for ids in after] == before
    for q, ids in zip(queries, after, strict=True):
        assert {UUID(record["id"]) for record in several if words_that_match(record, [Words(q)])} == ids, q
        compiled = compile_query(Words(q), list_languages(conn)).all_words
        assert {id_ for id_, document in documents.items() if document.tsv.matches(compiled)} == ids, q


def found(conn: psycopg.Connection, q: str) -> set[UUID]:
    """Return the events that a search finds in the database."""
    query = compile_query(Words(q), list_languages(conn)).all_words
    rows = conn.execute("SELECT event_id FROM event_search WHERE tsv @@ %s::tsquery", (query,))
    return {id_ for (id_,) in rows}


@settings(max_examples=50)
@given(records(), st.lists(st.sampled_from(VOCABULARY["en"].split()), min_size=1, max_size=2))
def test_a_text_is_highlighted_where_a_search_matches_it(record: dict[str, Any], words: Sequence[str]) -> None:
    record |= {"names": []}
    for word in words:
        [fragments] = highlight(Words(word), [record])
        assert bool(fragments) == bool(words_that_match(record, [Words(word)])), word
