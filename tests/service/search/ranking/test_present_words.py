"""Searches without the stems that no event has."""

import psycopg
from flask.testing import FlaskClient

from service import store
from service.search.filter import Words
from service.search.ranking.present_words import with_present_words
from service.search.text.query_compiler import compile_query
from tests.factories import create_event

LANGUAGES = ("english", "french", "german", "hungarian", "spanish", "turkish")


def test_a_word_has_only_stems_that_some_event_has(client: FlaskClient, conn: psycopg.Connection) -> None:
    create_event(client, title="National energy plans", lang="en")
    create_event(client, title="Plans de l'énergie nationale", lang="fr")
    words = compile_query(Words('"national energy" plan -steel'), LANGUAGES)
    fewer = with_present_words(conn, words)
    assert {lexeme.text for term in fewer.terms for lexeme in term.lexemes} < {
        lexeme.text for term in words.terms for lexeme in term.lexemes
    }
    assert all(len(term.lexemes) <= 2 for term in fewer.terms)
    assert len(fewer.excluded) == 1


def test_the_same_events_match(client: FlaskClient, conn: psycopg.Connection) -> None:
    for lang, title in (
        ("en", "Energy plans"),
        ("fr", "Plans d'énergie"),
        ("hu", "Energia terv"),
        ("de", "Energieplan"),
    ):
        create_event(client, title=title, lang=lang)
    for text in (
        "energy",
        "energie plan",
        '"energy plans"',
        "plan -energy",
        "plan OR terv",
        "steel",
        "steel plan",
        "pla*",
    ):
        words = compile_query(Words(text), LANGUAGES)
        fewer = with_present_words(conn, words)
        pairs = [(words.all_words, fewer.all_words)]
        if words.any_word and fewer.any_word:
            pairs.append((words.any_word, fewer.any_word))
        for query, pruned in pairs:
            [before, after] = [
                conn.execute("SELECT event_id FROM event_search WHERE tsv @@ %s::tsquery", (one.render(),)).fetchall()
                for one in (query, pruned)
            ]
            assert sorted(before) == sorted(after), text


def test_a_word_of_an_event_is_known_as_soon_as_it_is_written(client: FlaskClient, conn: psycopg.Connection) -> None:
    create_event(client, title="Steel", lang="en")
    words = compile_query(Words("acier"), LANGUAGES)
    [term] = with_present_words(conn, words).terms
    assert len(term.lexemes) == 1
    conn.rollback()
    create_event(client, title="Acier", lang="fr")
    [term] = with_present_words(conn, words).terms
    assert [lexeme.text for lexeme in term.lexemes] == ["aciFR"]
    assert store.search.words.find_present(conn, list(term.lexemes)) == {"aciFR"}
