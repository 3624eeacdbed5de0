"""Numbers, and signs that carry a meaning, in one form for all spellings: `1,000,000`, `$500`, `50 per cent`, `C++`."""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

#: The signs of currencies and shares by the words that stand for them, folded.
_SIGN_OF_WORD: Final = {
    word: sign
    for sign, words in {
        "$": "us$ usd dollar dollars",
        "\u20ac": "eur euro euros",
        "\u00a3": "gbp",
        "\u00a5": "jpy cny rmb yen yuan",
        "\u20b9": "inr rupee rupees",
        "\u20a9": "krw won",
        "%": "percent prozent procent prosent pct",
    }.items()
    for word in words.split()
} | dict.fromkeys(("per cent", "pour cent", "por ciento", "por cento", "per cento"), "%")

#: The characters before a number that can be the unit of an amount.
_REACH: Final = 8

_SIGNS: Final = "$\u20ac\u00a3\u00a5\u20b9\u20a9%"
_SCALE: Final = r"(?:hundred|thousand|million|millions|billion|trillion|mio|mrd|mln|bln|mn|bn|tn|m|k)\.?"
_WORDS: Final = "|".join(sorted(map(re.escape, _SIGN_OF_WORD), key=len, reverse=True))
_UNIT_BEFORE: Final = re.compile(
    rf"(?:(?P<word>(?<![^\W_])(?:us\$|usd|eur|gbp|jpy|cny|rmb|inr|krw))|(?P<sign>[{_SIGNS[:-1]}\u00a7]))\s?$",
    re.IGNORECASE,
)
_ENDS_OF_UNITS: Final = frozenset(_SIGNS[:-1] + "\u00a7dDrRpPyYbBwW")
_UNIT_BEHIND: Final = re.compile(
    rf"(?:[\s-]?{_SCALE}(?![^\W_]))?(?:\s?(?P<sign>[{_SIGNS}])|[\s-]?(?P<word>{_WORDS})(?![^\W_]))", re.IGNORECASE
)

#: A number whose digits are grouped by one sign.
_GROUPED: Final = re.compile(r"[1-9]\d{0,2}(?P<sign>[,.' \u2019\u00a0\u202f])\d{3}(?:(?P=sign)\d{3})*(?!\d|[,.]\d{3})")
_SIMPLE: Final = re.compile(r"\d+(?:[.,]\d{1,3})?")

#: A letter or word with signs behind it: `C++`, `C#`, `OPEC+`, `65+`.
_WITH_SIGNS: Final = re.compile(r"(?<![^\W_])(?:[^\W\d_]#|[^\W_]{1,12}\+{1,2})(?![\w+#])")
_MAY_HAVE_SIGNS: Final = re.compile(r"[+#](?!\w)")


class Amount(NamedTuple):
    """A number with a unit, or a word with signs, from the character at `start` to before `end`, and its form."""

    start: int
    end: int
    form: str


def number_at(text: str, start: int, end: int) -> tuple[int, str] | None:
    """Return the end and the digits of the one number from `start` to `end`; None if it is more than one.

    >>> number_at("1,000,000 people", 0, 9)
    (9, '1000000')
    """
    if text[max(0, start - 1) : start] not in (".", ",") and (grouped := _GROUPED.match(text, start)):
        if grouped.end() >= end:
            return grouped.end(), re.sub(r"\D", "", grouped[0])
        return None
    simple = _SIMPLE.match(text, start)
    return (end, simple[0].replace(",", ".")) if simple and simple.end() == end else None


def may_be_amount(text: str, start: int, end: int) -> bool:
    """Return whether digits from `start` to `end`, behind a word, may be those of an amount or a grouped number."""
    return (
        text[start - 2 : start - 1] in _ENDS_OF_UNITS
        or text[end + 1 : end + 2].isdigit()
        or _UNIT_BEHIND.match(text, end) is not None
    )


def amount_at(text: str, start: int, end: int, number: str) -> Amount | None:
    """Return the amount of the `number` from `start` to `end` by the unit before or behind it; None without a unit."""
    before = text[max(0, start - _REACH) : start]
    if before.rstrip()[-1:] in _ENDS_OF_UNITS and (unit := _UNIT_BEFORE.search(before)):
        sign = unit["sign"] or _SIGN_OF_WORD[unit["word"].lower()]
        return Amount(start - len(unit[0]), end, sign + number)
    if behind := _UNIT_BEHIND.match(text, end):
        sign = behind["sign"] or _SIGN_OF_WORD[" ".join(behind["word"].lower().split())]
        return Amount(start, behind.end(), number + sign if sign == "%" else sign + number)
    return None


def signed_words(text: str) -> Iterator[Amount]:
    """Return the words with signs behind them that are part of their meaning."""
    if _MAY_HAVE_SIGNS.search(text):
        yield from (Amount(*word.span(), word[0].lower()) for word in _WITH_SIGNS.finditer(text))
