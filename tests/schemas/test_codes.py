"""Standard codes."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.codes import currencies, is_language, jurisdictions

steadily = settings(derandomize=True, deadline=None, max_examples=200)


def test_jurisdictions_are_those_of_iso_3166_1_with_the_eu_and_kosovo() -> None:
    assert len(jurisdictions()) == 249 + 2
    assert {code: jurisdictions()[code] for code in ("JP", "EU", "XK", "TW", "KR", "BO")} == {
        "JP": "Japan",
        "EU": "European Union",
        "XK": "Kosovo",
        "TW": "Taiwan",
        "KR": "South Korea",
        "BO": "Bolivia",
    }
    assert list(jurisdictions()) == sorted(jurisdictions())


@pytest.mark.parametrize("code", ["UK", "EL", "AN", "SU", "YU", "ZZ", "JPN", "jp", ""])
def test_an_unassigned_code_is_no_jurisdiction(code: str) -> None:
    assert code not in jurisdictions()


def test_currencies_are_those_of_iso_4217_in_capitals() -> None:
    assert {"EUR", "JPY", "USD", "CNY", "XAU"} <= currencies()
    assert not {"eur", "EU", "DEM", "BTC", ""} & currencies()


@pytest.mark.parametrize(
    "tag", ["en", "en-GB", "zh-Hant", "zh-Hant-TW", "de-AT-1996", "sr-Latn-RS", "es-419", "x-private", "EN-gb", "und"]
)
def test_a_registered_tag_is_a_language(tag: str) -> None:
    assert is_language(tag)


@pytest.mark.parametrize(
    "tag",
    ["", "english", "en_GB", "en-", "-en", "e", "en-XYZW9", "xx", "zh-Abcd", "en-GB-GB", "en GB", "日本語", "en\n"],
)
def test_an_unregistered_tag_is_no_language(tag: str) -> None:
    assert not is_language(tag)


@steadily
@given(st.text(max_size=36) | st.text("aenzhGBX-_1 ", max_size=36))
def test_any_text_is_a_language_or_not(text: str) -> None:
    assert is_language(text) in (True, False)
