"""Titles of two events compared word by word: the words that they share, and those that only one of them has."""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import accumulate, groupby
from typing import Final

from schemas.codes import jurisdictions
from service.search.text.analyzer import fold, is_unspaced, plain_words, script_runs

#: Letters and digits are words of their own, so that `HB374` is `HB 374`.
_PART: Final = re.compile(r"[^\W\d]+|\d+")
_YEAR: Final = re.compile(r"(?:19|20)\d\d")

#: Letters that two forms of a word have in common at least, and letters of their endings at most.
_STEM, _ENDING = 5, 3
#: Letters of a word at least in which one may be another or missing: `organisation`, `organization`.
_LONG_WORD: Final = 7

#: The most words of two titles that are compared letter by letter. Titles with more words of their own are different.
_MOST_LONE: Final = 16

#: The fewest digits of a number that alone identifies a document, unless they are a year; and beside a year.
_LONG_NUMBER, _SHORT_NUMBER = 3, 2

#: The shortest abbreviation in letters: two are the initials of too many titles.
_SHORTEST_ABBREVIATION: Final = 3

#: The shortest and the longest code in characters, such as `hb374`, and the most words and numbers in it.
_SHORTEST_CODE, _LONGEST_CODE, _MOST_PARTS = 5, 40, 4


def title_words(title: str) -> list[str]:
    """Return the words and numbers of a title in order, folded; numbers without leading zeros."""
    runs = groupby(script_runs(fold(title)), key=is_unspaced)
    texts = (("" if unspaced else " ").join(several) for unspaced, several in runs)  # no space divides unspaced words
    return [part for text in texts for word in plain_words(text) for part in word_parts(word)]


def word_parts(word: str) -> list[str]:
    """Return the words and numbers in a folded word: `hb` and `374` in `hb374`."""
    if word.isalpha():
        return [word]
    return [part.lstrip("0") or "0" if part.isdigit() else part for part in _PART.findall(word)]


@lru_cache(maxsize=256)  # the words of a new title are compared with those of each candidate
def distinct_words(title: str) -> tuple[str, ...]:
    """Return the words and numbers of a title, each once, in order."""
    return tuple(dict.fromkeys(title_words(title)))


def is_year(word: str) -> bool:
    """Return whether a word of a title is a year."""
    return _YEAR.fullmatch(word) is not None


def identifying_numbers(words: Collection[str]) -> set[str]:
    """Return the numbers that hardly two documents of a country share: `9366`, and `62` of `62/2009`."""
    shortest = _SHORT_NUMBER if any(map(is_year, words)) else _LONG_NUMBER
    return {word for word in words if word.isdigit() and len(word) >= shortest and not is_year(word)}


def has_code(title: str, code: str) -> bool:
    """Return whether adjacent words and numbers of a title are a code without signs: `com2023160`."""
    words = distinct_words(title)
    starts = (start for start, word in enumerate(words) if code.startswith(word))
    return any(code in accumulate(words[start : start + _MOST_PARTS]) for start in starts)


def code_of_id(value: str) -> str | None:
    """Return the code, without signs, that an external id is; None if it is a name or a mere key."""
    words = title_words(value) if len(value) <= _LONGEST_CODE else []
    code = "".join(words)
    return code if len(words) <= _MOST_PARTS and len(code) >= _SHORTEST_CODE and not code.isalpha() else None


@dataclass(frozen=True)
class TitleComparison:
    """The words of two titles that count: those that both have, in some form, and those of one alone."""

    shared: frozenset[str]
    ours: frozenset[str]
    theirs: frozenset[str]

    @property
    def likeness(self) -> float:
        """The share of their words that both have, from 0 to 1 (Dice)."""
        common = 2 * len(self.shared)
        return common / (common + len(self.ours) + len(self.theirs)) if common else 0.0

    @property
    def is_same(self) -> bool:
        """Whether none has a word of its own."""
        return bool(self.shared) and not self.ours and not self.theirs

    @property
    def differs_in_number(self) -> bool:
        """Whether each has a year that the other one lacks, or a number: of another bill, edition or part."""
        return bool(_kinds_of_numbers(self.ours) & _kinds_of_numbers(self.theirs))

    @property
    def lone_words(self) -> frozenset[str]:
        """The words of one alone that are no numbers."""
        return frozenset(word for word in self.ours | self.theirs if not word.isdigit())


