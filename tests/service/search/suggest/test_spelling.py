"""The words of a search corrected to those of the vocabulary: by frequency, kind of mistake, and language."""

from collections.abc import Mapping

import psycopg
import pytest

from service.search.suggest.spelling import correct_spelling
from service.store.search.suggestion_index import FacetKey, IndexedName, WordKey, add_value_counts, add_word_counts

#: Events by word and language.
WORDS = {
    "en": {
        "environment": 10_000,
        "enviroment": 2,
        "adaption": 5,
        "adoption": 300,
        "climate": 8_000,
        "change": 5_000,
        "transport": 900,
        "austria": 3,
        "australia": 300,
        "paris": 3,
        "parks": 300,
        "solar": 3_000,
        "power": 5_000,
        "solarpower": 2,
        "green": 900,
        "house": 300,
        "greenhouse": 1_500,
        "policy": 9_000,
        "police": 700,
        "content": 30,
        "tariffs": 40,
        "zeal": 6,
    },
    "fr": {
        "changer": 9_000,
        "chance": 9_000,
        "loi": 5_000,
        "transport": 800,
        "adaptation": 50_000,
        "adoptions": 50_000,
        "contenu": 9_000,
        "contient": 30_000,
        "politique": 9_000,
        "énergie": 5_000,
    },
    "de": {"energie": 4_000, "gesetz": 3_000, "wende": 10},
}


def insert_words(conn: psycopg.Connection, words: Mapping[str, Mapping[str, int]]) -> None:
    """Insert the words of languages, each with its number of events, unaccented as in the table above."""
    events = {WordKey(word, lang): number for lang, numbers in words.items() for word, number in numbers.items()}
    add_word_counts(conn, {key.word: key.word.replace("é", "e") for key in events}, events)


@pytest.fixture
def world(conn: psycopg.Connection) -> psycopg.Connection:
    """A connection to a database with the words above."""
    insert_words(conn, WORDS)
    return conn


@pytest.mark.parametrize(
    ("text", "correction"),
    [
        # a word of two events against one of ten thousand
        ("enviroment", "environment"),
        ("enviroment policy", "environment policy"),
        ("Enviroment Policy", "Environment Policy"),
        ("ENVIROMENT POLICY", "ENVIRONMENT POLICY"),
        ("environment", None),
        # a known word, and one that is not much more frequent than the mistake is rare
        ("paris", None),
        ("austria", None),
        ("zeal", None),
        ("tarifs", "tariffs"),
        ("tarrifs", "tariffs"),
        # of two words near the typed one, the likelier one
        ("polici", "policy"),
        ("policc", "policy"),
        # two words as one, one as two, and two that are known side by side
        ("green house", "greenhouse"),
        ("green-house policy", "greenhouse policy"),
        ("solar power", None),
        ("solar powr", "solar power"),
        # names, acronyms, codes
        ("ADPTION policy", None),
        ("policy of Zeall", None),
        ("policy of zeall", "policy of zeal"),
        # languages: of the other words, or of the texts that have the word
        ("adaption", None),
        ("content", None),
        ("climate chnage", "climate change"),
        ("loi chanse", "loi chance"),
        ("transport polici", "transport policy"),
        ("transport politiqe", "transport politique"),
        ("enregie gesetz", "energie gesetz"),
        ("enregie loi", "énergie loi"),
        ("xyzzyplugh", None),
    ],
)
def test_words_are_corrected_to_far_more_frequent_ones_of_their_language(
    world: psycopg.Connection, text: str, correction: str | None
) -> None:
    assert correct_spelling(world, text) == correction


def test_words_of_another_language_change_no_correction(world: psycopg.Connection) -> None:
    texts = ["enviroment", "climate chnage", "green house", "polici climate", "adaption", "content", "solar powr"]
    before = [correct_spelling(world, text) for text in texts]
    insert_words(world, {"hu": {word + "a": 100_000 for word in WORDS["en"]} | {"policie": 100_000, "powra": 100_000}})
    assert [correct_spelling(world, text) for text in texts] == before


def test_a_word_of_one_event_alone_can_be_of_another_language(world: psycopg.Connection) -> None:
    insert_words(world, {"en": {"gesezt": 1, "adaptive": 2}, "fr": {"adaptives": 5_000, "gesetze": 20}})
    assert correct_spelling(world, "gesezt") == "gesetz"
    assert correct_spelling(world, "adaptive") is None


def test_two_words_are_one_only_if_that_has_many_more_matches(world: psycopg.Connection) -> None:
    assert correct_spelling(world, "green house", matches=290) == "greenhouse"
    assert correct_spelling(world, "green house", matches=300) is None
    assert correct_spelling(world, "green house enviroment", joins_only=True) == "greenhouse enviroment"
    assert correct_spelling(world, "enviroment policy", joins_only=True) is None


def test_the_name_of_a_participant_is_left_alone(world: psycopg.Connection) -> None:
    insert_words(world, {"en": {"polica": 1}})
    assert correct_spelling(world, "polica") == "policy"
    name = {FacetKey("participant", "Polica"): IndexedName("Polica", "polica", ["polica"])}
    add_value_counts(world, name, [1])
    assert correct_spelling(world, "polica") is None
