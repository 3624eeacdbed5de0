"""The words of a search that can be misspelled."""

import pytest

from service.search.suggest.typed_words import typed_words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("batery recyclign", ["batery", "recyclign"]),
        ("passprt -batery", ["passprt"]),
        ('"batery recycling" OR tarifs', ["batery", "recycling", "tarifs"]),
        ("bat* tarifs", ["tarifs"]),
        ("steel NOT china", ["steel"]),
        ("steel NOT (china oil) cars -(trade ships)", ["steel", "cars"]),
        ("NOTE air-traffic", ["note", "air", "traffic"]),
        ("HB374 covid19 COM(2023)160 u.s. a_b x@example.org tarifs.", ["COM", "tarifs"]),
        ("é\u0301lan vital", ["elan", "vital"]),
        ("電池 電池法", []),
        ("!? 2024", []),
    ],
)
def test_excluded_words_prefixes_and_codes_are_left_out(text: str, words: list[str]) -> None:
    assert [word.folded for word in typed_words(text)] == [word.casefold() for word in words]


@pytest.mark.parametrize(
    ("text", "fixed"),
    [
        ("tax on cars", {"tax", "on"}),
        ("UNFCCC climat", {"unfccc"}),
        ("UNFCCC CLIMAT", set()),
        ("Iran sanctions", {"iran"}),
        ("saudi arabia oil", {"saudi", "arabia", "oil"}),
        ("Bosnia and Herzegovina budgt", {"bosnia", "and", "herzegovina"}),
    ],
)
def test_acronyms_countries_and_short_words_stay_as_they_are(text: str, fixed: set[str]) -> None:
    assert {word.folded for word in typed_words(text) if word.is_fixed} == fixed


def test_a_capital_marks_a_name_among_small_letters() -> None:
    assert [word.is_capital for word in typed_words("Macron climate speech")] == [True, False, False]
    assert not any(word.is_capital for word in typed_words("Climate Policy"))


def test_words_beside_each_other_can_be_one() -> None:
    assert [word.follows for word in typed_words("green house, gas-fired 3 plant")] == [False, True, False, True, False]


def test_of_many_words_the_first_are_corrected() -> None:
    assert len(typed_words("batery " * 20)) == 10
