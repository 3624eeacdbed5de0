"""The choice of synonyms: those of the file first, and only acronyms that events explain well enough."""

import psycopg
import pytest

from service.search.filter import Words
from service.search.synonyms.expansion import (
    MOST_OF_SEARCH,
    MOST_OF_TERM,
    capital_words,
    choose_synonyms,
    find_synonyms,
)
from service.store.search.synonyms import FILE, Synonym, replace_file_synonyms


def acronym(other: str, events: int, titles: int = 0, ordinary: int = 0) -> Synonym:
    """Return the phrase of an acronym."""
    return Synonym("safe", other, "acronym", events, titles, ordinary)


@pytest.mark.parametrize(
    ("rows", "terms"),
    [
        ([], []),
        ([acronym("one event", 1)], []),
        ([acronym("one title", 1, 1)], ["one title"]),
        ([acronym("two events", 2)], ["two events"]),
        ([acronym("often", 30), acronym("sometimes", 3), acronym("seldom", 2)], ["often", "sometimes"]),
        ([acronym("an ordinary word", 5, 1, ordinary=6)], []),
        ([acronym("seldom an ordinary word", 5, 1, ordinary=5)], ["seldom an ordinary word"]),
        ([acronym("of events", 9), Synonym("safe", "of a topic", "topic:t")], ["of a topic", "of events"]),
        ([acronym("of events", 9), Synonym("safe", "of the file", FILE)], ["of the file"]),
        ([acronym("of events", 9), Synonym("safe", "", FILE)], []),
    ],
)
def test_the_chosen_synonyms_are_those_that_are_sure(rows: list[Synonym], terms: list[str]) -> None:
    assert choose_synonyms(rows, is_name=False) == terms


def test_an_ordinary_word_in_capitals_is_an_acronym() -> None:
    assert choose_synonyms([acronym("an ordinary word", 5, ordinary=60)], is_name=True) == ["an ordinary word"]
    assert choose_synonyms([acronym("one event", 1, ordinary=60)], is_name=True) == []


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("WHO guidelines", {"who"}),
        ("who decides", set()),
        ("WHO", {"who"}),
        ("SAFE PLAN", set()),
        ("the SAFE and PATH programmes", {"safe", "path"}),
        ("", set()),
    ],
)
def test_words_in_capitals_are_names_beside_others(query: str, names: set[str]) -> None:
    assert capital_words(query) == names


def test_a_search_has_a_bounded_number_of_synonyms(conn: psycopg.Connection) -> None:
    terms = [f"term{letter}" for letter in "abcdefghijklmnopqrst"]
    replace_file_synonyms(conn, [(term, f"{term} {other}") for term in terms for other in "abcde"])
    synonyms = find_synonyms(conn, Words(" ".join(terms)))
    assert sum(map(len, synonyms.values())) == MOST_OF_SEARCH
    assert max(map(len, synonyms.values())) == MOST_OF_TERM
    assert list(synonyms) == terms[: len(synonyms)]


def test_words_without_synonyms_have_none(conn: psycopg.Connection) -> None:
    assert find_synonyms(conn, Words("steel tariff")) == {}
    assert find_synonyms(conn, Words("")) == {}
