"""Queries of too many words: their clauses, and the best of them."""

import pytest

from service.search.text.long_queries import best_clauses, clauses_of, is_long, join_clauses
from service.search.text.query_parser import MOST_WORDS, parse_query

QUERIES = (
    "a b c",
    "a OR b c OR d OR e f",
    'a "b c" OR d* -e NOT f AND g',
    'x NOT (a OR b) y "z',
    "OR a OR OR b AND",
)


@pytest.mark.parametrize("text", QUERIES)
def test_all_clauses_together_mean_the_same(text: str) -> None:
    clauses = clauses_of(text)
    assert parse_query(join_clauses(clauses, range(len(clauses)))) == parse_query(text)


@pytest.mark.parametrize(
    ("places", "text"),
    [([0, 2], "a c"), ([1, 3], "b d"), ([0, 1, 4], "a OR b e"), ([2, 4], "c OR e"), ([5], "f"), ([], "")],
)
def test_alternatives_of_a_clause_that_is_left_out_stay_alternatives(places: list[int], text: str) -> None:
    clauses = clauses_of("a OR b c OR d OR e f")
    assert join_clauses(clauses, places) == text


def test_the_rarest_clauses_that_some_event_has_are_read() -> None:
    clauses = clauses_of(" ".join(f"word{number}" for number in range(150)) + ' "two words" -never')
    frequencies = [0] * 50 + list(range(100, 0, -1)) + [1, 0]
    best = best_clauses(clauses, frequencies)
    assert best == [*range(53, 152)]
    assert sum(len(clauses[place].text.split()) for place in best) == MOST_WORDS


def test_a_query_is_long_with_more_words_than_are_read() -> None:
    assert not is_long(" ".join(["word"] * MOST_WORDS))
    assert is_long(" ".join(["word"] * (MOST_WORDS + 1)))
