"""The analyzer: words and codes."""

import pytest

from service.search.text.analyzer import code_of, fold, plain_words


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
        ("\ufb01ne \uff21\uff22\uff23 x\u00b2", ["fine", "abc", "x2"]),
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
        ("次世代電池", ["次世", "世代", "代電", "電池", "池"]),
        ("EU電池規則", ["eu", "電池", "池規", "規則", "則"]),
        ("배터리 규제", ["배터", "터리", "리", "규제", "제"]),
        ("ﾊﾞｯﾃﾘｰ", ["バッ", "ッテ", "テリ", "リー", "ー"]),
        ("電 池", ["電", "池"]),
        ("次世代電\n池", ["次世", "世代", "代電", "電池", "池"]),
        ("電", ["電"]),
    ],
)
def test_scripts_without_spaces_become_bigrams_and_a_last_character(text: str, words: list[str]) -> None:
    assert words_of(text) == words


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("com(2023)160", "com 2023 160"),
        ("2024/1252", "2024 1252"),
        ("asp.net", "asp net"),
        ("u.s", "us"),
        ("u.s.a", "usa"),
        ("19.8", "19 8"),
        ("sodium-ion", None),
        ("and/or", None),
        ("covid-19", None),
        ("https://example.org/a/very/long/address/2024/1252", None),
    ],
)
def test_codes_are_one_word_as_well(text: str, code: str | None) -> None:
    word = code_of(text)
    assert (word.replace("\ua78f", " ") if word else None) == code


def test_a_long_word_is_split() -> None:
    assert words_of("x" * 130) == ["x" * 64, "x" * 64, "xx"]


def test_folding_twice_changes_nothing() -> None:
    for text in ("É\u0301", "\u212b", "\u017f", "İ", "ﬃ", "が", "각"):
        assert fold(fold(text)) == fold(text)