def compare_titles(ours: str, theirs: str, *, implied: Collection[str] = ()) -> TitleComparison:
    """Return the comparison of two titles.

    The words `implied`, such as function words and the name of the country, do not count unless a title has no others.
    An abbreviation counts for the words whose initials it has.
    """
    both = one, other = [_without(distinct_words(title), implied) for title in (ours, theirs)]
    common = set(one) & set(other)
    rest, others = set(one) - common, set(other) - common
    forms = _forms(rest, others)
    initials = ["".join(word[0] for word in words if not word.isdigit()) for words in both]
    return TitleComparison(
        shared=frozenset(common | forms.keys()),
        ours=frozenset(_full_words(rest - forms.keys(), initials)),
        theirs=frozenset(_full_words(others - set(forms.values()), initials)),
    )


def _forms(ours: set[str], theirs: set[str]) -> dict[str, str]:
    """Return the words that have another form or spelling in the other title, with that form."""
    forms: dict[str, str] = {}
    if not ours or not theirs or len(ours) + len(theirs) > _MOST_LONE:
        return forms
    by_letter: dict[str, list[str]] = {}
    for word in sorted(theirs):
        by_letter.setdefault(word[0], []).append(word)
    for word in sorted(ours):
        candidates = by_letter.get(word[0], [])
        if form := next((candidate for candidate in candidates if _is_form(word, candidate)), None):
            candidates.remove(form)
            forms[word] = form
    return forms


def _kinds_of_numbers(words: Iterable[str]) -> set[bool]:
    """Return whether numbers are years, for each number among the words."""
    return {is_year(word) for word in words if word.isdigit()}


def _without(words: Sequence[str], implied: Collection[str]) -> Sequence[str]:
    return [word for word in words if word not in implied] or words


def _full_words(words: Iterable[str], initials: Iterable[str]) -> Iterator[str]:
    """Return the words that are no abbreviation by some of the initials."""
    return (
        word for word in words if len(word) < _SHORTEST_ABBREVIATION or not any(word in letters for letters in initials)
    )


def _is_form(one: str, other: str) -> bool:
    """Return whether two words are forms or spellings of one word. Numbers and names of countries are not."""
    shorter, longer = sorted((one, other), key=len)
    if one.isdigit() or other.isdigit() or is_unspaced(one) or {one, other} <= _country_words():
        return False
    if longer in {shorter + ending for ending in ("s", "es", "e", "n", "en")} and len(shorter) >= _STEM - 1:
        return True
    common = sum(1 for _ in _common_prefix(one, other))
    if common >= _STEM and len(longer) - common <= _ENDING:
        return True
    return len(shorter) >= _LONG_WORD and _is_one_edit(shorter, longer, common)


def _common_prefix(one: str, other: str) -> Iterator[str]:
    for mine, yours in zip(one, other, strict=False):
        if mine != yours:
            return
        yield mine


def _is_one_edit(shorter: str, longer: str, common: int) -> bool:
    """Return whether the words differ in one letter, or in one that the shorter one lacks."""
    rest = shorter[common + 1 :] if len(shorter) == len(longer) else shorter[common:]
    return len(longer) - len(shorter) <= 1 and rest == longer[common + 1 :]


@cache
def _country_words() -> frozenset[str]:
    """Return the words of the names of countries: Niger is no form of Nigeria."""
    return frozenset(word for name in jurisdictions().values() for word in title_words(name))
