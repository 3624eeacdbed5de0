"""The choice of candidates: the heaviest combinations of words, as many as can be ranked."""

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.search.ranking.bm25 import WeighedTerm
from service.search.ranking.candidates import CandidateChoice
from service.store.search.tsquery import Lexeme, Operand, TsQuery


def choice_of(terms: list[tuple[int, float]], *, rarest: int, cap: int = 500) -> CandidateChoice:
    """Return the choice by terms a, b, c … of document frequency and weight."""
    weighed = [WeighedTerm(TsQuery((Lexeme(chr(97 + n)),)), *term) for n, term in enumerate(terms)]
    return CandidateChoice((), weighed, rarest, cap)


def any_of(terms: int) -> TsQuery:
    """Return the query for any of the terms a, b, c and so on."""
    return TsQuery.any(Lexeme(chr(97 + n)) for n in range(terms))


def matches(query: Operand, lexemes: set[str]) -> bool:
    """Return whether a text of the lexemes matches a query without phrases."""
    if isinstance(query, Lexeme):
        return query.text in lexemes
    assert isinstance(query, TsQuery)
    return all(matches(one, lexemes) for one in query.all_of) and (
        not query.any_of or any(matches(one, lexemes) for one in query.any_of)
    )


# A rare word, and three that stand in a tenth of all events each.
RARE_AND_COMMON = [(50, 9.0), (10_000, 2.0), (10_000, 2.0), (10_000, 2.0)]


@pytest.mark.parametrize(
    ("least", "query"),
    [
        (15.0, "('a' & ('b' & ('c' & 'd')))"),
        (11.0, "('a' & ('b' | 'c' | 'd'))"),
        (9.0, "'a'"),
        (0.0, "'a'"),
    ],
)
def test_candidates_have_a_rare_word_and_others_of_enough_weight(least: float, query: str) -> None:
    assert choice_of(RARE_AND_COMMON, rarest=1).query(least, any_of(4)).render() == query


def test_candidates_meet_the_other_conditions_of_a_list() -> None:
    choice = choice_of(RARE_AND_COMMON, rarest=1)
    excluded = TsQuery.all([any_of(4)], none_of=[Lexeme("x")])
    assert choice.query(9.0, excluded).render() == "('a' & !'x')"
    required = TsQuery.all([any_of(4), Lexeme("y")])
    assert choice.query(9.0, required).render() == f"('a' & {required.render()})"


def test_the_heaviest_combinations_are_chosen_until_the_cap_is_reached() -> None:
    choice = choice_of(RARE_AND_COMMON, rarest=4)
    assert choice.least_weight({0b1111: 3, 0b0111: 100, 0b0001: 40, 0b1110: 400}) == 9.0
    assert choice.least_weight({0b1111: 3, 0b0111: 400, 0b0001: 140, 0b1110: 400}) == 13.0
    # The heaviest is chosen however many events have it.
    assert choice.least_weight({0b1111: 900, 0b0111: 400}) == 15.0
    assert choice.least_weight({}) == 0.0


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.floats(0.01, 12.0), min_size=1, max_size=6),
    st.integers(1, 6),
    st.floats(0.0, 40.0),
)
def test_exactly_the_events_of_enough_weight_are_candidates(weights: list[float], rarest: int, least: float) -> None:
    rarest = min(rarest, len(weights))
    choice = choice_of([(1, weight) for weight in weights], rarest=rarest)
    query = choice.query(least, any_of(len(weights)))
    for held in product((False, True), repeat=len(weights)):
        weight = sum(weight for weight, has in zip(weights, held, strict=True) if has)
        lexemes = {chr(97 + n) for n, has in enumerate(held) if has}
        if abs(weight - least) > 1e-6:
            assert (bool(query) and matches(query, lexemes)) == (weight > least and any(held[:rarest]))
