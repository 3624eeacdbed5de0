"""Blank texts, for the service and for JSON Schema alike."""

import re
import sys
import unicodedata

import pytest

from schemas.blank import is_blank
from schemas.fields import Text

#: Categories whose characters show nothing: white space, format and control characters.
_EMPTY = {"Zs", "Zl", "Zp", "Cf", "Cc"}
#: Format characters that do show a sign: Arabic, Syriac, Kaithi and Egyptian ones.
_SHOWN = {*range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD, *range(0x13430, 0x13440)}


def test_every_character_without_a_sign_is_blank() -> None:
    # The controls of ASCII are refused by name.
    characters = map(chr, range(0x80, sys.maxunicode + 1))
    empty = [one for one in characters if unicodedata.category(one) in _EMPTY]
    assert [f"U+{ord(one):04X}" for one in empty if not is_blank(one) and ord(one) not in _SHOWN] == []


@pytest.mark.parametrize(
    "text", ["", " \t\n", "\u200b", "\u00ad", "\u200b \u2060", "\u3164", "\u2800", "\ufe0f", "\U000e0041"]
)
def test_a_text_of_invisible_characters_is_blank(text: str) -> None:
    assert is_blank(text)


@pytest.mark.parametrize("text", ["a", "\u200ba", " . ", "é", "日", "👩\u200d🚀", "م\u200c", "\u0301", "0"])
def test_a_text_with_a_visible_character_is_not_blank(text: str) -> None:
    assert not is_blank(text)


def test_the_pattern_of_the_schema_refuses_the_same_texts_up_to_u_ffff() -> None:
    field = Text(10)
    pattern = re.compile(field.form["pattern"])
    texts = [chr(code) for code in range(0x10000) if not 0xD800 <= code < 0xE000]
    assert [text for text in texts if (field.error_in(text) is None) != bool(pattern.search(text))] == []
