"""Edits between words: their number, and how rare they are."""

import pytest

from service.search.suggest.edits import edit_cost, edit_distance, words_one_edit_away


@pytest.mark.parametrize(
    ("typed", "correction", "number"),
    [("abc", "abc", 0), ("recieve", "receive", 1), ("batery", "battery", 1), ("", "ab", 2), ("ca", "abc", 3)],
)
def test_edits_are_insertions_deletions_replacements_and_swaps(typed: str, correction: str, number: int) -> None:
    assert edit_distance(typed, correction) == edit_distance(correction, typed) == number


@pytest.mark.parametrize(
    "typed",
    [
        # each is less likely for "battery" than the one before
        ["batery", "battrey", "nattery", "attery"],
        ["battery", "batteryy", "battely"],
        ["batteri", "batterz", "qattery"],
    ],
)
def test_likely_mistakes_cost_less(typed: list[str]) -> None:
    costs = [edit_cost(one, "battery") for one in typed]
    assert costs == sorted(costs)


def test_mistakes_of_every_script_have_costs() -> None:
    assert edit_cost("законн", "закон") == edit_cost("lawws", "laws") < edit_cost("зажон", "закон")
    assert edit_cost("λαω", "λαο") == edit_cost("lax", "lae")


@pytest.mark.parametrize("word", ["law", "закон", "νομος", "電池"])
def test_the_words_one_edit_away_are_all_with_that_distance(word: str) -> None:
    near = words_one_edit_away(word)
    assert {edit_distance(word, one) for one in near} == {1}
    assert word not in near
    assert {word[1:], word[:-1], word[1] + word[0] + word[2:]} <= near


def test_a_word_of_one_script_has_neighbours_of_that_script() -> None:
    assert "lzw" in words_one_edit_away("law")
    assert all(one.isascii() for one in words_one_edit_away("law"))
    assert len(words_one_edit_away("tariffs")) < 54 * 7 + 26
