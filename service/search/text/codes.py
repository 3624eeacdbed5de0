"""Codes in a text, such as numbers of bills and documents, standards and formulas: one form for all their spellings.

`HB374`, `HB 374`, `H.B. 374` and `HB-374` are `hb374`; `COM(2023) 160` and `COM/2023/160` are `com2023/160`. Letters
and digits are joined, and a slash stands between two numbers, so that `HB 37 4` is not `HB 374`.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import chain, pairwise
from typing import Final, NamedTuple

from service.search.text.amounts import amount_at, may_be_amount, number_at, signed_words

#: The character that holds a code together while a search is split at its spaces.
JOINER: Final = "\x02"

#: The longest code in characters, and its most parts: longer ones are addresses.
_LONGEST_CODE, _MOST_PARTS = 40, 6

#: The most letters before the numbers of a code. Longer ones are words: `section 3`.
_MOST_LETTERS: Final = 5

#: The digits of a number above which its spaces are certain.
_A_MILLION: Final = 6

#: The characters before a number that can be part of its code.
_REACH: Final = 32

#: Words that often precede a number without being part of a code.
_BEFORE_NUMBERS: Final = (
    "a about above after ago all and any are art as at be below both but by each for from had has have if in into"
    " is it its first last least less max min more most near next no nos nr of off on only or our out over page"
    " pages past per since some than that the their then this those till to top under until up upon was were when"
    " which who with within years year day days age aged jan feb mar march april apr may june jun july jul aug"
    " sept sep oct nov dec au aux avec ce ces dans de des du en et il la le les mai mars ou par pour sur un une"
    " vers al con da dal dei del della di do dos el entre hasta las los os para por su una y am auf aus bei bis"
    " das dem den der die im ist juli juni mit oder um und vom von vor zu zum zur aan door een het met naar op te"
    " tot uit van voor att av det fra han med och og om pa som til"
)
_NO_PREFIXES: Final = frozenset(_BEFORE_NUMBERS.split())

#: Words before an apostrophe in Romance languages, and behind one in English, which are words of their own.
_ROMANCE: Final = "l d j m n s t c qu un all dell nell dall sull degl jusqu lorsqu puisqu"
_ELISIONS: Final = frozenset(_ROMANCE.split())
_CONTRACTIONS: Final = frozenset(("s", "t", "d", "m", "re", "ve", "ll"))

#: Countries and bodies whose short names precede numbers that are no codes of theirs.
_NAMES: Final = frozenset(
    ("ai", "asean", "eu", "gdp", "imf", "nato", "oecd", "uae", "uk", "un", "us", "usa", "who", "wto")
)

#: Prefixes of codes that a search may have in small letters with a space behind them.
_PREFIXES: Final = frozenset(("aca", "acr", "ajr", "com", "cop", "covid", "iec", "ieee", "iso", "join", "lei", "sec"))

#: Series of documents by year and number, which are also written `COM 2023 160`.
_SERIES: Final = frozenset(("com", "join", "sec", "swd"))

_L: Final = r"[^\W\d_]"
_BEFORE: Final = r"(?<![^\W_])"
_AFTER: Final = r"(?![^\W_])"
_DASH: Final = r"\-\u2010\u2011\u2013"

#: Numbers with what joins them: `2024/1252`, `14001:2015`, `2013/34/EU`, `19.8`, `3-D`.
_NUMBERS: Final = re.compile(
    rf"\d+(?:(?:[{_DASH}./:_()\u2044\u00b7]{{1,2}}|,(?=\d{{1,3}}(?!\d)))\d+|(?<={_L})\d+"
    rf"|[./(]{_L}{{1,4}}(?!{_L})|[{_DASH}]?{_L}{{1,2}}(?!{_L}))*+"
)

#: The letters before numbers that may be part of their code, and what is between: `HB `, `H.B. No. `, `covid-`, `com(`.
#: Backwards, so that it is matched where the numbers begin and not searched for.
_LEAD: Final = re.compile(
    rf"(?P<gap> ?\.?(?:on|rn|\u00b0n)(?: \.?|\.)| \.?|\( \.?|[{_DASH}]\.|[{_DASH}./:_&+(]?)"
    rf"(?P<letters>(?:{_L} ?\.)+{_L}|{_L}{{1,{_MOST_LETTERS}}})(?!['\u2019]|[^\W_])",
    re.IGNORECASE,
)

#: The number behind a year in brackets, or behind a space.
_IN_YEAR: Final = re.compile(r"(?P<bracket>\))? ?(?P<number>\d{1,5})(?!\d)")

#: The first of two bodies that publish a standard together, which counts for each of them: `ISO/IEC 27001`.
_JOINT: Final = re.compile(rf"{_BEFORE}(?P<first>astm|bs|cen|din|en|iec|ieee|iso|itu)[/ -]$", re.IGNORECASE)

_INITIALS: Final = re.compile(rf"{_BEFORE}{_L}(?:\. ?{_L}{_AFTER})+")
_AMPERSAND: Final = re.compile(rf"{_BEFORE}{_L}{{1,3}}(?:[&+]{_L}{{1,3}})+{_AFTER}|{_BEFORE}{_L} & {_L}{_AFTER}")
_MAY_JOIN_LETTERS: Final = re.compile(rf"\.(?= ?{_L}{_AFTER})|[&+](?= ?{_L})")
_FEW_LETTERS_BEFORE: Final = re.compile(rf"{_BEFORE}{_L}{{1,3}} ?$")
_BEHIND_APOSTROPHE: Final = re.compile(rf"'(?!s{_AFTER})({_L}+){_AFTER}")
_LETTERS_BEFORE: Final = re.compile(rf"{_BEFORE}{_L}+$")
_PART: Final = re.compile(rf"{_L}+|\d+")
_YEAR: Final = re.compile(r"(?:19|20)\d\d")
_YEAR_AND_NUMBER: Final = re.compile(r"((?:19|20)\d\d)(\d{1,4})")
_IN_ADDRESS: Final = re.compile(r"//|www\.|[@=]")


class Code(NamedTuple):
    """A code from the character at `start` to the one before `end`: its form, and forms by which it is found as well.

    With `certain` its spaces belong to it; without, they may as well stand between two words of a search.
    """

    start: int
    end: int
    form: str
    others: tuple[str, ...] = ()
    certain: bool = True


def codes_in(text: str) -> Iterator[Code]:
    """Return the codes in a text, which may be folded; letters in capitals make the code of a search certain."""
    yield from _numbers(text)
    yield from _letters(text)
    yield from _apostrophes(text)
    yield from (Code(*word) for word in signed_words(text))


def code_of(word: str) -> Code | None:
    """Return the code that a text is; None if it is words with hyphens or slashes between them."""
    spaced = word.replace(JOINER, " ")
    return next((code for code in codes_in(spaced) if code.start == 0 and code.end == len(spaced)), None)


def join_codes(text: str) -> str:
    """Return a search with JOINER instead of each space inside a code."""
    for code in codes_in(text):
        if code.certain:
            text = text[: code.start] + text[code.start : code.end].replace(" ", JOINER) + text[code.end :]
    return text


def _letters(text: str) -> Iterator[Code]:
    """Return the codes of letters with `&` or `+`, `R&D`, and of single letters with dots and spaces, `U. S.`.

    Without spaces they are one word already.
    """
    last = 0
    for sign in _MAY_JOIN_LETTERS.finditer(text):
        before = _FEW_LETTERS_BEFORE.search(text[max(0, sign.start() - 5) : sign.start()])
        start = sign.start() - len(before[0]) if before else -1
        if start < last:
            continue
        pattern = _INITIALS if sign[0] == "." else _AMPERSAND
        if code := pattern.match(text, start):
            last = code.end()
            if " " in code[0] or "." not in code[0]:
                yield Code(start, last, re.sub(r"[. ]", "", code[0]).lower())


def _apostrophes(text: str) -> Iterator[Code]:
    """Return the names with an apostrophe inside, which are also written without: `O'Brien`, `Hawai'i`."""
    for behind in _BEHIND_APOSTROPHE.finditer(text):
        before = _LETTERS_BEFORE.search(text[max(0, behind.start() - _REACH) : behind.start()])
        if before and before[0].lower() not in _ELISIONS and behind[1].lower() not in _CONTRACTIONS:
            yield Code(behind.start() - len(before[0]), behind.end(), f"{before[0]}{behind[1]}".lower())


def _numbers(text: str) -> Iterator[Code]:
    """Return the codes with numbers, and amounts."""
    last = 0
    for numbers in _NUMBERS.finditer(text):
        start, end = numbers.span()
        if start < last or end - start > _LONGEST_CODE:
            continue
        before = text[max(0, start - _REACH) : start]
        if _is_alone(numbers[0], before) and not may_be_amount(text, start, end):
            continue
        if _is_in_address(before, text[end : end + 1]):
            continue
        parts = _PART.findall(numbers[0])
        if number := number_at(text, start, end):
            end, parts = number[0], [number[1]]
        last = end
        if len(parts) <= _MOST_PARTS:
            yield from _codes_at(text, start, end, parts, before)


def _is_alone(numbers: str, before: str) -> bool:
    """Return whether numbers are digits behind a word and a space, as most are."""
    if before[-1:] != " " or not numbers.isdigit():
        return False
    word = before[-_MOST_LETTERS - 2 : -1]
    return (len(word) > _MOST_LETTERS and word.isalpha()) or word.rpartition(" ")[2].lower() in _NO_PREFIXES


def _is_in_address(before: str, behind: str) -> bool:
    return behind == "@" or (before[-1:] != " " and _IN_ADDRESS.search(before.rpartition(" ")[2]) is not None)


def _codes_at(text: str, start: int, end: int, parts: list[str], before: str) -> Iterator[Code]:
    """Return the codes that the numbers from `start` to `end` are, with the letters or the unit beside them."""
    if amount := amount_at(text, start, end, parts[0] if len(parts) == 1 else _join(parts)):
        yield Code(*amount)
    elif (lead := _LEAD.match(before[::-1])) and (code := _led(text, lead, start, end, parts)):
        yield code
        if code.others:
            return
    if len(parts) == 1 and not text[start:end].isdigit():
        yield Code(start, end, parts[0], certain=len(parts[0]) > _A_MILLION or parts[0].endswith("000"))
    elif len(parts) > 1 and not text[start:end].isalnum():
        yield Code(start, end, _join(parts), _shorter(parts))


def _led(text: str, lead: re.Match[str], start: int, end: int, parts: list[str]) -> Code | None:
    """Return the code of letters and the numbers from `start` to `end`; None if the letters are a word of their own."""
    typed, gap = re.sub(r"[. ]", "", lead["letters"])[::-1], lead["gap"][::-1]
    letters = typed.lower()
    opens = gap.endswith("(")
    if len(parts) == 1 and (opens or letters in _SERIES) and _YEAR.fullmatch(parts[0]):
        number = _IN_YEAR.match(text, end)
        if number and bool(number["bracket"]) == opens:
            parts, end = [*parts, number["number"]], number.end()
    if not gap and letters in _SERIES and len(parts) == 1 and (both := _YEAR_AND_NUMBER.fullmatch(parts[0])):
        parts = [both[1], both[2]]
    if letters in _NO_PREFIXES or (len(parts) == 1 and gap.endswith(" (")):
        return None
    if len(parts) == 1 and _YEAR.fullmatch(parts[0]) and "." not in lead["letters"] and not _is_series(letters):
        return None
    parts = [part.lstrip("0") or "0" if part.isdigit() else part for part in parts]
    first = start - len(lead[0])
    heads = [letters]
    if joint := _JOINT.search(text[max(0, first - 5) : first]):
        heads.append(joint["first"].lower())
    forms = [head + form for head in heads for form in (_join(parts), *_heading(parts))]
    tails = [_join(parts), *_shorter(parts)] if sum(map(str.isdigit, parts)) > 1 else []
    certain = " " not in lead[0] or "." in lead["letters"] or _is_certain(typed)
    return Code(first, end, forms[0], tuple(dict.fromkeys([*forms[1:], *tails])), certain)


def _is_series(letters: str) -> bool:
    """Return whether letters are an abbreviation without vowels, as those of bills are."""
    return letters not in _NAMES and not re.search("[aeiouy]", letters)


def _is_certain(typed: str) -> bool:
    """Return whether letters that a search has before a number with a space are the prefix of a code."""
    letters = typed.lower()
    if letters in _NAMES:
        return False
    return typed.isupper() or letters in _PREFIXES or len(letters) <= 2 or _is_series(letters)  # noqa: PLR2004


def _join(parts: Sequence[str]) -> str:
    """Return parts as one form, with a slash between two numbers, which are without leading zeros."""
    plain = [part.lstrip("0") or "0" if part.isdigit() and len(parts) > 1 else part.lower() for part in parts]
    signs = ("/" if one.isdigit() and other.isdigit() else "" for one, other in pairwise(plain))
    return "".join(chain.from_iterable(zip(plain, [*signs, ""], strict=True)))


def _shorter(parts: Sequence[str]) -> tuple[str, ...]:
    """Return the form of numbers without the letters behind them: `2013/34/EU` is `2013/34` as well."""
    return (_join(parts[:-1]),) if len(parts) > 2 and parts[-1].isalpha() else ()  # noqa: PLR2004


def _heading(parts: Sequence[str]) -> tuple[str, ...]:
    """Return the first of several numbers: `ISO 14001:2015` is `iso14001` as well. A year alone names nothing."""
    return (_join(parts[:1]),) if len(parts) > 1 and not _YEAR.fullmatch(parts[0]) else ()
