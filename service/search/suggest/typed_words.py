"""The words of a search that can be misspelled, and those that are names, acronyms or codes."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from schemas.country_names import find_jurisdiction
from service.search.suggest.normalize import LETTERS, spelled_word

#: The most words of a search that are corrected.
MOST_WORDS: Final = 10

#: The shortest word in letters that is corrected. A shorter one is like too many others.
_SHORTEST: Final = 4

#: The most words of the name of a country.
_LONGEST_NAME: Final = 5

#: A sign that joins a word to a code or an address (`HB374`, `u.s.`, `covid_19`), in front of it and behind it.
_CODE_BEFORE: Final = re.compile(r"[\d_]$|\S[@.:]$")
_CODE_BEHIND: Final = re.compile(r"[\d_]|[@.:](?!\s|$)")

#: The characters in front of a word among which its exclusion is looked for.
_LOOK_BEHIND: Final = 200

#: What excludes the word behind it: a hyphen behind a space, NOT, or an open bracket behind one of them.
_EXCLUDED: Final = re.compile(r"(?:^|\s)(?:-|NOT\s+)(?:\([^()]*)?$")


@dataclass(frozen=True, slots=True)
class TypedWord:
    """A word, folded, at its place in the text.

    `is_fixed`: it is an acronym, the name of a country, or too short, and stays as it is. `is_capital`: it begins with
    a capital letter and others do not, as names do. `follows`: only a space or a hyphen is between the word before and
    it.
    """

    start: int
    end: int
    folded: str
    is_fixed: bool
    is_capital: bool
    follows: bool


def typed_words(text: str) -> list[TypedWord]:
    """Return the first required words of a web-search expression, without prefixes (`batter*`) and codes (`HB374`)."""
    matches = list(islice(_required_words(text), MOST_WORDS))
    letters = [match[0] for match in matches]
    are_capitals = any(one.islower() for one in letters)
    folded = [word[1] for one in letters if (word := spelled_word(one))]
    countries = set(_country_places(folded))
    return [
        TypedWord(
            start=match.start(),
            end=match.end(),
            folded=word,
            is_fixed=len(word) < _SHORTEST or place in countries or (are_capitals and match[0].isupper()),
            is_capital=are_capitals and match[0][0].isupper(),
            follows=place > 0 and text[matches[place - 1].end() : match.start()] in (" ", "-"),
        )
        for place, (match, word) in enumerate(zip(matches, folded, strict=True))
    ]


def _required_words(text: str) -> Iterator[re.Match[str]]:
    for letters in LETTERS.finditer(text):
        start, end = letters.span()
        before, behind = text[max(0, start - _LOOK_BEHIND) : start], text[end : end + 2]
        excluded = _EXCLUDED.search(before)
        is_in_code = _CODE_BEFORE.search(before[-2:]) or _CODE_BEHIND.match(behind)
        is_operator = letters[0] in ("OR", "AND", "NOT")
        if not (is_operator or excluded or is_in_code or behind.startswith("*")) and spelled_word(letters[0]):
            yield letters


def _country_places(words: Sequence[str]) -> Iterator[int]:
    """Return the places of words that are the name of a country together."""
    for start in range(len(words)):
        for end in range(start + 1, min(len(words), start + _LONGEST_NAME) + 1):
            if find_jurisdiction(" ".join(words[start:end])):
                yield from range(start, end)
