"""The analyzer of documents and queries: it turns text into folded words."""

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

from service.search.text.hanzi import unify_hanzi

#: A letter that no text has. It marks literal words and tags of languages.
MARK: Final = "\ua78f"

#: The separator of two texts: a word that no text has.
TEXT_END: Final = "\x01"

#: The longest word in characters. A longer run of letters is split.
LONGEST_WORD: Final = 64


def _without_accent(letter: str) -> str:
    """Return a Latin, Greek or Cyrillic letter without its diacritics."""
    if letter in _OWN_LETTERS:
        return _OWN_LETTERS[letter]
    return "".join(part for part in unicodedata.normalize("NFKD", letter) if not "\u0300" <= part <= "\u036f")


#: Letters that Unicode does not decompose, and letters that are not accented ones in their language.
_OWN_LETTERS: Final = {
    "ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "ł": "l", "þ": "th", "\u0131": "i", "ħ": "h",
    "й": "й", "ї": "ї", "ў": "ў",
}  # fmt: skip

_ACCENTED = (range(0xC0, 0x250), range(0x386, 0x400), range(0x400, 0x530), range(0x1E00, 0x2000))
_FOLDED: Final = {
    letter: folded
    for codes in _ACCENTED
    for letter in map(chr, codes)
    if letter.islower() and (folded := _without_accent(letter)) != letter
} | dict.fromkeys(map(chr, range(0x300, 0x370)), "")

#: Scripts without spaces between words, and Hangul, whose particles are written with the word: indexed as bigrams.
_UNSPACED: Final = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u303b\u3040-\u30fa\u30fc-\u30ff\u31f0-\u31ff\u3400-\u9fff"
    "\uac00-\ud7a3\uf900-\ufaff\U00020000-\U0003ffff"
)


def _marks() -> str:
    """Return the combining marks, such as vowel signs, as members of a character class."""
    codes = (code for code in range(0x483, 0xAC00) if unicodedata.category(chr(code))[0] == "M")
    spans: list[list[int]] = []
    for code in codes:
        if spans and spans[-1][1] == code - 1:
            spans[-1][1] = code
        else:
            spans.append([code, code])
    return "".join(f"{chr(first)}-{chr(last)}" for first, last in spans)


_ACCENT: Final = re.compile(f"[{''.join(_FOLDED)}]")
_MAY_HAVE_MARKS: Final = re.compile("[\u0483-\u1cff\ua66f-\uabff]")
#: A character of a script that becomes bigrams.
HAS_UNSPACED: Final = re.compile(f"[{_UNSPACED}]")
#: Letters before the digits that end a word are a word: `CO2` is `co 2`, and codes are found whole besides.
_BEFORE_DIGITS: Final = rf"[^\W\d_]{{1,{LONGEST_WORD}}}+(?=\d+(?!\w))"
_WORD: Final = re.compile(rf"{_BEFORE_DIGITS}|[\w{TEXT_END}]{{1,{LONGEST_WORD}}}")
#: A word with vowel signs. The search takes four times as long.
WORD: Final = re.compile(rf"{_BEFORE_DIGITS}|[\w{TEXT_END}{_marks()}]{{1,{LONGEST_WORD}}}")
_RUN: Final = re.compile(f"([{_UNSPACED}]+)")
_BROKEN_LINE: Final = re.compile(f"(?<=[{_UNSPACED}])[ \t]*\r?\n[ \t]*(?=[{_UNSPACED}])")
_POSSESSIVE: Final = re.compile(r"'s\b")

#: Single letters with dots between them. They are rare, and a dot before a letter is faster to find.
INITIALS: Final = r"(?<![^\W_])[^\W\d_](?:\.[^\W\d_](?![^\W_]))+"
_INITIALS: Final = re.compile(INITIALS)
_DOT_BEFORE_LETTER: Final = re.compile(r"\.[^\W\d_](?![^\W_])")

#: Characters that are not seen: soft hyphens, joiners, and marks of direction and variation.
INVISIBLE: Final = (
    "\u00ad\u034f\u061c\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\U000e0000-\U000e0fff"
)
_INVISIBLE: Final = re.compile(f"\u00ad[ \t]*\r?\n[ \t]*|[{INVISIBLE}]+")
_APOSTROPHE: Final = re.compile("[\u2018\u2019\u201b\u02b9\u02bb-\u02bf\u02c8\u2032\u00b4\ua78c\uff07]")


def unify_signs(text: str) -> str:
    """Return the text in NFKC, with one sign for all apostrophes and without invisible characters."""
    if text.isascii():
        return text
    return unicodedata.normalize("NFKC", _APOSTROPHE.sub("'", _INVISIBLE.sub("", text)))


def fold(text: str) -> str:
    """Return the text in its normal form: as `unify_signs` has it, small letters, no accents, simplified characters."""
    if text.isascii():
        return text.lower()
    lower = unify_signs(text).lower().replace(MARK, " ")
    folded = unicodedata.normalize("NFC", _ACCENT.sub(lambda letter: _FOLDED[letter[0]], lower))
    return unify_hanzi(folded) if HAS_UNSPACED.search(folded) else folded


def plain_words(folded: str) -> list[str]:
    """Return the words of a folded text in order, those of scripts without spaces as bigrams, and `u.s.` as `us`."""
    if "." in folded and _DOT_BEFORE_LETTER.search(folded):
        folded = _INITIALS.sub(lambda initials: initials[0].replace(".", ""), folded)
    if "'s" in folded:
        folded = _POSSESSIVE.sub(" ", folded)
    folded = folded.replace("_", " ")
    if folded.isascii() or not HAS_UNSPACED.search(folded):
        return _spaced_words(folded)
    folded = _BROKEN_LINE.sub("", folded)
    return [word for piece in _RUN.split(folded) for word in _pieces(piece)]


def _pieces(piece: str) -> Iterator[str]:
    if _RUN.match(piece):
        yield from bigrams(piece)
        yield piece[-1]  # every character begins a word, so that a search for one character finds it
    else:
        yield from _spaced_words(piece)


def _spaced_words(text: str) -> list[str]:
    return (WORD if not text.isascii() and _MAY_HAVE_MARKS.search(text) else _WORD).findall(text)


def script_runs(folded: str) -> list[str]:
    """Return a folded text in parts, each of scripts with spaces or of scripts without; none is blank."""
    text = _BROKEN_LINE.sub("", folded)
    return [part for part in _RUN.split(text) if not part.isspace() and part]


def is_unspaced(word: str) -> bool:
    """Return whether a word is of a script that becomes bigrams."""
    return _RUN.fullmatch(word) is not None


def bigrams(run: str) -> list[str]:
    """Return each pair of adjacent characters."""
    return [run[start : start + 2] for start in range(len(run) - 1)]
