"""A condition renders for any alias, and composes with its values and its promises."""

from datetime import date

import pytest

from service.store.condition import FALSE, TRUE, Condition, and_, not_, or_

TAGGED = Condition("{row}.tags && {}::text[]", (["a"],), labelled=True)
EARLY = Condition("{row}.day < {}", (date(2024, 1, 1),), since=date(2020, 1, 1), until=date(2023, 12, 31))
LATE = Condition("{row}.day > {}", (date(2025, 1, 1),), since=date(2025, 1, 2), until=date(2030, 1, 1))


def test_a_condition_renders_for_an_alias_and_names_its_parameters() -> None:
    both = and_(TAGGED, not_(EARLY))
    assert both.render("search", "words") == "(search.tags && %(words_0)s::text[]) AND (NOT (search.day < %(words_1)s))"
    assert both.parameters("words") == {"words_0": ["a"], "words_1": date(2024, 1, 1)}


def test_a_condition_on_a_row_keeps_that_row_beside_others() -> None:
    both = or_(TAGGED.on("words"), EARLY)
    assert both.render("event") == "(words.tags && %(filter_0)s::text[]) OR (event.day < %(filter_1)s)"
    assert both.values == (["a"], date(2024, 1, 1))


def test_one_condition_is_its_own_conjunction_and_disjunction() -> None:
    assert and_(TAGGED) == or_(TAGGED) == TAGGED
    assert (and_(), or_()) == (TRUE, FALSE)


@pytest.mark.parametrize(("part", "labelled"), [(TAGGED, True), (EARLY, False)])
def test_an_index_finds_all_of_several_where_it_finds_one_and_any_where_it_finds_each(
    part: Condition,
    labelled: bool,  # noqa: FBT001 (a parameter of the test)
) -> None:
    assert and_(part, LATE).labelled == labelled
    assert not or_(part, LATE).labelled
    assert or_(part, part).labelled == labelled
    assert not not_(part).labelled


def test_the_bounds_of_several_are_the_narrowest_of_all_and_the_widest_of_any() -> None:
    assert (and_(EARLY, LATE, TAGGED).since, and_(EARLY, LATE, TAGGED).until) == (date(2025, 1, 2), date(2023, 12, 31))
    assert (or_(EARLY, LATE).since, or_(EARLY, LATE).until) == (date(2020, 1, 1), date(2030, 1, 1))
    assert (or_(EARLY, TAGGED).since, or_(EARLY, TAGGED).until) == (None, None)
    assert (not_(EARLY).since, not_(EARLY).until) == (None, None)
