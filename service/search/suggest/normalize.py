"""Names and words folded for comparison: in one case and without accents."""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from service.store.search.tsquery import Lexeme, TsQuery

#: The most characters of a name, its most words, and the most prefixes inside words of scripts without spaces.
_MOST_CHARACTERS, _MOST_NAME_WORDS, _MOST_INSIDE = 300, 40, 30

#: The shortest and the longest word of the vocabulary, in letters.
_SHORTEST, _LONGEST = 2, 40

#: The words whose folded forms are cached, since most words of a text are in other texts, too.
_CACHED = 65_536

_WORD: Final = re.compile(r"\w+")
#: Letters with their combining marks; no digits.
LETTERS: Final = re.compile("[^\\W\\d_](?:[^\\W\\d_]|[\u0300-\u036f])*")

#: Scripts without spaces, in which the text of a user can begin inside a run of letters.
_UNSPACED: Final = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\U00020000-\U0003ffff]+"
)


def fold_name(text: str) -> str:
    """Return the words of a text in one case and without accents, separated by spaces."""
    return " ".join(_words(text))


def name_words(text: str) -> list[str]:
    """Return the words by whose prefixes a name is found."""
    words = _words(text)
    inside = [run[begin:] for word in words for run in _UNSPACED.findall(word) for begin in range(len(run))]
    return list(dict.fromkeys([*words, *inside[:_MOST_INSIDE]]))


def prefix_query(text: str) -> TsQuery:
    """Return the query for names with words that have the words of the text as prefixes."""
    return TsQuery.all(Lexeme(word, begins=True) for word in _words(text))


def spelled_words(text: str) -> Iterator[tuple[str, str]]:
    """Return each word of a text for the vocabulary, in small letters and folded."""
    for letters in LETTERS.finditer(text):
        if (word := spelled_word(letters[0])) is not None:
            yield word


@lru_cache(_CACHED)
def spelled_word(letters: str) -> tuple[str, str] | None:
    """Return a word in small letters and folded; None if it is too short, too long or of a script without spaces."""
    word = unicodedata.normalize("NFKC", letters).lower()
    if not _SHORTEST <= len(word) <= _LONGEST or _UNSPACED.search(word):
        return None
    return word, fold_name(word).replace(" ", "")


def _words(text: str) -> list[str]:
    decomposed = unicodedata.normalize("NFKD", text[:_MOST_CHARACTERS]).casefold()
    plain = "".join(char for char in decomposed if not unicodedata.combining(char))
    return _WORD.findall(unicodedata.normalize("NFC", plain))[:_MOST_NAME_WORDS]
