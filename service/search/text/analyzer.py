"""The analyzer of documents and queries: it turns text into folded words and codes."""

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

#: A letter that no text has. It joins the parts of a code, and marks literal words and tags of languages.
MARK: Final = "\ua78f"

#: The separator of two texts: a word that no text has.
TEXT_END: Final = "\x01"

#: The longest word in characters. A longer run of letters is split.
LONGEST_WORD: Final = 64

#: The longest code in characters, and its most parts: longer ones are addresses.
_LONGEST_CODE, _MOST_PARTS = 40, 6


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
_WORD: Final = re.compile(rf"[\w{TEXT_END}]{{1,{LONGEST_WORD}}}")
#: A word with vowel signs. The search takes four times as long.
WORD: Final = re.compile(rf"[\w{TEXT_END}{_marks()}]{{1,{LONGEST_WORD}}}")
_RUN: Final = re.compile(f"([{_UNSPACED}]+)")
_BROKEN_LINE: Final = re.compile(f"(?<=[{_UNSPACED}])[ \t]*\r?\n[ \t]*(?=[{_UNSPACED}])")
_POSSESSIVE: Final = re.compile(r"['\u2019]s\b")
#: It begins at the beginning of a word and is possessive, so that a long word is read once, not once for each letter.
_CODE: Final = re.compile(r"(?<![^\W_])[^\W_]++(?:[-.:/_()&@+]{1,2}[^\W_]++)+")
#: A sign in a code. Hyphens alone do not make a code.
_SIGN_WITHIN: Final = re.compile(r"(?<=\w)[.:/()&@+](?=[-.:/()&@+]?\w)")
_SIGNS: Final = re.compile(r"[^\w]|_")
_ACRONYM: Final = re.compile(r"[^\W\d_](?:\.[^\W\d_])+")


def fold(text: str) -> str:
    """Return the text in its normal form: NFKC, small letters, no accents."""
    if text.isascii():
        return text.lower()
    lower = unicodedata.normalize("NFKC", text).lower().replace(MARK, " ")
    return unicodedata.normalize("NFC", _ACCENT.sub(lambda letter: _FOLDED[letter[0]], lower))


def plain_words(folded: str) -> list[str]:
    """Return the words of a folded text in order, those of scripts without spaces as bigrams."""
    if "\u2019s" in folded or "'s" in folded:
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


def codes(folded: str) -> Iterator[str]:
    """Return the codes in a folded text, each as one word: `com(2023)160`, `2024/1252`, `asp.net`, `u.s.`."""
    end = 0
    for sign in _SIGN_WITHIN.finditer(folded):
        if sign.start() < end:
            continue
        end = folded.find(" ", sign.start()) + 1 or len(folded) + 1
        for chunk in folded[folded.rfind(" ", 0, sign.start()) + 1 : end - 1].split():
            for candidate in _CODE.finditer(chunk):
                if code := code_of(candidate[0]):
                    yield code


def code_of(chunk: str) -> str | None:
    """Return the one word for `chunk` if it is a code; None if it is words with hyphens or slashes between them."""
    if _ACRONYM.fullmatch(chunk):
        return chunk.replace(".", "")
    parts = [part for part in _SIGNS.split(chunk) if part]
    signs = {sign for sign in chunk if _SIGNS.match(sign)}
    is_code = signs == {"."} or (signs - {"-"} and any(part.isdigit() for part in parts))
    if not is_code or not 1 < len(parts) <= _MOST_PARTS or len(chunk) > _LONGEST_CODE or HAS_UNSPACED.search(chunk):
        return None
    return MARK.join(parts)
