"""Names of countries in searches."""

import pytest

from service.search.text.countries import country_spans
from service.search.text.query_parser import parse_query


def countries_in(text: str) -> list[tuple[str, str]]:
    """Return the names in a search, each with its code."""
    words = [word.text for group in parse_query(text).required_groups for word in group.words]
    return [(" ".join(words[start:end]), code) for start, end, code in country_spans(words)]


@pytest.mark.parametrize(
    ("text", "countries"),
    [
        ("Japan climate law", [("japan", "JP")]),
        ("UK, US and EU", [("uk", "GB"), ("us", "US"), ("eu", "EU")]),
        ("T\u00fcrkiye or Turkey", [("turkiye", "TR"), ("turkey", "TR")]),
        ("law of the United Kingdom", [("united kingdom", "GB")]),
        ("Republic of Korea plan", [("republic of korea", "KR")]),
        ("emissions in New Zealand", [("new zealand", "NZ")]),
        ("Papua New Guinea", [("papua new guinea", "PG")]),
        ("C\u00f4te d'Ivoire", [("cote d ivoire", "CI")]),
    ],
)
def test_english_names_and_short_forms_are_found(text: str, countries: list[tuple[str, str]]) -> None:
    assert countries_in(text) == countries


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Klimagesetz Frankreich", "FR"),
        ("loi Cor\u00e9e du Sud", "KR"),
        ("ley Estados Unidos", "US"),
        ("\u0437\u0430\u043a\u043e\u043d \u0420\u043e\u0441\u0441\u0438\u044f", "RU"),
        ("\u65e5\u672c\u306e\u6c17\u5019", "JP"),
        ("\u30c9\u30a4\u30c4 \u6cd5\u5f8b", "DE"),
        ("directive UE", "EU"),
    ],
)
def test_names_are_found_in_other_languages(text: str, code: str) -> None:
    assert [one for _, one in countries_in(text)] == [code]


@pytest.mark.parametrize("text", ["AI act", "island energy", "car tax", "in to it", "norra", "of the", ""])
def test_codes_and_words_that_are_also_names_find_none(text: str) -> None:
    assert countries_in(text) == []
