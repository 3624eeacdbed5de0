"""BM25: the weights of terms, and the events to rank by them."""

from service.search.ranking.bm25 import (
    CorpusStatistics,
    estimate_any_word,
    inverse_document_frequency,
    is_index_faster,
    most_matches,
    newest_region,
    share_of,
)
from service.search.text.compiled_words import CompiledWords, Term
from service.store.search.conditions import Region
from service.store.search.statistics import Collection
from service.store.search.tsquery import Lexeme, TsQuery


def test_a_rarer_word_has_a_larger_weight() -> None:
    rarities = [inverse_document_frequency(1000, having) for having in (0, 1, 10, 500, 1000, 2000)]
    assert rarities == sorted(rarities, reverse=True)
    assert min(rarities) > 0


def test_the_newest_months_with_enough_matches_are_ranked() -> None:
    collection = Collection(400, 1.0, 1.0, [(40, 100), (30, 100), (20, 100), (0, 100)])
    assert newest_region(collection, 0.1, 25) == Region(19, 0, by_index=False)
    assert newest_region(collection, 0.1, 15) == Region(
        30, 32, by_index=False
    )  # half a month, since it has nearly as many as are wanted
    assert newest_region(collection, 1.0, 25) == Region(40, 16)  # a quarter of a month that has too many
    assert newest_region(collection, 0.1, 1_000) is None
    assert newest_region(collection, 0.0, 10) is None
    assert [share_of(region, collection) for region in (None, Region(19, 0), Region(40, 16))] == [1.0, 0.75, 0.0625]


def test_the_index_finds_few_months_or_many_lexemes_faster() -> None:
    million, cap = 1_000_000, 5_000
    assert is_index_faster(million, 0.05, cap, lexemes=3)
    assert not is_index_faster(million, 0.5, cap, lexemes=3)
    assert is_index_faster(million, 0.5, cap, lexemes=900)
    assert not is_index_faster(million, 1.0, cap, lexemes=900)


A, B, C = map(Lexeme, "abc")


def compiled(query: TsQuery, *words: Lexeme) -> CompiledWords:
    """Return a search for some words."""
    terms = tuple(Term(word.text, TsQuery((word,)), (word,), 1) for word in words)
    return CompiledWords("", query, terms=terms, languages=("english",))


def test_the_rarest_required_term_bounds_the_matches() -> None:
    statistics = CorpusStatistics(1_000, 1.0, 1.0, (900, 20, 5))
    for query, most in (
        (TsQuery((A, B, C)), 5),
        (TsQuery((A, TsQuery(any_of=(B, C)))), 900),
        (TsQuery((A, B), none_of=(C,)), 20),
        (TsQuery(any_of=(B, C)), 1_000),
        (TsQuery((B,)), 20),
        (TsQuery((A,), none_of=(B,)), 900),
    ):
        assert most_matches(query, compiled(query, A, B, C), statistics) == most, query


def test_the_matches_of_any_word_are_estimated_by_independence() -> None:
    assert estimate_any_word(CorpusStatistics(1_000, 1.0, 1.0, (500, 500))) == 750
    assert estimate_any_word(CorpusStatistics(1_000, 1.0, 1.0, (0, 1_000, 1))) == 1_000
    assert estimate_any_word(CorpusStatistics(0, 1.0, 1.0, (0,))) == 0
