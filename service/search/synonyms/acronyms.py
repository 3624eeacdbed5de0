"""Acronyms that texts explain: `Nationally Determined Contribution (NDC)` and its variants."""

import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from service.search.text.analyzer import fold

#: The fewest and most letters and digits of an acronym, and the most words that it stands for.
_SHORTEST, _LONGEST, _MOST_WORDS = 2, 10, 12

#: The shortest word that an acronym can stand for by itself, in letters: `photovoltaics (PV)`.
_SHORTEST_ALONE: Final = 8

#: Words that an acronym may leave out.
_MINOR_WORDS = """
a al and as at by da das de del della den der des di die do dos du e el en et for from fur i in la las le les los of on
or os para per por pour sur the to u um und van von with y zu zum zur
"""
_MINOR: Final = frozenset(_MINOR_WORDS.split())

_PARENTHESES: Final = re.compile(r"\(([^()]{2,120})\)")
_ACRONYM: Final = re.compile(r"(?:[A-Z]\.){2,8}|[A-Z][A-Za-z0-9&/-]{1,9}")
_SEVERAL_CAPITALS: Final = re.compile(r"[A-Z].*[A-Z]")
_NUMERAL: Final = re.compile(r"[IVXLC]+")
_WORD: Final = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*")
#: The end of a sentence or of a part of it. A phrase does not go on behind it.
_STOP: Final = re.compile(r"[.;:!?()\[\]\"\u201c\u201d\u2026\n]|\s[-\u2013\u2014]\s")


#: Phrases that give first letters alone come before those that give others as well: `Greenhouse Gas (GHG)`.
_WAYS: Final = (False, True)


class _Word(NamedTuple):
    """A word of a phrase, folded. An acronym may leave out a minor one."""

    folded: str
    is_minor: bool
    start: int
    end: int


class Acronym(NamedTuple):
    """An acronym without dots and plural `s`, and the words that it stands for, in their spelling."""

    short: str
    phrase: str


def find_acronyms(text: str) -> Iterator[Acronym]:
    """Yield the acronyms that a text explains in parentheses, in either order."""
    for part in _PARENTHESES.finditer(text):
        inside = re.split("[,;]", part[1])[0].strip()
        before = _STOP.split(text[max(0, part.start() - 300) : part.start()])[-1]
        if short := _acronym_of(inside):
            behind = _STOP.split(text[part.end() : part.end() + 300])[0]
            phrase = _phrase_at_end(before, short) or _phrase_at_start(behind, short)
        else:
            short = _acronym_of(before.split()[-1] if before.strip() else "")
            phrase = _phrase_at_end(inside, short, whole=True) if short else None
        if short and phrase:
            yield Acronym(short, phrase)


def _acronym_of(token: str) -> str | None:
    """Return a token in its normal form if it can be an acronym; None otherwise."""
    if not _ACRONYM.fullmatch(token):
        return None
    short = token.replace(".", "")
    if short.endswith("s") and short[-2].isupper():
        short = short[:-1]
    if not _SHORTEST <= len(short) <= _LONGEST or not _SEVERAL_CAPITALS.search(short) or _NUMERAL.fullmatch(short):
        return None
    return short


def _phrase_at_end(text: str, short: str, *, whole: bool = False) -> str | None:
    """Return the fewest words at the end of a text that an acronym stands for, or all of them; None if it does not."""
    words = list(_words(text))
    if whole:
        return (
            text
            if len(words) <= _MOST_WORDS and any(_stands_for(short, words, inner=inner) for inner in _WAYS)
            else None
        )
    starts = range(len(words) - 1, max(-1, len(words) - _MOST_WORDS - 1), -1)
    return _first_phrase(text, short, [words[start:] for start in starts if not words[start].is_minor])


def _phrase_at_start(text: str, short: str) -> str | None:
    words = list(_words(text))[:_MOST_WORDS]
    return _first_phrase(text, short, [words[: end + 1] for end in range(len(words)) if not words[end].is_minor])


def _first_phrase(text: str, short: str, phrases: Sequence[Sequence[_Word]]) -> str | None:
    for inner in _WAYS:
        for words in phrases:
            if _stands_for(short, words, inner=inner):
                return " ".join(text[words[0].start : words[-1].end].split())
    return None


def _words(text: str) -> Iterator[_Word]:
    for word in _WORD.finditer(text):
        folded = fold(word[0])
        is_minor = folded in _MINOR or folded.isdigit() or text[: word.start()].endswith(("-", "/"))
        yield _Word(folded, is_minor, word.start(), word.end())


def _stands_for(short: str, words: Sequence[_Word], *, inner: bool) -> bool:
    """Return whether an acronym stands for words, which give their first letters, with `inner` others too."""
    folded = fold(short)
    if not words or words[0].is_minor or folded in (word.folded for word in words):
        return False
    if len(words) == 1 and len(words[0].folded) < _SHORTEST_ALONE:
        return False
    return _match([letter for letter in folded if letter.isalpha()], words, inner=inner)


def _match(letters: Sequence[str], words: Sequence[_Word], *, inner: bool) -> bool:
    """Return whether the words give the letters in order, each the first one at least unless it is minor."""
    if not words or not letters:
        return not letters and all(word.is_minor for word in words)
    [word, *others] = words
    if word.folded[0] == letters[0]:
        place, number = 0, 1
        while True:
            if _match(letters[number:], others, inner=inner):
                return True
            place = word.folded.find(letters[number], place + 1) if inner and number < len(letters) else -1
            if place < 0:
                break
            number += 1
    return word.is_minor and _match(letters, others, inner=inner)
