"""The analyzer: words and codes."""

import pytest

from service.search.text.analyzer import fold, plain_words


def words_of(text: str) -> list[str]:
    """Return the words of a text."""
    return plain_words(fold(text))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("EU\u2013Japan Dialogue", ["eu", "japan", "dialogue"]),
        ("sodium-ion", ["sodium", "ion"]),
        ("Japan's plan, the minister\u2019s", ["japan", "plan", "the", "minister"]),
        ("Stra\u00dfe \u00dcbergr\u00f6\u00dfen", ["strasse", "ubergrossen"]),
        ("r\u00e9glementation e\u0301tat \u0141\u00f3d\u017a", ["reglementation", "etat", "lodz"]),
        ("\ufb01ne \uff21\uff22\uff23 x\u00b2", ["fine", "abc", "x", "2"]),
        ("snake_case", ["snake", "case"]),
        ("\U0001f50b !? \u2026", []),
        (
            "\u0440\u043e\u0441\u0441\u0438\u0439\u0441\u043a\u0438\u0439 \u0401\u043b\u043a\u0430",
            ["российский", "елка"],
        ),
        ("\u092c\u0948\u091f\u0930\u0940", ["बैटरी"]),
    ],
)
def test_text_becomes_words(text: str, words: list[str]) -> None:
    assert words_of(text) == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("次世代電池", ["次世", "世代", "代电", "电池", "池"]),
        ("EU電池規則", ["eu", "电池", "池规", "规则", "则"]),
        ("배터리 규제", ["배터", "터리", "리", "규제", "제"]),
        ("ﾊﾞｯﾃﾘｰ", ["バッ", "ッテ", "テリ", "リー", "ー"]),
        ("電 池", ["电", "池"]),
        ("次世代電\n池", ["次世", "世代", "代电", "电池", "池"]),
        ("電", ["电"]),
    ],
)
def test_scripts_without_spaces_become_bigrams_and_a_last_character(text: str, words: list[str]) -> None:
    assert words_of(text) == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("CO2 and CO\u2082", ["co", "2", "and", "co", "2"]),
        ("hb374 5g 32023R1542 x1y", ["hb", "374", "5g", "32023r1542", "x1y"]),
        ("regu\u00adlation regu\u00ad\nlation \ufeffregu\u200blation", ["regulation"] * 3),
        ("Hawai\u02bbi Hawai\u2019i Hawai'i", ["hawai", "i"] * 3),
        ("Japan\u02bcs", ["japan"]),
        (
            "U.S. law, e.g. this one. A plan of H.B. 3; asp.net",
            ["us", "law", "eg", "this", "one", "a", "plan", "of", "hb", "3", "asp", "net"],
        ),
    ],
)
def test_digits_signs_and_what_is_invisible_are_no_letters(text: str, words: list[str]) -> None:
    assert words_of(text) == words


def test_a_long_word_is_split() -> None:
    assert words_of("x" * 130) == ["x" * 64, "x" * 64, "xx"]


def test_folding_twice_changes_nothing() -> None:
    for text in ("É\u0301", "\u212b", "\u017f", "İ", "ﬃ", "が", "각"):
        assert fold(fold(text)) == fold(text)
