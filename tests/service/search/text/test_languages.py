"""Languages: their tags and function words, and the guess of a text's language."""

import pytest

from service.search.text.analyzer import fold, plain_words
from service.search.text.languages import FUNCTION_WORDS, TAGS, UNKNOWN, guess_language, language_of


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The battery law of Japan", "english"),
        ("Verordnung über Batterien", "german"),
        ("Règlement sur les batteries", "french"),
        ("Reglamento de las baterías en el mercado", "spanish"),
        ("Rozporządzenie w sprawie baterii i zużytych baterii oraz ich transportu", "polish"),
        ("Постановление правительства", "russian"),
        ("Toyota 2030", "english"),
        ("次世代電池", "english"),
        ("", "english"),
    ],
)
def test_the_language_of_a_text_is_guessed(text: str, language: str) -> None:
    assert guess_language(plain_words(fold(text))) == language


def test_a_language_without_a_stemmer_is_unknown() -> None:
    assert [language_of(tag) for tag in ("de-AT", "hr", "ja", "zh-Hant", "EN", "nb", "pl")] == [
        "german",
        UNKNOWN,
        "english",
        "english",
        "english",
        "norwegian",
        "polish",
    ]


def test_the_tag_of_a_language_is_its_own() -> None:
    known = {name: tag for name, tag in TAGS.items() if name != UNKNOWN}
    assert len(set(known.values())) == len(known)
    assert all(len(tag) == 2 and tag.isascii() and tag.isupper() for tag in known.values())
    assert {language_of(tag) for tag in known.values()} == known.keys()


@pytest.mark.parametrize("language", FUNCTION_WORDS)
def test_function_words_are_folded_words(language: str) -> None:
    assert {word for word in FUNCTION_WORDS[language] if plain_words(fold(word)) != [word]} == set()


def test_function_words_are_few_and_no_acronyms() -> None:
    acronyms = {"act", "ai", "eu", "ha", "it", "uk", "us", "who", "wto"}
    assert {language: words & acronyms for language, words in FUNCTION_WORDS.items() if words & acronyms} == {}
    assert {language for language, words in FUNCTION_WORDS.items() if len(words) > 45} == set()
