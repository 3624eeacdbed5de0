"""The terms of a search, by whose keys synonyms are found."""

import pytest

from service.search.filter import Words
from service.search.text.lexemes import analyse
from service.search.text.query_compiler import compile_query
from service.search.text.query_parser import parse_query
from service.search.text.synonyms import Synonyms, expanded_spans, term_key, term_spans
from service.store.search.tsquery import Lexeme
from service.store.search.tsvector import TsVector, TsVectorBuilder


@pytest.mark.parametrize(
    ("term", "key"),
    [
        ("NDC", "ndc"),
        ("NDCs", "ndc"),
        ("Nationally Determined Contributions", "nationally determined contribution"),
        ("Feed-in tariff", "feed in tariff"),
        ("Business class", "business class"),
        ("gas", "gas"),
        ("Accès", "acce"),
        ("", ""),
    ],
)
def test_a_key_is_the_same_for_singular_and_plural(term: str, key: str) -> None:
    assert term_key(term) == key


@pytest.mark.parametrize(
    ("query", "keys"),
    [
        ("NDC", ["ndc"]),
        ("NDC Chile", ["ndc chile", "ndc", "chile"]),
        ("feed-in tariff", ["feed in tariff", "feed in", "tariff"]),
        ('NDC "carbon tax"', ["ndc"]),
        ("NDC -tax", ["ndc"]),
        ("NDC tax*", ["ndc"]),
        ("NDC OR INDC tax", ["ndc", "indc", "tax"]),
        ('"NDC"', []),
        ("", []),
    ],
)
def test_the_terms_of_a_search_are_its_words_in_a_row(query: str, keys: list[str]) -> None:
    assert [span.key for span in term_spans(parse_query(query))] == keys


def test_a_long_search_has_terms_of_eight_words_at_most() -> None:
    words = [f"w{one}{other}" for one in "bcdf" for other in "bcdfghjklmnpqrtvwxz"]
    spans = list(term_spans(parse_query(" ".join(words))))
    assert max(len(span.key.split()) for span in spans) == 8
    assert len(words) < len(spans) <= 8 * len(words)


NDC: Synonyms = {
    "ndc": ["Nationally Determined Contribution"],
    "nationally determined contribution": ["NDC"],
    "ev": ["electric vehicle", "electric car"],
}
SHORT, LONG, MIXED = (
    "Chile updates its NDC",
    "The nationally determined contributions of Peru",
    "A determined contribution",
)


def matching(query: str, synonyms: Synonyms, *texts: str) -> list[str]:
    """Return the English texts that a search matches."""
    compiled = compile_query(Words(query), ["english", "french"], synonyms)
    return [text for text in texts if vector(text).matches(compiled.all_words)]


def vector(text: str) -> TsVector:
    """Return the words of an English text."""
    builder = TsVectorBuilder()
    builder.append(analyse([text], "english"), "A")
    return builder.build()


@pytest.mark.parametrize(
    ("query", "texts"),
    [
        ("NDC", [SHORT, LONG]),
        ("nationally determined contributions", [SHORT, LONG]),
        ("the nationally determined contribution", [SHORT, LONG]),
        ("NDC peru", [LONG]),
        ("NDC OR minister", [SHORT, LONG]),
        ("contribution NOT NDC", [LONG, MIXED]),
        ('"NDC"', [SHORT]),
        ("nd* contribution", []),
    ],
)
def test_a_term_matches_where_a_synonym_does(query: str, texts: list[str]) -> None:
    assert matching(query, NDC, SHORT, LONG, MIXED) == texts


def test_a_synonym_of_several_words_is_a_phrase() -> None:
    texts = ["An electric vehicle", "Vehicles with electric engines", "EVs"]
    assert matching("EV", NDC, *texts) == ["An electric vehicle", "EVs"]


def test_each_word_of_an_expanded_term_is_ranked_by_its_synonyms_too() -> None:
    [ndc] = compile_query(Words("NDC"), ["english"], NDC).terms
    assert Lexeme("ndcEN") in ndc.lexemes
    assert Lexeme("contributEN") in ndc.lexemes
    words = compile_query(Words("nationally determined contribution"), ["english"], NDC).terms
    assert [Lexeme("ndcEN") in word.lexemes for word in words] == [True, True, True]


def test_a_search_without_synonyms_is_compiled_as_before() -> None:
    for query in ("NDC", "a OR b, c -d", '"x y" z*'):
        assert compile_query(Words(query), ["english"], NDC if "NDC" not in query else {}) == compile_query(
            Words(query), ["english"]
        )


def test_terms_do_not_overlap_and_the_longest_one_counts() -> None:
    expression = parse_query("nationally determined contribution NDC")
    synonyms: Synonyms = {**NDC, "determined contribution": ["x"], "contribution": ["y"]}
    assert [span.key for span in expanded_spans(expression, synonyms)] == ["nationally determined contribution", "ndc"]
