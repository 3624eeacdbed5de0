"""Lexemes: stems with the tag of their language, and gaps for its function words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.search.text.analyzer import MARK, fold, plain_words
from service.search.text.languages import FUNCTION_WORDS, TAGS, UNKNOWN
from service.search.text.lexemes import analyse, is_tagged, lexeme_of, query_lexemes, text_lexemes, without_tag
from service.store.search.tsvector import TEXT_BREAK


def written(text: str, language: str, *, title: bool = False) -> str:
    """Return the lexemes of two texts, a point for each position without one, and a bar between texts."""
    steps = analyse(text.split(" / "), language, titles=title)
    return " ".join("/" if step is TEXT_BREAK else "+".join(step or ".") for step in steps)


@pytest.mark.parametrize(
    ("text", "language", "lexemes"),
    [
        ("Batteries of the union", "english", "batteriEN . . unionEN"),
        ("Batteries of the union", UNKNOWN, "batteries of the union"),
        ("La loi sur l'énergie", "french", ". loiFR . . energFR"),
        ("EU AI Act", "french", "euFR aiFR actFR"),
        ("2030 CO2 電池", "english", "2030 coEN 2 电池 池 / co2"),
        ("Über die Batterien", "german", ". . batteriDE"),
    ],
)
def test_a_word_is_its_stem_with_the_tag_of_its_language(text: str, language: str, lexemes: str) -> None:
    assert written(text, language) == lexemes


def test_a_title_has_its_function_words_as_they_are() -> None:
    assert written("The WHO and us", "english", title=True) == f"{MARK}theEN whoEN {MARK}andEN usEN"


def test_a_code_is_split_among_the_words_and_whole_behind_them() -> None:
    assert written("see COM(2023)160. / End", "english") == "seeEN comEN 2023 160 / endEN / com2023/160+2023/160"


def test_english_words_have_one_spelling_joined_or_apart() -> None:
    assert written("Labour co-operation", "english") == "laborEN coEN+cooperEN operEN"
    assert written("Labor cooperation", "english") == "laborEN cooperEN"
    assert written("Labour co-operation", "german") == "labourDE coDE operationDE"


WORDS = st.text(st.sampled_from("aeiosgnt'ßéø\u0131яйжε池バ가10²İ_-."), min_size=1, max_size=8).map(fold)


@given(WORDS, st.sampled_from(sorted(TAGS)))
def test_a_tag_is_told_from_a_word(text: str, language: str) -> None:
    for word in plain_words(text):
        lexeme = lexeme_of(word, language)
        if lexeme is None:
            assert word in FUNCTION_WORDS[language]
            continue
        assert not is_tagged(word)
        assert without_tag(lexeme) + (TAGS[language] if is_tagged(lexeme) else "") == lexeme
        assert is_tagged(lexeme) or lexeme == word
        assert set(query_lexemes(word, language)) & set(text_lexemes(word, language))
