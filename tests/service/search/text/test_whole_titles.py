"""Lexemes of whole titles."""

from typing import Any

import pytest

from service.search.text.whole_titles import whole_title_lexemes, whole_titles
from service.store.search.tsquery import TsQuery
from service.store.search.tsvector import TsVector

RECORD: dict[str, Any] = {
    "title": "Nationally Determined Contribution (NDC) - update of 2021",
    "names": [{"id": "fr", "value": "Contribution déterminée au niveau national", "lang": "fr"}],
    "external_ids": [{"scheme": "tracker", "value": "NDC-2021/7"}],
}


def is_known(record: dict[str, Any], text: str) -> bool:
    """Return whether an event is known by a text."""
    vector = TsVector(dict.fromkeys(whole_title_lexemes(record), ()))
    return any(vector.matches(query) for query in whole_titles(text))


@pytest.mark.parametrize(
    "text",
    [
        "Nationally Determined Contribution (NDC) - update of 2021",
        "nationally determined contribution ndc update of 2021",
        "Nationally determined contribution, update of 2021",
        "NDC",
        "contribution determinee au niveau national",
        "ndc-2021/7",
    ],
)
def test_an_event_is_known_by_title_name_id_and_acronym(text: str) -> None:
    assert is_known(RECORD, text)


@pytest.mark.parametrize("text", ["update of 2021", "ndc 2021", "contribution", "2021"])
def test_an_event_is_not_known_by_part_of_a_title(text: str) -> None:
    assert not is_known(RECORD, text)


@pytest.mark.parametrize("inner", ["EV", "REPowerEU", "CO2"])
def test_an_acronym_has_two_capitals_and_no_space(inner: str) -> None:
    assert is_known(RECORD | {"title": f"Plan ({inner})"}, inner)


@pytest.mark.parametrize("inner", ["new", "the EU", "Kenya"])
def test_other_text_in_brackets_is_no_acronym(inner: str) -> None:
    assert not is_known(RECORD | {"title": f"Plan ({inner})"}, inner)


def test_a_text_without_words_is_no_title() -> None:
    assert whole_titles("...") == (TsQuery(), TsQuery())


def test_titles_are_told_from_names() -> None:
    title, other = whole_titles(RECORD["title"])
    vector = TsVector(dict.fromkeys(whole_title_lexemes(RECORD), ()))
    assert (vector.matches(title), vector.matches(other)) == (True, False)
