"""Titles compared word by word."""

import pytest

from service.events.titles import code_of_id, compare_titles, distinct_words, has_code, identifying_numbers, title_words
from service.search.text.languages import FUNCTION_WORDS


def test_letters_and_digits_are_words_of_their_own() -> None:
    assert title_words("HB374: Énergie No. 007/2019") == ["hb", "374", "energie", "no", "7", "2019"]


def test_words_count_once() -> None:
    assert distinct_words("The Act of the non-residential Act") == ("the", "act", "of", "non", "residential")


#: What titles in English imply.
ENGLISH = FUNCTION_WORDS["english"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Dialogue on Advanced Materials", "A dialogue on advanced  materials."),
        ("Dialogues on Advanced Materials", "Dialogue on Advanced Material"),
        ("Climate Plan", "Plan climat"),
        ("National Programme for Forestry", "National Program for Forests"),
        ("Organisation of the market", "Organization of the markets"),
        ("Public Utility Regulatory Policies Act (PURPA)", "Public Utility Regulatory Policies Act"),
        ("HB 374 on water", "HB374 on Water"),
        ("Energiewirtschaftsgesetz über Strom", "ENERGIEWIRTSCHAFTSGESETZ UBER STROM"),
        ("Закон об энергетике", "ЗАКОН ОБ ЭНЕРГЕТИКЕ"),  # noqa: RUF001 (Russian)
        ("中华人民共和国能源法", "中华人民共和国 能源法"),
        ("The The", "the the"),
    ],
)
def test_spellings_of_one_title_are_the_same(one: str, other: str) -> None:
    assert compare_titles(one, other, implied=ENGLISH).is_same
    assert compare_titles(other, one, implied=ENGLISH).is_same


@pytest.mark.parametrize(
    ("one", "other", "ours", "theirs"),
    [
        ("Third amendment of the water act", "Fourth amendment of the water act", {"third"}, {"fourth"}),
        ("Ban on imports of fertilizer", "Ban on exports of fertilizer", {"imports"}, {"exports"}),
        ("Dritte Änderung des Gesetzes", "Vierte Änderung des Gesetzes", {"dritte"}, {"vierte"}),
        ("Agreement with Niger", "Agreement with Nigeria", {"niger"}, {"nigeria"}),
        ("Agreement with Austria", "Agreement with Australia", {"austria"}, {"australia"}),
        ("Solar auction, phase II", "Solar auction, phase III", {"ii"}, {"iii"}),
        ("Residential buildings", "Non-residential buildings", set(), {"non"}),
        ("能源法第三次修正", "能源法第四次修正", {"第三", "三次"}, {"第四", "四次"}),
    ],
)
def test_words_of_one_title_alone_tell_it_from_the_other(
    one: str, other: str, ours: set[str], theirs: set[str]
) -> None:
    comparison = compare_titles(one, other, implied=ENGLISH)
    assert (set(comparison.ours), set(comparison.theirs)) == (ours, theirs)
    assert not comparison.is_same


@pytest.mark.parametrize(
    ("one", "other", "differ"),
    [
        ("Budget 2021", "Budget 2022", True),
        ("Decree 37926 on carbon", "Decree 37296 on carbon", True),
        ("Budget", "Budget 2022", False),
        ("Act no. 117 on energy", "Act on energy (2010)", False),  # a number and a year
    ],
)
def test_numbers_differ_if_each_title_has_one_of_its_own(one: str, other: str, *, differ: bool) -> None:
    assert compare_titles(one, other, implied=ENGLISH).differs_in_number is differ


def test_implied_words_do_not_count() -> None:
    assert compare_titles("Climate Act Finland", "Climate Act", implied={"finland"}).is_same
    assert not compare_titles("Climate Act Finland", "Climate Act").is_same
    assert not compare_titles("Finland", "Finland Energy", implied={"finland"}).is_same


def test_likeness_is_the_share_of_common_words() -> None:
    assert compare_titles("one two three", "three four five").likeness == pytest.approx(1 / 3)
    assert compare_titles("one", "four").likeness == 0


@pytest.mark.parametrize(
    ("words", "numbers"),
    [
        (["law", "9366"], {"9366"}),
        (["decree", "62", "2009"], {"62"}),
        (["plan", "62"], set()),
        (["budget", "2009"], set()),
    ],
)
def test_numbers_identify_a_document_unless_they_are_years(words: list[str], numbers: set[str]) -> None:
    assert identifying_numbers(words) == numbers


@pytest.mark.parametrize(
    ("title", "code", "has"),
    [
        ("HB-374 on water", "hb374", True),
        ("On water (HB374)", "hb374", True),
        ("COM(2023) 160 on raw materials", "com2023160", True),
        ("HB 3741", "hb374", False),
        ("Law 374 on HB", "hb374", False),
    ],
)
def test_a_title_has_the_code_that_adjacent_words_are(title: str, code: str, *, has: bool) -> None:
    assert has_code(title, code) is has


@pytest.mark.parametrize(
    ("value", "code"),
    [("HB-0374", "hb374"), ("32023R0956", "32023r956"), ("energy-act", None), ("12", None), ("a1-b2-c3", None)],
)
def test_an_external_id_is_a_code_if_it_has_digits_and_few_parts(value: str, code: str | None) -> None:
    assert code_of_id(value) == code
